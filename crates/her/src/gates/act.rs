//! What is done when a gate says so. Each kind of it may be done twice without harm, since a server
//! that ends in the middle does it again.

use std::sync::{Arc, Mutex, PoisonError};

use her_gate::placement::{Ask, NoChoice, Node, Planner};
use her_gate::rule::Leave;
use her_gate::{Action, Outcome, To, Why};
use her_identity::{Error, ErrorKind, House, Result};
use serde_json::{Value, json};

use super::departures::{Departure, Departures};
use super::notify;
use crate::locks::audit::{self, Deed};

/// One thing to do.
pub(super) struct Job {
    pub house: Arc<House>,
    pub departures: Arc<dyn Departures>,
    pub planner: Arc<Mutex<Planner>>,
    /// This node as it is.
    pub home: Node,
    pub gate: String,
    pub identity: String,
    pub action: Action,
    /// The decision, as it was written down.
    pub decision: Value,
    pub at_ms: u64,
}

/// Does it, and writes that into the audit log.
pub(super) fn run(job: &Job) -> Outcome {
    let before = job.house.head(&job.identity).ok().map(|head| head.seq);
    let outcome = match &job.action {
        Action::Freeze => freeze(job),
        Action::Fork { name } => fork(job, name),
        Action::Notify { url } => notify(job, url),
        Action::Migrate { to, choose, leave } => migrate(job, (to, *choose), *leave),
    };
    let (done, note) = match &outcome {
        Outcome::Done(note) => ("done".to_owned(), note.clone()),
        Outcome::Failed(why, note) => (format!("failed: {}", why.name()), Some(note.clone())),
    };
    let deed = Deed {
        by: format!("gate {}", job.gate),
        what: job.action.name().into(),
        identity: Some(job.identity.clone()),
        before,
        after: job.house.head(&job.identity).ok().map(|head| head.seq),
        note,
        outcome: done,
        ..Deed::default()
    };
    match audit::append(job.house.dir(), job.house.clock().now_ms(), &deed) {
        Ok(()) => outcome,
        Err(e) => match outcome {
            Outcome::Done(_) => {
                let told = format!("it was done, but the audit log could not be written: {e}");
                Outcome::Done(Some(told))
            }
            failed @ Outcome::Failed(..) => failed,
        },
    }
}

fn failed(error: &Error) -> Outcome {
    let why = if error.kind == ErrorKind::Busy { Why::Busy } else { Why::Failed };
    Outcome::Failed(why, error.message.clone())
}

fn freeze(job: &Job) -> Outcome {
    match job.house.freeze(&job.identity) {
        Ok(version) => Outcome::Done(Some(format!("frozen at version {version}"))),
        Err(e) if e.kind == ErrorKind::Frozen => Outcome::Done(Some("it is frozen already".into())),
        Err(e) => failed(&e),
    }
}

fn fork(job: &Job, name: &str) -> Outcome {
    let forked = || -> Result<String> {
        let version = job.house.head(&job.identity)?.seq;
        let name = name.replace("{identity}", &job.identity);
        let name = name.replace("{version}", &version.to_string());
        match job.house.fork(&job.identity, &name, Some(version)) {
            Ok(_) => Ok(format!("{name} goes on from version {version}")),
            Err(e) if e.kind == ErrorKind::Exists && is_ours(job, &name)? => {
                Ok(format!("{name} goes on from here already"))
            }
            Err(e) => Err(e),
        }
    };
    forked().map_or_else(|e| failed(&e), |told| Outcome::Done(Some(told)))
}

/// True when an identity goes on from the one that is to be forked: it remembers its branch.
fn is_ours(job: &Job, name: &str) -> Result<bool> {
    let (from, to) = (job.house.record(&job.identity)?, job.house.record(name)?);
    Ok(to.current != from.current && to.branch(from.current).is_some())
}

fn notify(job: &Job, url: &str) -> Outcome {
    let key = format!("{}/{}/{}", job.identity, job.gate, job.at_ms);
    let body = json!({
        "identity": job.identity,
        "gate": job.gate,
        "version": job.house.head(&job.identity).ok().map(|head| head.seq),
        "decision": job.decision,
    });
    match notify::post(url, &key, &body) {
        Ok(said) => Outcome::Done(Some(said)),
        Err(said) => Outcome::Failed(Why::Failed, said),
    }
}

fn migrate(job: &Job, (to, by): (&To, her_gate::placement::Choose), leave: Leave) -> Outcome {
    let nodes = job.departures.nodes();
    let arrived_ms = job.departures.arrived_ms(&job.identity);
    let ask = Ask { identity: &job.identity, arrived_ms, to, by };
    let planner = || job.planner.lock().unwrap_or_else(PoisonError::into_inner);
    let chosen = match planner().choose(job.at_ms, ask, &job.home, &nodes) {
        Ok(node) => node.name.clone(),
        Err(NoChoice::NotReady(said)) => return Outcome::Failed(Why::TargetNotReady, said),
        Err(NoChoice::NoBetter) => {
            let said = "no node is better than this one by enough to be worth a move";
            return Outcome::Failed(Why::TargetNotReady, said.into());
        }
        Err(NoChoice::Cooldown(left)) => {
            let said = format!("where it goes was decided a while ago; again in {} s", left / 1000);
            return Outcome::Failed(Why::Cooldown, said);
        }
    };
    let departure = Departure { identity: job.identity.clone(), to: chosen, leave };
    match job.departures.begin(&departure) {
        Ok(said) => Outcome::Done(Some(said)),
        Err((why, said)) => {
            planner().forget(&job.identity);
            Outcome::Failed(why, said)
        }
    }
}
