//! The conformance suite: what every engine must do, written against the trait alone.
//!
//! [`run`] panics at the first promise an engine breaks. A suite that no engine can fail proves
//! nothing, so the tests of this crate also run it on engines with planted bugs.

use super::{
    AppendError, Appended, Digest, Frame, FrameHeader, FrameKind, Head, IdentityId, Journal,
    JournalReader, MemoryJournal,
};
use crate::error::{ErrorKind, Result};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

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

type Check = fn(&mut dyn Harness);

/// Every check by name, without the random ones.
pub const CHECKS: &[(&str, Check)] = &[
    ("births and heads", births_and_heads),
    ("dense sequence numbers and compare-and-append", dense_and_compared),
    ("an old epoch is fenced", old_epoch_is_fenced),
    ("two owners race", two_owners_race),
    ("frames are all or nothing", all_or_nothing),
    ("reading is verified and starts anywhere", reading),
    ("a branch begins late", late_birth),
    ("truncation is idempotent and keeps the fence", truncation),
    ("many identities interleaved", many_identities),
    ("reopening keeps everything", reopening),
    ("a lost acknowledgement is resolved", lost_acknowledgement),
    ("a reader on another thread", reader_elsewhere),
    ("large frames", large_frames),
];

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

fn births_and_heads(harness: &mut dyn Harness) {
    let journal = harness.journal();
    assert_eq!(journal.head(id(1)).unwrap(), None);
    assert!(journal.identities().is_empty());
    assert_eq!(frames_of(journal, id(1), 1).unwrap_err().kind, ErrorKind::NotFound);
    let owner = Owner::birth(journal, 1);
    assert_eq!((owner.head.seq, owner.head.epoch), (0, 1));
    assert_eq!(journal.head(id(1)).unwrap(), Some(owner.head));
    assert_eq!(journal.identities(), [id(1)]);
    let again = journal.own(id(1), None, 1, 1);
    assert_eq!(again, Ok(owner.head), "the same birth again is the same birth");
    let other = journal.own(id(1), None, 1, 2);
    assert_eq!(other, Err(AppendError::Fenced { head: Some(owner.head) }));
    let frames = frames_of(journal, id(1), 1).unwrap();
    assert_eq!(frames.len(), 1);
    assert_eq!(frames[0].header().kind, FrameKind::Own);
    let mut stranger = Owner { id: id(2), ..owner };
    let frame = stranger.events(1, b"");
    assert_eq!(append(journal, &[frame])[0], Err(AppendError::Fenced { head: None }));
}

fn dense_and_compared(harness: &mut dyn Harness) {
    let journal = harness.journal();
    let mut owner = Owner::birth(journal, 1);
    for i in 0..50_u32 {
        let frame = owner.events(1 + i % 7, &i.to_le_bytes());
        append_ok(journal, &[frame]);
    }
    let good = owner.clone();
    let mut skips = good.clone();
    skips.head.seq += 1;
    let mut repeats = good.clone();
    repeats.head.seq -= 1;
    let mut forks = good.clone();
    forks.head.digest.0[0] ^= 1;
    let mut runs_ahead = good.clone();
    runs_ahead.head.epoch += 1;
    for wrong in [&mut skips, &mut repeats, &mut forks, &mut runs_ahead] {
        let frame = wrong.events(1, b"wrong");
        let answer = append(journal, &[frame]);
        assert_eq!(answer[0], Err(AppendError::Fenced { head: Some(good.head) }));
    }
    assert_eq!(journal.head(id(1)).unwrap(), Some(good.head));
    let own = owner.frame(FrameKind::Own, 0, b"");
    let answer = append(journal, &[own]);
    assert!(matches!(answer[0], Err(AppendError::Invalid(_))), "append takes no Own");
    let mut owner = good;
    let frames =
        [FrameKind::Snapshot, FrameKind::Handoff, FrameKind::Seal].map(|k| owner.frame(k, 0, b"x"));
    append_ok(journal, &frames);
    assert_eq!(journal.head(id(1)).unwrap(), Some(owner.head));
    let total: u64 =
        frames_of(journal, id(1), 1).unwrap().iter().map(|f| f.header().count as u64).sum();
    assert_eq!(total, owner.head.seq);
}

