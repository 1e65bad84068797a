//! The conformance suite: what every engine must do, written against the trait alone.
//!
//! [`run`] panics at the first promise an engine breaks. A suite that no engine can fail proves
//! nothing, so the tests of this crate also run it on engines with planted bugs.

use super::{
    AppendError, Appended, Frame, FrameHeader, FrameKind, Head, IdentityId, Journal, JournalReader,
};
use crate::error::Result;
use std::ops::ControlFlow;

mod checks;
mod random;

pub use checks::CHECKS;
pub use random::{Dice, random_operations};

/// An engine under test, with the power to close it and to break off its acknowledgements.
pub trait Harness {
    /// The writer.
    fn journal(&mut self) -> &mut dyn Journal;

    /// Closes everything and opens it again, as a new process would.
    fn reopen(&mut self);

    /// Ends the process without a warning and opens again; power is lost if the engine knows how.
    fn crash(&mut self) {
        self.reopen();
    }

    /// Makes the next append happen without being acknowledged; false if the engine cannot.
    fn lose_next_ack(&mut self) -> bool {
        false
    }

    /// Another writer of the same journal, where an engine allows one.
    fn second(&mut self) -> Option<Box<dyn Journal>> {
        None
    }
}

/// Makes engines, each empty.
pub type Make<'a> = &'a mut dyn FnMut() -> Box<dyn Harness>;

/// Runs every check.
pub fn run(make: Make<'_>) {
    for (name, check) in CHECKS {
        println!("journal suite: {name}");
        check(&mut *make());
    }
    for seed in 1..=8 {
        println!("journal suite: random operations, seed {seed}");
        random_operations(&mut *make(), seed, 400);
    }
}

/// A writer as an owner would be: it remembers its head and seals what follows.
#[derive(Debug, Clone)]
pub struct Owner {
    /// Whom it owns.
    pub id: IdentityId,
    /// Where it believes the identity to stand.
    pub head: Head,
    nonce: u64,
}

impl Owner {
    /// Gives birth to identity number `n`.
    pub fn birth(journal: &mut dyn Journal, n: u64) -> Self {
        let head = journal.own(id(n), None, 1, n).expect("a birth succeeds");
        Self { id: id(n), head, nonce: n << 32 }
    }

    /// The owner of an identity that stands at `head`.
    pub fn resume(id: IdentityId, head: Head, nonce: u64) -> Self {
        Self { id, head, nonce }
    }

    /// The next frame of `count` events.
    pub fn events(&mut self, count: u32, payload: &[u8]) -> Frame {
        self.frame(FrameKind::Events, count, payload)
    }

    /// The next frame of any kind.
    pub fn frame(&mut self, kind: FrameKind, count: u32, payload: &[u8]) -> Frame {
        self.nonce += 1;
        let header = FrameHeader {
            kind,
            identity: self.id,
            epoch: self.head.epoch,
            first_seq: self.head.seq + 1,
            count,
            nonce: self.nonce,
            prev: self.head.digest,
        };
        let frame = Frame::seal(header, payload.to_vec()).expect("a small frame");
        self.head = frame.head();
        frame
    }
}

/// Identity number `n`.
pub fn id(n: u64) -> IdentityId {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    bytes[8..].copy_from_slice(&n.to_be_bytes());
    IdentityId(bytes)
}

/// Appends and returns the answers.
pub fn append(journal: &mut dyn Journal, frames: &[Frame]) -> Vec<Appended> {
    let mut results = vec![Err(AppendError::Busy("stale".to_owned()))];
    journal.append(frames, &mut results);
    assert_eq!(results.len(), frames.len(), "one answer per frame");
    results
}

/// Appends frames that must be accepted.
pub fn append_ok(journal: &mut dyn Journal, frames: &[Frame]) {
    for (answer, frame) in append(journal, frames).into_iter().zip(frames) {
        assert_eq!(answer, Ok(frame.head()));
    }
}

/// All frames of `id` from `from`.
pub fn frames_of<R: JournalReader + ?Sized>(
    journal: &R,
    id: IdentityId,
    from: u64,
) -> Result<Vec<Frame>> {
    let mut frames = Vec::new();
    journal.read(id, from, &mut |frame| {
        let again = Frame::seal(frame.header, frame.payload.to_vec())?;
        assert_eq!(again.digest(), frame.digest, "the digest is that of the frame");
        frames.push(again);
        Ok(ControlFlow::Continue(()))
    })?;
    for pair in frames.windows(2) {
        let (before, after) = (pair[0].head(), pair[1].header());
        assert_eq!(after.first_seq, before.seq + 1, "dense");
        assert_eq!(after.prev, before.digest, "chained");
        assert!(after.epoch >= before.epoch, "epochs never fall");
    }
    Ok(frames)
}

fn fenced(answer: &Appended) -> bool {
    matches!(answer, Err(AppendError::Fenced { .. }))
}
