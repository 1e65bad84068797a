//! Departures for gates: nodes with their load, and a move that is waited for.

use std::sync::Arc;
use std::time::Duration;

use her_gate::Why;
use her_gate::placement::Node as Placed;
use her_gate::rule::Leave;
use her_identity::migrate::Outcome;

use super::Departs;
use crate::gates::departures::{Departure, Departures};

/// How often a gate looks whether its move has ended.
const LOOK: Duration = Duration::from_millis(50);

/// The departures of a server, as its gates see them.
pub(crate) struct OfServer(pub Arc<Departs>);

impl Departures for OfServer {
    fn nodes(&self) -> Vec<Placed> {
        let seen = self.0.seen();
        let node = |peer: &crate::node::Peer| {
            let seen = seen.get(&peer.key)?;
            Some(Placed {
                name: peer.name.clone(),
                tier: seen.load.tier,
                cpu: seen.load.cpu,
                memory: seen.load.memory,
                rtt_ms: seen.rtt.as_secs_f64() * 1e3,
                coming: seen.load.coming,
                ready: seen.ready,
            })
        };
        self.0.peers().all().filter_map(node).collect()
    }

    fn arrived_ms(&self, identity: &str) -> Option<u64> {
        let record = self.0.host().house().record(identity).ok()?;
        record.registered.map(|registered| registered.since_ms).filter(|ms| *ms > 0)
    }

    fn begin(&self, departure: &Departure) -> Result<String, (Why, String)> {
        let failed = |e: her_identity::Error| (Why::TargetNotReady, e.message);
        let mut job = self
            .0
            .begin(&departure.identity, &departure.to, departure.leave == Leave::Legacy)
            .map_err(failed)?;
        while job.outcome.is_none() {
            std::thread::sleep(LOOK);
            job = self.0.job(&job.id).map_err(failed)?;
        }
        let said = job.why.unwrap_or_else(|| format!("departure {} to {}", job.id, job.to));
        match job.outcome {
            Some(Outcome::Completed) => Ok(said),
            Some(Outcome::Budget) => Err((Why::Budget, said)),
            Some(Outcome::NotConverging | Outcome::LagTooHigh) => Err((Why::LagTooHigh, said)),
            _ => Err((Why::TargetNotReady, said)),
        }
    }
}