fn old_epoch_is_fenced(harness: &mut dyn Harness) {
    let journal = harness.journal();
    let mut old = Owner::birth(journal, 1);
    let frame = old.events(2, b"mine");
    append_ok(journal, &[frame]);
    let mut zombie = old.clone();
    let head = journal.own(id(1), Some(old.head), 2, 7).unwrap();
    assert_eq!((head.seq, head.epoch), (2, 2));
    assert_ne!(head.digest, old.head.digest);
    let frame = zombie.events(1, b"from the grave");
    assert_eq!(append(journal, &[frame])[0], Err(AppendError::Fenced { head: Some(head) }));
    // Not even when the zombie has seen the new head and only its epoch is old.
    let mut sly = Owner { head: Head { epoch: 1, ..head }, ..old.clone() };
    let frame = sly.events(1, b"from the grave");
    assert_eq!(append(journal, &[frame])[0], Err(AppendError::Fenced { head: Some(head) }));
    for epoch in [0, 1, 2] {
        assert!(fenced(&journal.own(id(1), Some(head), epoch, 8)), "epoch {epoch} is not above 2");
    }
    let mut new = Owner { head, ..old };
    let frame = new.events(1, b"alive");
    append_ok(journal, &[frame]);
    assert_eq!(journal.head(id(1)).unwrap(), Some(new.head));
}

fn two_owners_race(harness: &mut dyn Harness) {
    let start = Owner::birth(harness.journal(), 1);
    let mut second = harness.second();
    let journal = harness.journal();
    let first = journal.own(id(1), Some(start.head), 2, 11);
    let late = match &mut second {
        Some(other) => other.own(id(1), Some(start.head), 2, 12),
        None => journal.own(id(1), Some(start.head), 2, 12),
    };
    let head = first.expect("the first of two wins");
    assert_eq!(late, Err(AppendError::Fenced { head: Some(head) }), "the second learns who won");
    assert!(fenced(&journal.own(id(1), Some(start.head), 9, 13)), "a higher epoch needs the head");
    let again = journal.own(id(1), Some(start.head), 2, 11);
    assert_eq!(again, Ok(head), "the winner may ask again");
    assert!(journal.own(id(1), Some(head), 3, 14).is_ok());
}

fn all_or_nothing(harness: &mut dyn Harness) {
    let journal = harness.journal();
    let mut a = Owner::birth(journal, 1);
    let mut b = Owner::birth(journal, 2);
    let a1 = a.events(3, b"a1");
    let mut stale = a.clone();
    stale.head.digest.0[3] ^= 8;
    let bad = stale.events(2, b"bad");
    let b1 = b.events(1, b"b1");
    let a2 = a.events(2, b"a2");
    let answers = append(journal, &[a1.clone(), bad, b1.clone(), a2.clone(), b1.clone()]);
    assert_eq!(answers[0], Ok(a1.head()));
    assert!(fenced(&answers[1]), "the wrong one in the middle is refused alone");
    assert_eq!(answers[2], Ok(b1.head()));
    assert_eq!(answers[3], Ok(a2.head()));
    assert_eq!(answers[4], Ok(b1.head()), "twice in one batch is once in the journal");
    let read = frames_of(journal, id(1), 1).unwrap();
    assert_eq!(&read[1..], [a1, a2]);
    assert_eq!(frames_of(journal, id(2), 1).unwrap().len(), 2);
}

