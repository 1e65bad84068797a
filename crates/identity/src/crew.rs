//! The threads that members of an ensemble may work on: one setting of the process.
//!
//! `set_threads(2)` lends [`her_learn::parallel`] a second thread. No result changes by a bit, so
//! neither specs nor journals know of it. Work that lasts microseconds needs hands that are there
//! at once: they wait for the next task with open eyes for a moment, and then sleep. The caller
//! never waits for a hand that has not begun, but does that hand's work itself.
//!
//! There is one crew. While one model has it, another one's members work on the caller's thread.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::Thread;

use her_learn::parallel::{self, HANDS_MAX};

use crate::clock::{Clock, RealClock};

/// How often a hand looks for a task before it sleeps: some 50 microseconds.
const LOOKS: u32 = 2_000;

/// How often the caller looks whether a hand has begun: some 2 microseconds.
const PATIENCE: u32 = 100;

static CREW: Crew = Crew {
    hands: AtomicUsize::new(1),
    eager: AtomicBool::new(false),
    others: Mutex::new(Vec::new()),
};

/// Lets members of ensembles work on so many threads, the caller's among them: 1 to 64. Returns
/// how many it will be.
pub fn set_threads(n: usize) -> usize {
    let n = n.clamp(1, HANDS_MAX);
    parallel::hire(&CREW);
    CREW.hands.store(n, Ordering::Relaxed);
    n
}

/// Whether members work at once also where that is slower: for tests, and to measure.
pub fn set_eager(eager: bool) {
    CREW.eager.store(eager, Ordering::Relaxed);
}

/// On how many threads members of ensembles may work; 1 unless [`set_threads`] said more.
pub fn threads() -> usize {
    CREW.hands.load(Ordering::Relaxed)
}

struct Crew {
    hands: AtomicUsize,
    eager: AtomicBool,
    others: Mutex<Vec<Hand>>,
}

type Task = &'static (dyn Fn(usize) + Sync);

const FREE: u8 = 0;
const ASKED: u8 = 1;
const AT_WORK: u8 = 2;

/// Where a hand is asked to work.
#[derive(Default)]
struct Desk {
    state: AtomicU8,
    asleep: AtomicBool,
    task: Mutex<Option<Task>>,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

struct Hand {
    desk: Arc<Desk>,
    thread: Thread,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Desk {
    /// A hand's life. It ends with the process.
    fn work(&self, number: usize) {
        loop {
            self.wait();
            let asked =
                self.state.compare_exchange(ASKED, AT_WORK, Ordering::AcqRel, Ordering::Relaxed);
            if asked.is_err() {
                continue;
            }
            if let Some(task) = lock(&self.task).take()
                && let Err(panic) = catch_unwind(AssertUnwindSafe(|| task(number)))
            {
                *lock(&self.panic) = Some(panic);
            }
            self.state.store(FREE, Ordering::Release);
        }
    }

    fn wait(&self) {
        for look in 1..=LOOKS {
            if self.state.load(Ordering::Relaxed) == ASKED {
                return;
            }
            if look.is_multiple_of(64) {
                std::thread::yield_now();
            } else {
                std::hint::spin_loop();
            }
        }
        self.asleep.store(true, Ordering::SeqCst);
        while self.state.load(Ordering::SeqCst) != ASKED && self.asleep.load(Ordering::SeqCst) {
            std::thread::park();
        }
        self.asleep.store(false, Ordering::SeqCst);
    }
}

impl Hand {
    fn new(number: usize) -> std::io::Result<Self> {
        let desk = Arc::new(Desk::default());
        let own = Arc::clone(&desk);
        let thread = std::thread::Builder::new()
            .name(format!("crew-{number}"))
            .spawn(move || own.work(number))?;
        Ok(Self { desk, thread: thread.thread().clone() })
    }

    fn ask(&self, task: Task) {
        *lock(&self.desk.task) = Some(task);
        self.desk.state.store(ASKED, Ordering::SeqCst);
        if self.desk.asleep.swap(false, Ordering::SeqCst) {
            self.thread.unpark();
        }
    }

    /// Waits a microsecond or two for the hand to begin.
    fn begins(&self) -> bool {
        (0..PATIENCE).any(|_| {
            std::hint::spin_loop();
            self.desk.state.load(Ordering::Relaxed) != ASKED
        })
    }

    /// Takes the question back; false when the hand is at work, or was.
    fn excuse(&self) -> bool {
        let state = &self.desk.state;
        let asked = state.compare_exchange(ASKED, FREE, Ordering::AcqRel, Ordering::Acquire);
        asked.is_ok()
    }

