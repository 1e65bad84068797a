//! A shard without threads, in a simulation: who hands something in does the learner's work, and
//! the simulated disk says when the committer's is done.

use std::sync::PoisonError;

use super::Shard;
use super::core::Core;

impl Core {
    /// Does what waits in front of the learner.
    pub fn turn(&self) {
        while self.inbox.waits() {
            let mut learner = self.learner.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(taken) = self.inbox.take(|_| true) else { return };
            learner.work(taken, &*self.clock);
            learner.go_on();
            self.inbox.set_room(learner.room());
        }
    }
}

impl Shard {
    /// Does the committer's next work; false when there is none.
    pub fn commit(&self) -> bool {
        let Some(jobs) = &self.core.jobs else { return false };
        let jobs = jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let worked = jobs.run_one(&self.core);
        drop(jobs);
        self.core.turn();
        worked
    }
}

impl crate::House {
    /// Does the next work of each committer, where no thread does it; false when there is none.
    pub fn commit(&self) -> bool {
        self.shards().iter().fold(false, |worked, shard| shard.commit() | worked)
    }
}
