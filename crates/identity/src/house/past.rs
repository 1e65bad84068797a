//! The past of an identity: any version, its log, branches of it, and the proof of it.

use std::ops::ControlFlow;

use her_learn::Model;
use her_learn::estimator::WeightKey;
use serde_json::{Value, json};

use super::line::{Line, Verified};
use super::{Branch, House, Origin, Record, registry};
use crate::error::{Error, ErrorKind, Result};
use crate::event::{Event, What};
use crate::format::RECORD_FREE;
use crate::identity::Past;
use crate::journal::{Head, IdentityId, JournalReader};
use crate::turn::{Desk, State};

impl House {
    /// An identity as it was at a version, with nobody disturbed.
    pub fn at(&self, name: &str, version: u64) -> Result<State> {
        self.past_of(name, version).map(|past| past.state)
    }

    /// An identity as it was at a version, and the chain value of its journal there.
    pub fn past_of(&self, name: &str, version: u64) -> Result<Past> {
        let record = self.record(name)?;
        self.past(&record, version)
    }

    /// The durable head of an identity.
    pub fn head(&self, name: &str) -> Result<Head> {
        let id = self.record(name)?.current;
        let head = self.shard(id).reader().head(id)?;
        head.ok_or_else(|| Error::not_found(format!("identity {id} has no journal")))
    }

    /// The durable heads of all branches of an identity, oldest first.
    pub fn branch_heads(&self, name: &str) -> Result<Vec<(IdentityId, u64)>> {
        let record = self.record(name)?;
        let head =
            |b: &Branch| Ok((b.id, self.shard(b.id).reader().head(b.id)?.map_or(0, |h| h.seq)));
        record.branches.iter().map(head).collect()
    }

    /// The state of a branch at a version, from its own journal or from that of its parent.
    pub(super) fn past(&self, record: &Record, version: u64) -> Result<Past> {
        self.line(record, |line| line.past(version))
    }

    /// Events of the current branch and its parents from a version on, as JSON.
    pub fn log(&self, name: &str, from: u64, limit: usize) -> Result<Vec<Value>> {
        let record = self.record(name)?;
        self.line(&record, |line| line.log(from, u64::MAX, limit))
    }

