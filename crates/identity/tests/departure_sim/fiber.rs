//! Code that waits, inside a simulation that must not: each runs on a thread of its own, and only
//! one thread runs at a time. It is left alone until it sleeps or asks another node; the simulated
//! world goes on meanwhile, and hands back the answer.
//!
//! So the very code of production runs here, in one order that the seed decides.

use std::panic::resume_unwind;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use her_identity::migrate::{Ask, Link, Node, Told, plant};
use her_identity::{Error, ErrorKind, Result, simulated};

use crate::node::Process;
use crate::world::Lots;

/// A deadlock of threads is a bug of the simulation, and is told after this long.
const STUCK: Duration = Duration::from_mins(2);

/// Steps that a departure may take without a pause or a question.
const RESTLESS: u32 = 100;

enum Said {
    Sleep(u64),
    Ask(Node, Ask),
    Trace(String),
    Done,
}

enum Heard {
    GoOn,
    Told(Option<Told>),
}

/// The fiber's end.
pub struct Door {
    say: Mutex<Sender<Said>>,
    hear: Mutex<Receiver<Heard>>,
    lots: Mutex<Lots>,
    restless: AtomicU32,
}

impl Door {
    fn say(&self, said: Said) {
        let _ = self.say.lock().unwrap().send(said);
    }

    /// The process crashes while this waits: the thread ends here, without a word.
    fn hear(&self) -> Heard {
        self.restless.store(0, Ordering::Relaxed);
        let heard = self.hear.lock().unwrap().recv();
        heard.unwrap_or_else(|_| resume_unwind(Box::new("the process crashed")))
    }

    pub fn trace(&self, line: String) {
        let restless = self.restless.fetch_add(1, Ordering::Relaxed);
        assert!(restless < RESTLESS, "it never rests: {line}");
        self.say(Said::Trace(line));
    }
}

impl Link for Door {
    fn ask(&self, to: Node, ask: &Ask) -> Result<Told> {
        self.say(Said::Ask(to, ask.clone()));
        match self.hear() {
            Heard::Told(Some(told)) => Ok(told),
            _ => Err(Error::new(ErrorKind::Unavailable, format!("no answer from node {to}"))),
        }
    }
}

struct Inside(Arc<Door>);

impl simulated::World for Inside {
    fn random(&self, bytes: &mut [u8]) {
        self.0.lots.lock().unwrap().fill(bytes);
    }

    fn sleep(&self, ms: u64) {
        self.0.say(Said::Sleep(ms));
        self.0.hear();
    }
}

/// The thread; ends with this.
struct Running<T> {
    tell: Option<Sender<Heard>>,
    thread: Option<JoinHandle<T>>,
}

impl<T> Drop for Running<T> {
    fn drop(&mut self) {
        self.tell = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Runs `work` in a process of the simulation.
pub async fn fiber<T: Send + 'static>(
    process: &Rc<Process>,
    work: impl FnOnce(&Door) -> T + Send + 'static,
) -> T {
    let (say, said) = channel();
    let (tell, hear) = channel();
    let (seed, planted) = (process.world.lots.draw(), process.world.planted());
    let thread = std::thread::spawn(move || {
        let lots = Mutex::new(Lots::new(seed));
        let door = Arc::new(Door {
            say: Mutex::new(say),
            hear: Mutex::new(hear),
            lots,
            restless: AtomicU32::new(0),
        });
        simulated::enter(Some(Rc::new(Inside(Arc::clone(&door)))));
        plant(planted);
        let done = work(&door);
        door.say(Said::Done);
        done
    });
    let mut running = Running { tell: Some(tell), thread: Some(thread) };
    let tell = running.tell.clone().unwrap();
    loop {
        let said = said.recv_timeout(STUCK);
        process.kick();
        match said {
            Ok(Said::Trace(line)) => {
                process.world.trace(format_args!("{} {line}", process.machine().name));
            }
            Ok(Said::Sleep(ms)) => {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                let _ = tell.send(Heard::GoOn);
            }
            Ok(Said::Ask(to, ask)) => {
                let told = process.ask(to, ask).await;
                let _ = tell.send(Heard::Told(told));
            }
            Err(RecvTimeoutError::Timeout) => {
                // It can't be joined.
                running.thread = None;
                process.world.accuse("threads wait for each other".to_owned());
                return std::future::pending().await;
            }
            Ok(Said::Done) | Err(_) => {
                let thread = running.thread.take().unwrap();
                match thread.join() {
                    Ok(done) => return done,
                    Err(panic) => {
                        let text = panic.downcast_ref::<String>().cloned();
                        process.world.accuse(format!("a thread panicked: {text:?}"));
                        return std::future::pending().await;
                    }
                }
            }
        }
    }
}
