//! People who are spoken to at once, by one base: continuous batching.
//!
//! Each pass of a base says a token for everybody whose answer is under way; between two passes a
//! slice of one prompt is read. Who comes joins between two passes, who is done or went away
//! leaves. An answer waits for its own listener and for nobody else's, and what is wrong with one
//! is told of that one. The same words are said as alone, see [`Voice::say_together`].

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use her_identity::{Error, ErrorKind, Result};
use her_lm::{Shared, Voice};

use super::How;
use super::kept::Kept;
use super::speaker::{Speaker, Spoken};
use super::utterance::{Step, Utterance};

/// Answers of one batch at most, and bytes that their contexts may take together; one alone may
/// take more. Who comes later waits.
const SEATS: usize = 16;
const CONTEXT_BYTES: usize = 1 << 30;
/// Steps that wait for a listener; with so many, its answer rests.
const STEPS: usize = 32;
/// How often it is asked whether anybody listens still, while there is nothing to tell.
const LOOK: Duration = Duration::from_millis(50);

/// A batch for each base that somebody speaks by.
#[derive(Default)]
pub(super) struct Batches(Mutex<Vec<(Arc<Shared>, Arc<Batch>)>>);

/// Those who are spoken to by one base. Its thread lives as long as there is somebody.
#[derive(Default)]
struct Batch {
    door: Mutex<Door>,
    bell: Condvar,
}

#[derive(Default)]
struct Door {
    waiting: VecDeque<Seat>,
    /// There is a thread.
    runs: bool,
    /// A listener took a step, or left, whose answer rested.
    rung: bool,
}

/// One answer among others.
struct Seat {
    own: Utterance,
    out: SyncSender<Result<Step>>,
    /// A step that its listener has no room for: the answer rests.
    unsent: Option<Result<Step>>,
    /// What was sent, or is unsent, is the last step.
    last: bool,
    done: bool,
    line: Arc<Line>,
}

/// Between an answer and its listener.
#[derive(Default)]
struct Line {
    gone: AtomicBool,
    rests: AtomicBool,
}

impl Batches {
    /// Says what comes next, as [`Speaker::say`] does.
    pub fn say(
        &self,
        speaker: &Speaker,
        prompt: &[u32],
        how: &How,
        kept: Option<&Arc<Kept>>,
        tell: &mut dyn FnMut(&str) -> bool,
    ) -> Result<Spoken> {
        let own = Utterance::new(speaker, prompt, how, kept)?;
        let mut spoken = Spoken::nothing(prompt.len());
        let listener = self.of(speaker.shared()).join(own)?;
        loop {
            match listener.next()? {
                None if tell("") => {}
                Some(step) if spoken.goes_on(&step, tell) => {}
                _ => return Ok(spoken),
            }
        }
    }

    fn of(&self, shared: &Arc<Shared>) -> Arc<Batch> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, batch)) = all.iter().find(|(base, _)| Arc::ptr_eq(base, shared)) {
            return Arc::clone(batch);
        }
        let batch = Arc::<Batch>::default();
        all.push((Arc::clone(shared), Arc::clone(&batch)));
        batch
    }
}

/// Who hears an answer. Its end is told to the batch.
struct Listener {
    heard: Receiver<Result<Step>>,
    line: Arc<Line>,
    batch: Arc<Batch>,
}

impl Listener {
    /// The next step, or nothing for a while.
    fn next(&self) -> Result<Option<Step>> {
        match self.heard.recv_timeout(LOOK) {
            Ok(step) => {
                if self.line.rests.load(Ordering::SeqCst) {
                    self.batch.ring();
                }
                step.map(Some)
            }
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(broken("its thread ended")),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.line.gone.store(true, Ordering::SeqCst);
        self.batch.ring();
    }
}

fn broken(why: &str) -> Error {
    Error::new(ErrorKind::Internal, format!("the answer broke off, ask again: {why}"))
}

impl Batch {
    fn door(&self) -> MutexGuard<'_, Door> {
        self.door.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ring(&self) {
        self.door().rung = true;
        self.bell.notify_one();
    }

    /// Takes an answer in, and starts a thread where there is none.
    fn join(self: Arc<Self>, own: Utterance) -> Result<Listener> {
        let (out, heard) = sync_channel(STEPS);
        let line = Arc::<Line>::default();
        let seat =
            Seat { own, out, unsent: None, last: false, done: false, line: Arc::clone(&line) };
        let mut door = self.door();
        door.waiting.push_back(seat);
        if door.runs {
            self.bell.notify_one();
        } else {
            let batch = Arc::clone(&self);
            let thread = std::thread::Builder::new().name("her-speak".into());
            if let Err(e) = thread.spawn(move || batch.run()) {
                door.waiting.pop_back();
                return Err(Error::io("starting a thread to speak on", e));
            }
            door.runs = true;
        }
        drop(door);
        Ok(Listener { heard, line, batch: self })
    }

