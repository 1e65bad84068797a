//! The checks of the suite, one promise each.

#![expect(clippy::unwrap_used, reason = "a check that fails panics")]

use super::{Harness, Owner, append, append_ok, fenced, frames_of, id};
use crate::error::ErrorKind;
use crate::journal::{AppendError, Digest, Frame, FrameKind, Head};
use std::ops::ControlFlow;
use std::slice::from_ref;

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
    ("truncation under a reader", truncation_under_a_reader),
    ("large frames", large_frames),
];

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
    assert_eq!(journal.own(id(2), Some(head), 3, 14), Err(AppendError::Fenced { head: None }));
    // Many are taken over, or born, in one batch; one that is late is fenced alone.
    let stale = Frame::own(id(1), 9, 15, start.head.seq, start.head.digest).unwrap();
    let births = (10..20).map(|n| Frame::own(id(n), 1, n, 0, Digest::ZERO).unwrap());
    let frames: Vec<Frame> = births.chain([stale]).collect();
    let answers = append(journal, &frames);
    assert!(answers[..10].iter().all(Result::is_ok) && fenced(&answers[10]), "{answers:?}");
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
        append_ok(journal, from_ref(&frame));
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
    append_ok(journal, from_ref(&frame));
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
    let births: Vec<Frame> =
        (0..N).map(|n| Frame::own(id(n), 1, n, 0, Digest::ZERO).unwrap()).collect();
    append_ok(journal, &births);
    let mut owners: Vec<Owner> = births
        .iter()
        .map(|birth| Owner::resume(birth.header().identity, birth.head(), 0))
        .collect();
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
            append_ok(harness.journal(), from_ref(&frame));
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

fn truncation_under_a_reader(harness: &mut dyn Harness) {
    let journal = harness.journal();
    let mut owner = Owner::birth(journal, 1);
    let reader = journal.reader();
    std::thread::scope(|scope| {
        let handle = scope.spawn(move || {
            let mut last = 0;
            while last < 200 {
                let from = reader.truncated(id(1)).unwrap() + 1;
                match frames_of(&*reader, id(1), from) {
                    Ok(frames) => {
                        let Some(first) = frames.first() else { continue };
                        assert!(first.header().first_seq <= from, "nothing is skipped");
                        last = frames[frames.len() - 1].head().seq;
                    }
                    // It was truncated between the two questions: said, not served short.
                    Err(error) => assert_eq!(error.kind, ErrorKind::NotFound, "{error}"),
                }
            }
        });
        for round in 0..100_u64 {
            let frame = owner.events(2, &[1; 900]);
            append_ok(journal, &[frame]);
            if round % 5 == 4 {
                journal.truncate(id(1), owner.head.seq - 6).unwrap();
            }
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