    /// Waits until the hand has nothing to do any more.
    fn finish(&self) {
        let mut looks = 0_u32;
        while self.desk.state.load(Ordering::Acquire) != FREE {
            looks = looks.wrapping_add(1);
            if looks.is_multiple_of(256) {
                std::thread::yield_now();
            } else {
                std::hint::spin_loop();
            }
        }
    }
}

/// Hands that were asked. When this goes, by a panic too, none of them has the task any more.
struct Asked<'a>(&'a [Hand]);

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        for hand in self.0 {
            if !hand.excuse() {
                hand.finish();
            }
        }
    }
}

impl parallel::Crew for Crew {
    fn hands(&self) -> usize {
        threads()
    }

    fn nanoseconds(&self) -> u64 {
        static CLOCK: LazyLock<RealClock> = LazyLock::new(RealClock::new);
        CLOCK.monotonic_ns()
    }

    fn is_eager(&self) -> bool {
        self.eager.load(Ordering::Relaxed)
    }

    fn run(&self, hands: usize, task: &(dyn Fn(usize) + Sync)) {
        let mut others = match self.others.try_lock() {
            Ok(others) => others,
            Err(TryLockError::Poisoned(others)) => others.into_inner(),
            // Another model has the crew.
            Err(TryLockError::WouldBlock) => return (0..hands).for_each(task),
        };
        while others.len() + 1 < hands {
            match Hand::new(others.len() + 1) {
                Ok(hand) => others.push(hand),
                // No more threads to be had: the caller does the rest.
                Err(_) => break,
            }
        }
        let others = &others[..others.len().min(hands - 1)];
        let asked = Asked(others);
        let task_of_hands = outlive(task);
        for hand in others {
            hand.ask(task_of_hands);
        }
        task(0);
        for (i, hand) in others.iter().enumerate() {
            // Whoever is awake begins at once; what it has in its caches is to stay there.
            if !hand.begins() && hand.excuse() {
                task(i + 1);
            }
        }
        (others.len() + 1..hands).for_each(task);
        drop(asked);
        if let Some(panic) = others.iter().find_map(|hand| lock(&hand.desk.panic).take()) {
            resume_unwind(panic);
        }
    }
}

/// Forgets how long a task lives.
#[expect(unsafe_code, reason = "a thread that lives on takes a task that does not")]
fn outlive(task: &(dyn Fn(usize) + Sync)) -> Task {
    // SAFETY: the only caller holds `Asked` before a hand gets the task. Its `drop`, which panics
    // do not pass by, returns when each hand has given the task back or never took it.
    unsafe { std::mem::transmute::<&(dyn Fn(usize) + Sync), Task>(task) }
}

#[cfg(test)]
mod tests {
    use her_learn::parallel::Crew as _;

    use super::*;

    /// Tests of one process share its crew.
    static ONE: Mutex<()> = Mutex::new(());

    #[test]
    fn each_number_is_worked_at_once() {
        let _one = lock(&ONE);
        for n in 0..5_000_u64 {
            let hands = [1, 2, 3, 2][n as usize % 4];
            let seen: [AtomicUsize; 3] = Default::default();
            CREW.run(hands, &|hand| {
                seen[hand].fetch_add(1, Ordering::Relaxed);
            });
            let seen = seen.map(AtomicUsize::into_inner);
            assert_eq!(seen, [1, usize::from(hands > 1), usize::from(hands > 2)]);
        }
        assert_eq!((set_threads(0), set_threads(1_000), set_threads(1)), (1, 64, 1));
    }

    #[test]
    fn a_panic_of_any_hand_reaches_the_caller_and_the_crew_goes_on() {
        let _one = lock(&ONE);
        for wrong in [0, 1, 2, 1] {
            let seen = AtomicUsize::new(0);
            let caught = catch_unwind(AssertUnwindSafe(|| {
                CREW.run(3, &|hand| {
                    seen.fetch_add(1, Ordering::Relaxed);
                    // Others take what is theirs.
                    std::thread::sleep(std::time::Duration::from_millis(2));
                    assert!(hand != wrong, "planted");
                });
            }));
            assert!(caught.is_err());
        }
        let ran = AtomicUsize::new(0);
        CREW.run(3, &|_| {
            ran.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(ran.into_inner(), 3);
    }

    #[test]
    fn who_comes_while_the_crew_is_at_work_works_alone() {
        let _one = lock(&ONE);
        let caller = std::thread::current().id();
        CREW.run(2, &|hand| {
            if hand == 0 {
                CREW.run(3, &|_| assert_eq!(std::thread::current().id(), caller));
            }
        });
    }
}