    fn run(&self) {
        let running = Running(self);
        let (mut seats, mut turn) = (Vec::new(), 0);
        while self.admit(&mut seats) {
            speak(&mut seats);
            read(&mut seats, &mut turn);
        }
        std::mem::forget(running);
    }

    /// Lets those go who are done, and those in who have room, then waits until somebody can be
    /// spoken to. False when nobody is there: the thread has ended then, for all others.
    fn admit(&self, seats: &mut Vec<Seat>) -> bool {
        let mut door = self.door();
        loop {
            door.rung = false;
            seats.iter_mut().for_each(Seat::flush);
            seats.retain(|seat| !seat.done);
            door.waiting.retain(|seat| !seat.line.gone.load(Ordering::SeqCst));
            let mut bytes: usize = seats.iter().map(|seat| seat.own.memory()).sum();
            while let Some(first) = door.waiting.front() {
                bytes += first.own.memory();
                let fits = seats.is_empty() || (bytes <= CONTEXT_BYTES && seats.len() < SEATS);
                if !fits {
                    break;
                }
                seats.extend(door.waiting.pop_front());
            }
            if seats.is_empty() {
                door.runs = false;
                return false;
            }
            if seats.iter().any(|seat| seat.unsent.is_none()) {
                return true;
            }
            // Everybody's listener is slow.
            let full = seats.len() >= SEATS || !door.waiting.is_empty();
            let waits = |door: &mut Door| !door.rung && (full || door.waiting.is_empty());
            door = self.bell.wait_while(door, waits).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// A thread that speaks. That it panics is a mistake of ours: then those who wait are told, and the
/// next to come has a new one.
struct Running<'a>(&'a Batch);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let mut door = self.0.door();
        door.runs = false;
        door.waiting.clear();
    }
}

impl Seat {
    fn speaks(&self) -> bool {
        self.unsent.is_none() && !self.last && !self.own.voice.reads()
    }

    fn reads(&self) -> bool {
        self.unsent.is_none() && !self.last && self.own.voice.reads()
    }

    fn send(&mut self, step: Result<Step>) {
        self.last = step.as_ref().map_or(true, |step| step.ended.is_some());
        if self.last {
            // Before the listener knows: the next turn may come at once.
            self.own.keep();
        }
        if step.as_ref().is_ok_and(Step::is_empty) {
            return;
        }
        self.unsent = Some(step);
        self.flush();
    }

    /// Hands on what is unsent, if there is room now.
    fn flush(&mut self) {
        if self.line.gone.load(Ordering::SeqCst) {
            self.done = true;
        }
        if let Some(step) = self.unsent.take() {
            // Before the try: who makes room after it knows that this one rests.
            self.line.rests.store(true, Ordering::SeqCst);
            match self.out.try_send(step) {
                Ok(()) => self.line.rests.store(false, Ordering::SeqCst),
                Err(TrySendError::Full(step)) => self.unsent = Some(step),
                Err(TrySendError::Disconnected(_)) => self.done = true,
            }
        }
        self.done |= self.last && self.unsent.is_none();
    }
}

/// A token for everybody who has read and whose listener has room.
fn speak(seats: &mut [Seat]) {
    let mut speaking: Vec<&mut Seat> = seats.iter_mut().filter(|seat| seat.speaks()).collect();
    let Some(first) = speaking.first() else { return };
    let shared = Arc::clone(&first.own.shared);
    let mut voices = Vec::with_capacity(speaking.len());
    for seat in &mut speaking {
        voices.push((&mut seat.own.voice, &mut seat.own.sampler));
    }
    let said = Voice::say_together(&shared.model.base, &mut voices, 0);
    for (seat, said) in speaking.into_iter().zip(said) {
        let step = catch_unwind(AssertUnwindSafe(|| seat.own.take(said)));
        seat.send(step.unwrap_or_else(|_| Err(broken("its text could not be made"))));
    }
}

/// A slice for the next one who has to read: in turns, so that a short prompt does not wait for the
/// end of a long one.
fn read(seats: &mut [Seat], turn: &mut usize) {
    let n = seats.len();
    let next = (0..n).map(|i| (*turn + i) % n).find(|i| seats[*i].reads());
    let Some(next) = next else { return };
    *turn = next + 1;
    let seat = &mut seats[next];
    if let Err(e) = seat.own.read_some() {
        seat.send(Err(e));
    }
}

#[cfg(test)]
#[path = "batch_tests.rs"]
mod tests;
