//! The queue in front of the learners, as the server sees it.
//!
//! The house refuses events when too many wait. Streams should rather wait, so every event takes
//! a place here first, and gives it back when it is durable or refused.

use std::sync::Arc;
use std::time::Duration;

use her_identity::event::Event;
use her_identity::shard::Handed;
use her_identity::turn::Reply;
use her_identity::{Error, ErrorKind, House, Result};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::problem::Problem;

/// How long a single request waits for a place before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the learners make of a batch; the sender is gone when the house closes.
pub(crate) type Told = oneshot::Receiver<Result<Vec<Result<Reply>>>>;

/// Places for events.
pub(crate) struct Gate {
    places: Arc<Semaphore>,
    all: usize,
}

impl Gate {
    pub fn new(places: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(places)), all: places }
    }

    /// True when nothing is under way: no event waits for a learner, or for the disk.
    pub fn is_idle(&self) -> bool {
        self.places.available_permits() == self.all
    }

    /// A place for an event that gives way to all others: none unless nothing is under way.
    pub fn idle_place(&self) -> Option<OwnedSemaphorePermit> {
        if self.is_idle() { Arc::clone(&self.places).try_acquire_owned().ok() } else { None }
    }

    /// Places for a batch of a stream; waits as long as it takes.
    pub async fn wait(&self, events: usize) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).acquire_many_owned(events as u32).await.ok()
    }

    /// Places for the events of a request; busy when there are none for a while.
    async fn some(&self, events: usize) -> std::result::Result<OwnedSemaphorePermit, Problem> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_many_owned(events as u32) {
            return Ok(place);
        }
        let place = Arc::clone(&self.places).acquire_many_owned(events as u32);
        match tokio::time::timeout(PATIENCE, place).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(Problem::busy("too many events wait for the learners; try again")),
        }
    }

    /// Hands one event in and waits until it is durable.
    pub async fn submit_one(
        &self,
        house: &House,
        name: &str,
        event: Event,
    ) -> std::result::Result<Reply, Problem> {
        let results = self.submit_all(house, name, vec![event]).await?;
        let result = results.into_iter().next().ok_or_else(closing)?;
        Ok(result?)
    }

    /// Hands the events of one request in and waits until those that are taken are durable.
    pub async fn submit_all(
        &self,
        house: &House,
        name: &str,
        events: Vec<Event>,
    ) -> std::result::Result<Vec<Result<Reply>>, Problem> {
        let alone = self.places.available_permits() == self.all;
        let place = self.some(events.len()).await?;
        let (handed, told) = hand_in(house, name, events, place)?;
        if !alone {
            // Other connections that have something to say say it first: one commit for all.
            tokio::task::yield_now().await;
        }
        handed.work();
        Ok(told.await.map_err(|_| closing())??)
    }
}

/// Hands a batch in; the learner's answer comes without anybody waiting for whoever reads it.
pub(crate) fn submit(
    house: &House,
    name: &str,
    events: Vec<Event>,
    place: OwnedSemaphorePermit,
) -> Result<Told> {
    hand_in(house, name, events, place).map(|(_, told)| told)
}

/// The same for who waits for the answer, and may do the learner's work meanwhile.
pub(crate) fn hand_in<'h>(
    house: &'h House,
    name: &str,
    events: Vec<Event>,
    place: OwnedSemaphorePermit,
) -> Result<(Handed<'h>, Told)> {
    let (tell, told) = oneshot::channel();
    let replies = Box::new(move |result| {
        drop(place);
        // Whoever asked may have gone; what was learned stays learned.
        let _ = tell.send(result);
    });
    Ok((house.hand_in(name, events, replies)?, told))
}

fn closing() -> Error {
    Error::new(ErrorKind::Unavailable, "the house is closing; try again")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_gate_is_busy_for_requests() {
        let gate = Gate::new(1);
        let held = gate.wait(1).await;
        assert_eq!(gate.some(1).await.unwrap_err().kind, "busy");
        drop(held);
        assert!(gate.some(1).await.is_ok());
    }

    #[tokio::test]
    async fn what_gives_way_has_no_place_while_anything_is_under_way() {
        let gate = Gate::new(8);
        let held = gate.wait(1).await;
        assert!(!gate.is_idle() && gate.idle_place().is_none());
        drop(held);
        let own = gate.idle_place();
        assert!(own.is_some() && gate.idle_place().is_none(), "one of them at a time");
        drop(own);
        assert!(gate.is_idle());
    }
}