fn reading(harness: &mut dyn Harness) {
    let journal = harness.journal();
    let mut owner = Owner::birth(journal, 1);
    let mut written = frames_of(journal, id(1), 0).unwrap();
    for i in 0..40_u8 {
        let frame = owner.events(5, &vec![i; i as usize * 50]);
        append_ok(journal, &[frame.clone()]);
        written.push(frame);
    }
    assert_eq!(frames_of(journal, id(1), 1).unwrap(), written);
    for from in 1..=owner.head.seq {
        let read = frames_of(journal, id(1), from).unwrap();
        let expected: Vec<_> = written
            .iter()
            .filter(|f| f.header().last_seq() >= from || f.header().count == 0 && from <= 1)
            .cloned()
            .collect();
        assert_eq!(read, expected, "from {from}");
    }
    assert!(frames_of(journal, id(1), owner.head.seq + 1).unwrap().is_empty());
    let beyond = frames_of(journal, id(1), owner.head.seq + 2).unwrap_err();
    assert_eq!(beyond.kind, ErrorKind::NotFound);
    let mut seen = 0;
    journal
        .read(id(1), 1, &mut |_| {
            seen += 1;
            Ok(if seen == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })
        .unwrap();
    assert_eq!(seen, 3, "a visitor can stop");
}

fn late_birth(harness: &mut dyn Harness) {
    let journal = harness.journal();
    let mut parent = Owner::birth(journal, 1);
    let frame = parent.events(10, b"common past");
    append_ok(journal, &[frame]);
    let at = parent.head;
    let head = journal.begin(id(2), 1, 5, at.seq, at.digest).unwrap();
    assert_eq!(head.seq, 10);
    assert_eq!(journal.begin(id(2), 1, 5, at.seq, at.digest), Ok(head));
    assert!(fenced(&journal.begin(id(2), 1, 6, at.seq, at.digest)));
    let mut branch = Owner { id: id(2), head, nonce: 99 };
    let frame = branch.events(1, b"own way");
    append_ok(journal, &[frame.clone()]);
    assert_eq!(journal.truncated(id(2)).unwrap(), 10);
    assert_eq!(frames_of(journal, id(2), 5).unwrap_err().kind, ErrorKind::NotFound);
    harness.reopen();
    let read = frames_of(harness.journal(), id(2), 11).unwrap();
    assert_eq!(read[0].header().prev, at.digest, "chained to where it came from");
    assert_eq!(read[1], frame);
    assert_eq!(harness.journal().head(id(2)).unwrap(), Some(branch.head));
    let beyond = harness.journal().begin(id(3), 1, 5, u64::MAX, at.digest);
    assert!(matches!(beyond, Err(AppendError::Invalid(_))));
}

fn truncation(harness: &mut dyn Harness) {
    let journal = harness.journal();
    let mut owner = Owner::birth(journal, 1);
    let mut zombie = owner.clone();
    for _ in 0..30 {
        let frame = owner.events(4, &[7; 400]);
        append_ok(journal, &[frame]);
    }
    assert_eq!(journal.truncate(id(9), 5).unwrap_err().kind, ErrorKind::NotFound);
    assert_eq!(journal.truncate(id(1), 50).unwrap(), 50);
    assert_eq!(journal.truncate(id(1), 50).unwrap(), 50, "idempotent");
    assert_eq!(journal.truncate(id(1), 20).unwrap(), 50, "never back");
    assert_eq!(frames_of(journal, id(1), 50).unwrap_err().kind, ErrorKind::NotFound);
    assert_eq!(frames_of(journal, id(1), 51).unwrap()[0].header().first_seq, 49);
    assert_eq!(journal.truncate(id(1), u64::MAX).unwrap(), 116, "the last frame stays");
    assert_eq!(frames_of(journal, id(1), 117).unwrap().len(), 1);
    assert_eq!(journal.head(id(1)).unwrap(), Some(owner.head));
    harness.reopen();
    let journal = harness.journal();
    assert_eq!(journal.head(id(1)).unwrap(), Some(owner.head), "the fence outlives truncation");
    assert_eq!(frames_of(journal, id(1), 117).unwrap().len(), 1);
    let frame = zombie.events(1, b"old");
    assert!(fenced(&append(journal, &[frame])[0]));
    let frame = owner.events(1, b"new");
    append_ok(journal, &[frame]);
}

fn many_identities(harness: &mut dyn Harness) {
    const N: u64 = 2_000;
    let journal = harness.journal();
    let mut owners: Vec<Owner> = (0..N).map(|n| Owner::birth(journal, n)).collect();
    for round in 0..5_u32 {
        let frames: Vec<Frame> =
            owners.iter_mut().map(|o| o.events(1 + round, &[round as u8; 64])).collect();
        append_ok(journal, &frames);
    }
    let mut ids: Vec<_> = (0..N).map(id).collect();
    ids.sort_unstable();
    for reopened in [false, true] {
        if reopened {
            harness.reopen();
        }
        let journal = harness.journal();
        assert_eq!(journal.identities(), ids);
        assert_eq!(journal.report().identities, N);
        for owner in &owners {
            assert_eq!(journal.head(owner.id).unwrap(), Some(owner.head));
        }
        for owner in owners.iter().step_by(97) {
            let counts: Vec<_> =
                frames_of(journal, owner.id, 1).unwrap().iter().map(|f| f.header().count).collect();
            assert_eq!(counts, [0, 1, 2, 3, 4, 5]);
        }
    }
}

fn reopening(harness: &mut dyn Harness) {
    let mut owner = Owner::birth(harness.journal(), 1);
    let mut written = frames_of(harness.journal(), id(1), 1).unwrap();
    for round in 0..12_u8 {
        for _ in 0..5 {
            let frame = owner.events(2, &[round; 700]);
            append_ok(harness.journal(), &[frame.clone()]);
            written.push(frame);
        }
        if round % 3 == 2 {
            harness.crash();
        } else {
            harness.reopen();
        }
        assert_eq!(harness.journal().head(id(1)).unwrap(), Some(owner.head));
        assert_eq!(frames_of(harness.journal(), id(1), 1).unwrap(), written);
        assert_eq!(harness.journal().report().torn, None);
    }
    harness.journal().reopen().unwrap();
    assert_eq!(frames_of(harness.journal(), id(1), 1).unwrap(), written);
}

fn lost_acknowledgement(harness: &mut dyn Harness) {
    let mut owner = Owner::birth(harness.journal(), 1);
    let first = owner.events(2, b"acknowledged");
    append_ok(harness.journal(), &[first]);
    let before = owner.clone();
    let batch = [owner.events(1, b"one"), owner.events(3, b"two")];
    if harness.lose_next_ack() {
        for answer in append(harness.journal(), &batch) {
            assert!(matches!(answer, Err(AppendError::Unknown(_))), "{answer:?}");
        }
        let refused = append(harness.journal(), &batch);
        assert!(
            matches!(refused[0], Err(AppendError::Unavailable(_)) | Ok(_)),
            "poisoned, or resolved inside: {refused:?}"
        );
    } else {
        append_ok(harness.journal(), &batch);
    }
    harness.journal().reopen().unwrap();
    append_ok(harness.journal(), &batch);
    append_ok(harness.journal(), &batch);
    let seqs: Vec<_> =
        frames_of(harness.journal(), id(1), 1).unwrap().iter().map(Frame::head).collect();
    assert_eq!(seqs.len(), 4, "written once: {seqs:?}");
    assert_eq!(harness.journal().head(id(1)).unwrap(), Some(owner.head));
    // Another frame in the same place is not the same frame.
    let mut other = Owner { nonce: 1, ..before };
    let frame = other.events(1, b"one");
    assert!(fenced(&append(harness.journal(), &[frame])[0]));
    harness.crash();
    append_ok(harness.journal(), &batch);
    assert_eq!(harness.journal().head(id(1)).unwrap(), Some(owner.head));
}

fn reader_elsewhere(harness: &mut dyn Harness) {
    let journal = harness.journal();
    let mut owner = Owner::birth(journal, 1);
    let reader = journal.reader();
    std::thread::scope(|scope| {
        let handle = scope.spawn(move || {
            let mut seen = 0;
            while seen < 600 {
                let head = reader.head(id(1)).unwrap().unwrap();
                let frames = frames_of(&*reader, id(1), 1).unwrap();
                let last = frames.last().unwrap().head();
                assert!(last.seq >= head.seq, "what was acknowledged is read");
                assert!(last.seq >= seen, "the journal never gets shorter");
                seen = last.seq;
            }
        });
        for _ in 0..300 {
            let frame = owner.events(2, &[1; 100]);
            append_ok(journal, &[frame]);
        }
        handle.join().expect("the reader agrees");
    });
}

fn large_frames(harness: &mut dyn Harness) {
    let mut owner = Owner::birth(harness.journal(), 1);
    let sizes = [0, 1, crate::format::FRAME_PAYLOAD_MAX, 5_000, crate::format::FRAME_PAYLOAD_MAX];
    let frames: Vec<Frame> = sizes.iter().map(|&size| owner.events(1, &vec![0xab; size])).collect();
    append_ok(harness.journal(), &frames);
    harness.reopen();
    assert_eq!(frames_of(harness.journal(), id(1), 1).unwrap()[1..], frames);
}

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

/// The chain of one identity, without its payloads: two lives are the same if these are.
pub fn chain(journal: &dyn Journal, id: IdentityId) -> Vec<Digest> {
    frames_of(journal, id, journal.truncated(id).unwrap_or(0) + 1)
        .map(|frames| frames.iter().map(Frame::digest).collect())
        .unwrap_or_default()
}
