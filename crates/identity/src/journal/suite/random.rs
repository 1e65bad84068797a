//! Random operations on an engine and on the model in memory, which must agree.

#![expect(clippy::unwrap_used, reason = "a check that fails panics")]

use super::{Harness, Owner, append, fenced, frames_of, id};
use crate::journal::{Frame, FrameKind, Journal, JournalReader, MemoryJournal};
use std::collections::BTreeMap;

/// A small generator, so that a seed says everything about a run.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Dice with this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % n
    }
}

/// Random operations on an engine and on the model: every answer and every state must agree.
pub fn random_operations(harness: &mut dyn Harness, seed: u64, steps: u32) {
    let mut dice = Dice::new(seed);
    let mut model = MemoryJournal::new();
    let mut owners: BTreeMap<u64, Vec<Owner>> = BTreeMap::new();
    for step in 0..steps {
        let n = dice.below(12);
        let place = format!("seed {seed}, step {step}, identity {n}");
        match dice.below(20) {
            0..=1 => {
                let epoch = 1 + dice.below(3);
                let nonce = dice.below(3);
                let ours = harness.journal().own(id(n), None, epoch, nonce);
                let theirs = model.own(id(n), None, epoch, nonce);
                // An engine may still find the birth where the model has truncated it.
                let found = fenced(&theirs) && ours.is_ok();
                assert!(ours == theirs || found, "{place}: {ours:?}, {theirs:?}");
                assert_eq!(harness.journal().head(id(n)).unwrap(), model.head(id(n)).unwrap());
                if found {
                    continue;
                }
                if let (Ok(head), None) = (ours, owners.get(&n)) {
                    owners.insert(n, vec![Owner { id: id(n), head, nonce: 0 }]);
                }
            }
            2..=3 => {
                let Some(known) = owners.get_mut(&n) else { continue };
                let from = known[dice.below(known.len() as u64) as usize].clone();
                let epoch = from.head.epoch + dice.below(3);
                let nonce = u64::from(step);
                let ours = harness.journal().own(id(n), Some(from.head), epoch, nonce);
                assert_eq!(ours, model.own(id(n), Some(from.head), epoch, nonce), "{place}");
                if let Ok(head) = ours {
                    known.push(Owner { id: id(n), head, nonce: nonce << 32 });
                }
            }
            4..=13 => random_batch(harness, &mut model, &mut owners, &mut dice, &place),
            14..=15 => {
                let Ok(Some(head)) = model.head(id(n)) else { continue };
                let upto = dice.below(head.seq + 2);
                let ours = harness.journal().truncate(id(n), upto).unwrap();
                // What was forgotten may have returned with a reopening, never the reverse.
                let theirs = model.truncate(id(n), upto).unwrap();
                assert!(ours <= theirs && ours >= upto.min(theirs), "{place}: {ours}, {theirs}");
            }
            16 => harness.reopen(),
            17 => harness.crash(),
            18 => harness.journal().reopen().unwrap(),
            _ => compare(harness.journal(), &model, n, &mut dice, &place),
        }
    }
    for n in 0..12 {
        compare(harness.journal(), &model, n, &mut dice, &format!("seed {seed}, end, {n}"));
    }
}

/// A batch of frames by owners who may be right, late, or repeating themselves.
fn random_batch(
    harness: &mut dyn Harness,
    model: &mut MemoryJournal,
    owners: &mut BTreeMap<u64, Vec<Owner>>,
    dice: &mut Dice,
    place: &str,
) {
    let mut frames: Vec<Frame> = Vec::new();
    for _ in 0..=dice.below(6) {
        let Some(known) = owners.get_mut(&dice.below(12)) else { continue };
        // Mostly the newest owner, sometimes a zombie.
        let last = known.len() - 1;
        let which = if dice.below(8) == 0 { dice.below(known.len() as u64) as usize } else { last };
        let payload = vec![dice.below(256) as u8; dice.below(300) as usize];
        let frame = match dice.below(10) {
            0 => known[which].frame(FrameKind::Snapshot, 0, &payload),
            1 => known[which].clone().events(1, b"an owner that forgets what it wrote"),
            _ => known[which].events(1 + dice.below(5) as u32, &payload),
        };
        frames.push(frame);
        if dice.below(10) == 0 {
            frames.push(frames[dice.below(frames.len() as u64) as usize].clone());
        }
    }
    let ours = append(harness.journal(), &frames);
    assert_eq!(ours, append(model, &frames), "{place}");
    // An owner that was refused is not one any more; the newest learns where it stands.
    for known in owners.values_mut() {
        let last = known.last_mut().expect("an owner is listed with its birth");
        let head = model.head(last.id).unwrap().expect("and so is in the journal");
        if last.head.epoch == head.epoch {
            last.head = head;
        }
    }
}

fn compare(journal: &dyn Journal, model: &MemoryJournal, n: u64, dice: &mut Dice, place: &str) {
    assert_eq!(journal.identities(), model.identities(), "{place}");
    let head = model.head(id(n)).unwrap();
    assert_eq!(journal.head(id(n)).unwrap(), head, "{place}");
    let Some(head) = head else { return };
    let truncated = model.truncated(id(n)).unwrap();
    let from = truncated + 1 + dice.below(head.seq - truncated + 1);
    // An engine may keep frames without events longer than the model does.
    let events = |frames: Vec<Frame>| -> Vec<Frame> {
        frames.into_iter().filter(|f| f.header().count > 0 || f.header().first_seq > from).collect()
    };
    let ours = events(frames_of(journal, id(n), from).unwrap());
    assert_eq!(ours, events(frames_of(model, id(n), from).unwrap()), "{place}, from {from}");
}