    /// The life that a record tells of, with what this house reads it from.
    pub(super) fn line<T>(
        &self,
        record: &Record,
        look: impl FnOnce(&Line<'_>) -> Result<T>,
    ) -> Result<T> {
        let reader = |id| -> &dyn JournalReader { &**self.shard(id).reader() };
        look(&Line { record, reader: &reader, snapshots: &self.snapshots, catalog: &self.catalog })
    }

    /// Goes back to a version: a new branch begins there and takes the name. Nothing is deleted.
    pub fn rewind(&self, name: &str, version: u64) -> Result<Record> {
        let _turn = self.registry.one_at_a_time();
        self.settled(name)?;
        let mut record = (*self.record(name)?).clone();
        let branch = self.branch(&record, version)?;
        let id = record.current;
        record.current = branch.id;
        record.branches.push(branch);
        record.tags.retain(|_, v| *v <= version);
        self.carry_role(&record, id)?;
        self.registry.put(&*self.config.journal.disk, record.clone())?;
        Ok(record)
    }

    /// A new identity that goes on from a version of this one; both live on.
    pub fn fork(&self, name: &str, new_name: &str, version: Option<u64>) -> Result<Record> {
        registry::check_name(new_name)?;
        let _turn = self.registry.one_at_a_time();
        if self.record(new_name).is_ok() {
            return Err(Error::new(
                ErrorKind::Exists,
                format!("an identity named {new_name:?} exists already; choose another name"),
            ));
        }
        let record = self.record(name)?;
        let version = match version {
            Some(v) => v,
            None => self.head(name)?.seq,
        };
        let branch = self.branch(&record, version)?;
        // The fork remembers the branches it came from, so that its whole past can be read.
        let mut new = (*record).clone();
        new_name.clone_into(&mut new.name);
        new.current = branch.id;
        new.branches.push(branch);
        new.tags.retain(|_, v| *v <= version);
        new.registered = None;
        new.format = RECORD_FREE;
        self.registry.put(&*self.config.journal.disk, new.clone())?;
        Ok(new)
    }

    /// A new line of life that goes on from a version; durable, and not named yet.
    fn branch(&self, record: &Record, version: u64) -> Result<Branch> {
        let (parent, _) = record.branch_of(record.current, version)?;
        let past = self.past(record, version)?;
        let mut state = past.state;
        state.thaw();
        let id = super::new_id()?;
        let event = self.event(What::Branched { parent, version });
        self.begin(id, event, Some((version, past.digest, state.save())))?;
        let created_ms = self.config.journal.clock.now_ms();
        let parent = Some(Origin { id: parent, version });
        Ok(Branch { id, parent, created_ms, forgot: None, shipped: Vec::new() })
    }

    /// Gives a version a name.
    pub fn tag(&self, name: &str, tag: &str, version: Option<u64>) -> Result<u64> {
        registry::check_name(tag)?;
        let _turn = self.registry.one_at_a_time();
        self.settled(name)?;
        let mut record = (*self.record(name)?).clone();
        let head = self.head(name)?.seq;
        let version = version.unwrap_or(head);
        if version == 0 || version > head {
            return Err(Error::not_found(format!(
                "{name} has no version {version}; its newest durable one is {head}"
            )));
        }
        record.tags.insert(tag.to_owned(), version);
        self.registry.put(&*self.config.journal.disk, record)?;
        Ok(version)
    }

    /// What changed in the weights and figures between two versions.
    pub fn diff(&self, name: &str, a: u64, b: u64, top: usize) -> Result<Value> {
        let (old, new) = (self.at(name, a)?, self.at(name, b)?);
        let mut changes: Vec<(String, f64, f64)> = Vec::new();
        let before = weights_by_name(&old);
        let after = weights_by_name(&new);
        for (key, w) in &after {
            let was = before.get(key).copied().unwrap_or(0.0);
            if was != *w {
                changes.push((key.clone(), was, *w));
            }
        }
        changes.extend(
            before
                .iter()
                .filter(|(k, _)| !after.contains_key(*k))
                .map(|(k, w)| (k.clone(), *w, 0.0)),
        );
        let square: f64 = changes.iter().map(|(_, x, y)| (x - y) * (x - y)).sum();
        changes.sort_by(|x, y| (y.2 - y.1).abs().total_cmp(&(x.2 - x.1).abs()));
        let changed = changes.len();
        changes.truncate(top);
        let lines: Vec<Value> = changes
            .into_iter()
            .map(|(key, was, is)| json!({ "weight": key, "was": was, "is": is }))
            .collect();
        let task = new.model().task();
        Ok(json!({
            "from": a,
            "to": b,
            "distance": square.sqrt(),
            "changed_weights": changed,
            "top": lines,
            "figures_from": old.figures().to_json(task),
            "figures_to": new.figures().to_json(task),
        }))
    }

    /// Replays everything from birth, and compares with every snapshot and with the live state. Of
    /// one whose state was shipped here, what came after that.
    pub fn verify(&self, name: &str) -> Result<Verified> {
        let record = self.record(name)?;
        let (live_version, live) =
            self.look(name, |identity| (identity.state().version(), identity.state().save()))?;
        self.wait_durable(name, live_version)?;
        let told = self.line(&record, |line| line.retrace(live_version))?;
        let bytes = told.state.save();
        if bytes != live {
            return Err(Error::new(
                ErrorKind::Corrupt,
                format!(
                    "{name}: the replay of {} events gives another state than the live one at \
                     version {live_version}; keep the data directory and report this",
                    told.events
                ),
            ));
        }
        Ok(told.verified())
    }

    /// The newest request number of a client that is durable, if the identity knows the client.
    pub fn newest_request(&self, name: &str, client: &str) -> Result<Option<u64>> {
        let client: Box<str> = client.into();
        let (newest, version) = self.look(name, move |identity| {
            let state = identity.state();
            (state.clients().newest(&client).map(|(n, _)| n), state.version())
        })?;
        self.wait_durable(name, version)?;
        Ok(newest)
    }

    /// Waits until a version that was applied is durable.
    pub(super) fn wait_durable(&self, name: &str, version: u64) -> Result<()> {
        for _ in 0..2000 {
            if self.head(name)?.seq >= version {
                return Ok(());
            }
            crate::world::sleep(5);
        }
        Err(Error::new(
            ErrorKind::Unavailable,
            format!("version {version} of {name} is not durable after 10 s; try again"),
        ))
    }
}

impl House {
    /// Lives a life again from birth up to a version, and shows each event with whether it raised
    /// a drift alarm, until `show` breaks off. Gives the version that was reached.
    pub fn retell(
        &self,
        name: &str,
        version: u64,
        show: &mut dyn FnMut(u64, &Event, bool) -> ControlFlow<()>,
    ) -> Result<u64> {
        let record = self.record(name)?;
        let (mut state, mut desk) = (None, Desk::default());
        for (id, begin, end) in record.lineage(version) {
            if let Some(state) = &mut state {
                // A branch of a frozen identity learns again.
                State::thaw(state);
            }
            let reader = &**self.shard(id).reader();
            let told = crate::identity::tell(id, begin, end, reader, &mut |seq, event| {
                let drift =
                    crate::identity::fold(&mut state, event, seq, &self.catalog, &mut desk)?;
                Ok(show(seq, event, drift))
            })?;
            if told.is_break() {
                break;
            }
        }
        Ok(state.map_or(0, |state: State| state.version()))
    }
}

fn weights_by_name(state: &State) -> std::collections::BTreeMap<String, f64> {
    let mut weights = std::collections::BTreeMap::new();
    let model = state.model();
    model.weights(&mut |key, w| {
        weights.insert(weight_name(model, key), w);
    });
    weights
}

/// A weight's name for people: `feature`, `intercept`, or either with its class before it.
pub fn weight_name(model: &Model, key: WeightKey) -> String {
    let feature = match key.feature {
        Some(id) => model.names().name(id).unwrap_or("(forgotten)"),
        None => "intercept",
    };
    match key.class.and_then(|c| model.classes().get(c as usize)) {
        Some(class) => format!("{class} · {feature}"),
        None => feature.to_owned(),
    }
}
