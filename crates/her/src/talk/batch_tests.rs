use super::*;

use her_lm::{Bases, Cache, SLICE, Want};

use crate::talk::tongue;

/// A speaker by a tiny model whose weights have few bits.
fn speaker() -> Speaker {
    let data = tempfile::tempdir().unwrap();
    tongue::wide_base(data.path());
    let shared = Bases::new(data.path().join("bases")).get("wide").unwrap();
    Speaker::newborn(shared)
}

fn how(seed: u64, tokens: usize) -> How {
    How { tokens: Some(tokens), seed: Some(seed), ..How::default() }
}

fn prompt(tokens: usize) -> Vec<u32> {
    (0..tokens as u32).map(|i| 7 + i * 31 % 200).collect()
}

/// What is said alone.
fn alone(speaker: &Speaker, heard: usize, how: &How) -> Spoken {
    speaker.say(&prompt(heard), how, None, &mut |_| true).unwrap()
}

fn seat(speaker: &Speaker, heard: usize, how: &How) -> (Seat, Listener) {
    let batch = Arc::<Batch>::default();
    batch.door().runs = true;
    let own = Utterance::new(speaker, &prompt(heard), how, None).unwrap();
    let listener = Arc::clone(&batch).join(own).unwrap();
    let seat = batch.door().waiting.pop_front().unwrap();
    (seat, listener)
}

/// All of an answer that a listener has not heard yet.
fn rest(listener: &Listener, heard: usize) -> Result<Spoken> {
    let mut spoken = Spoken::nothing(heard);
    loop {
        if let Some(step) = listener.next()?
            && !spoken.goes_on(&step, &mut |_| true)
        {
            return Ok(spoken);
        }
    }
}

#[test]
fn who_does_not_listen_holds_nobody_up_and_misses_nothing() {
    let speaker = speaker();
    let batches = Batches::default();
    let (slow, quick) = (how(1, 300), how(2, 200));
    let batch = batches.of(speaker.shared());
    let own = Utterance::new(&speaker, &prompt(9), &slow, None).unwrap();
    let listener = Arc::clone(&batch).join(own).unwrap();
    for _ in 0..3 {
        let said = batches.say(&speaker, &prompt(40), &quick, None, &mut |_| true).unwrap();
        assert_eq!(said, alone(&speaker, 40, &quick));
    }
    assert!(listener.line.rests.load(Ordering::SeqCst), "more was said than fits the line");
    assert_eq!(rest(&listener, 9).unwrap(), alone(&speaker, 9, &slow));
    drop(listener);
    while batch.door().runs {
        std::thread::yield_now();
    }
}

#[test]
fn more_than_there_are_places_for_are_answered_and_those_who_leave_are_let_go() {
    let speaker = speaker();
    let batch = Batches::default().of(speaker.shared());
    let join = |i: usize| {
        let own = Utterance::new(&speaker, &prompt(1 + i), &how(i as u64, 60), None).unwrap();
        Arc::clone(&batch).join(own).unwrap()
    };
    let mut all: Vec<Listener> = (0..3 * SEATS).map(join).collect();
    // Every third goes away, some of them before it was their turn.
    let mut i = 0;
    all.retain(|_| {
        i += 1;
        i % 3 != 0
    });
    for (i, listener) in (0..3 * SEATS).filter(|i| (i + 1) % 3 != 0).zip(&all) {
        let said = rest(listener, 1 + i).unwrap();
        assert_eq!(said, alone(&speaker, 1 + i, &how(i as u64, 60)), "answer {i}");
    }
    while batch.door().runs {
        std::thread::yield_now();
    }
    assert!(batch.door().waiting.is_empty());
}

#[test]
fn while_a_prompt_is_read_others_speak() {
    let speaker = speaker();
    let (first, heard) = seat(&speaker, 1, &how(1, 100));
    let (second, _second) = seat(&speaker, 5 * SLICE, &how(2, 9));
    let (third, _third) = seat(&speaker, 2 * SLICE, &how(2, 9));
    let (mut seats, mut turn) = (vec![first, second, third], 0);
    for round in 1..=7 {
        speak(&mut seats);
        read(&mut seats, &mut turn);
        // One token and one slice a round, in turns; the short one does not wait for the long one.
        assert_eq!(seats[0].own.voice.heard(), 1 + round);
        let reading = [1, 2].map(|i: usize| seats[i].own.voice.reads());
        assert_eq!(reading, [round < 7, round < 4], "round {round}");
    }
    drop((seats, heard));
}

#[test]
fn what_breaks_one_answer_is_told_of_that_one() {
    let (speaker, other) = (speaker(), {
        let data = tempfile::tempdir().unwrap();
        tongue::tiny_base(data.path());
        Bases::new(data.path().join("bases")).get("tiny").unwrap()
    });
    let batch = Batches::default().of(speaker.shared());
    let mut cache = Cache::default();
    other.model.base.read(None, &mut cache, &prompt(5), Want::Context).unwrap();
    let broken = |heard: usize| {
        let mut own = Utterance::new(&speaker, &prompt(3), &how(1, 50), None).unwrap();
        own.voice = Voice::with(None, cache.clone(), None);
        own.voice.listen(&speaker.shared().model.base, &prompt(heard)).unwrap();
        Arc::clone(&batch).join(own).unwrap()
    };
    let own = Utterance::new(&speaker, &prompt(9), &how(1, 80), None).unwrap();
    let fine = Arc::clone(&batch).join(own).unwrap();
    // One breaks in the shared pass, one while its prompt is read.
    for listener in [broken(1), broken(7)] {
        let told = rest(&listener, 9).unwrap_err().to_string();
        assert!(told.contains("broke off"), "{told}");
    }
    assert_eq!(rest(&fine, 9).unwrap(), alone(&speaker, 9, &how(1, 80)));
}

#[test]
fn what_was_kept_changes_no_word() {
    let speaker = speaker();
    let (batches, kept) = (Batches::default(), Arc::<Kept>::default());
    let say = |heard: usize| {
        batches.say(&speaker, &prompt(heard), &how(5, 40), Some(&kept), &mut |_| true).unwrap()
    };
    let base = &speaker.shared().model.base;
    for heard in [3 * SLICE + 5, 5 * SLICE + 9, 5 * SLICE + 9, 6 * SLICE] {
        assert_eq!(say(heard), alone(&speaker, heard, &how(5, 40)), "after {heard}");
    }
    let before = [5 * SLICE, 6 * SLICE - 1].map(|n| prompt(n + 1));
    let found = before.map(|prompt| kept.take(&base.config, &speaker.weights(), &prompt));
    // The longest one was all that was kept: the second looks in vain.
    assert_eq!(found.map(|cache| cache.map(|cache| cache.len())), [Some(5 * SLICE), None]);
}

#[test]
fn a_thread_that_ends_badly_leaves_nobody_waiting() {
    let speaker = speaker();
    let (seat, listener) = seat(&speaker, 1, &how(1, 9));
    let batch = Arc::clone(&listener.batch);
    batch.door().waiting.push_back(seat);
    drop(Running(&batch));
    let told = rest(&listener, 1).unwrap_err().to_string();
    assert!(told.contains("its thread ended"), "{told}");
    let own = Utterance::new(&speaker, &prompt(4), &how(3, 9), None).unwrap();
    let next = Arc::clone(&batch).join(own).unwrap();
    assert_eq!(rest(&next, 4).unwrap(), alone(&speaker, 4, &how(3, 9)));
}
