//! `her legacy`: a process of its own that serves what an identity left behind, read-only.
//!
//! In this order: it opens the copy and checks every byte, takes its socket, lets Landlock hold its
//! one thread, starts the two others, lets the filter of system calls hold all three, tries to
//! break out, and serves. Nothing it does from then on needs a right that it gave away.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use her_identity::clock::{Clock, RealClock};
use her_identity::format::{LEGACY_DIGEST_FILE, LEGACY_FILE, LEGACY_MANIFEST_FILE};
use her_identity::legacy::{Frozen, digest_line};
use her_identity::turn::Desk;
use her_identity::{Error, Result};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};

use crate::config::{Limits, Settings};
use crate::isolate::escapes::{self, Cell, Try};
use crate::isolate::{self, Layer, Needs};

mod accept;
mod answer;
mod guard;
mod listen;
mod routes;
mod work;

use guard::Seal;
use listen::Listener;
use work::Worker;

/// What a legacy process is told besides the settings.
pub struct Asked {
    /// The copy.
    pub dir: PathBuf,
    /// A Unix socket to listen at instead of an address.
    pub socket: Option<PathBuf>,
    /// What the manifest's BLAKE3 must be, if that is known.
    pub manifest: Option<String>,
    /// How often every byte is looked at again.
    pub check_every: Duration,
    /// The token that requests must bring; none lets everybody on this machine in.
    pub token: Option<String>,
}

/// Files and sockets besides those of clients: the copy's, the loop's, and the three of a terminal.
const FILES: u64 = 64;

/// What all requests share.
struct Copy {
    frozen: Arc<Frozen>,
    limits: Limits,
    token: Option<blake3::Hash>,
    loopback: bool,
    url: String,
    cell_addr: SocketAddr,
    layers: Vec<Layer>,
    tries: Mutex<Tries>,
    desk: Mutex<Desk>,
    seal: Arc<Seal>,
    worker: Worker,
    clock: Arc<RealClock>,
}

/// The newest tries to break out.
struct Tries {
    all: Vec<Try>,
    at_ms: u64,
    times: u64,
}

impl Copy {
    /// Tries the twelve ways out, or only the one of this name, on the thread that calls this, and
    /// remembers what came of it.
    fn try_to_break_out(&self, only: Option<&str>) -> Vec<Try> {
        let manifest = self.frozen.digest();
        let bytes = digest_line(manifest).into_bytes();
        let cell = Cell {
            dir: self.frozen.dir(),
            file: LEGACY_DIGEST_FILE,
            bytes: &bytes,
            addr: self.cell_addr,
            held: isolate::holds(&self.layers),
        };
        let new = escapes::try_out(&cell, only);
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        if only.is_none() {
            *tries = Tries { all: new.clone(), at_ms: self.clock.now_ms(), times: tries.times + 1 };
        } else {
            for new in &new {
                tries.all.iter_mut().filter(|old| old.name == new.name).for_each(|old| {
                    old.clone_from(new);
                });
            }
        }
        new
    }

    /// How well it is locked up.
    fn isolation(&self) -> Value {
        let tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        json!({
            "isolation": isolate::word(&self.layers, &tries.all),
            "missing": isolate::missing(&self.layers, &tries.all),
            "layers": isolate::layers_json(&self.layers),
            "escapes": tries.all.iter().map(Try::to_json).collect::<Vec<_>>(),
            "tried_ms": tries.at_ms,
            "times_tried": tries.times,
        })
    }
}

/// Serves the copy until SIGINT or SIGTERM; says at the end whether it is what it was.
pub fn run(settings: &Settings, asked: &Asked) -> Result<()> {
    // An ensemble's threads would have to be started while it learns again, which is too late.
    her_identity::crew::set_threads(1);
    let clock = Arc::new(RealClock::new());
    let frozen = Arc::new(open(settings, asked)?);
    let tls = super::tls::acceptor(&settings.tls)?;
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Error::io("starting the server", e))?;
    let (listener, mut signals) = runtime.block_on(async {
        let listener = Listener::bind(settings, asked, tls.is_some()).await?;
        Ok::<_, Error>((listener, Signals::listen()?))
    })?;
    let needs = Needs {
        dir: frozen.dir(),
        files: settings.limits.connections as u64 + frozen.manifest().branches.len() as u64 + FILES,
    };
    let mut layers = isolate::before_threads(needs);
    let seal = Arc::new(Seal::new(&frozen, clock.now_ms(), asked.check_every));
    let (worker, working) = Worker::start(Arc::clone(&frozen))?;
    let guard = guard::start(Arc::clone(&frozen), Arc::clone(&seal), Arc::clone(&clock))?;
    layers.extend(isolate::after_threads(needs));
    let copy = Arc::new(Copy {
        limits: settings.limits.clone(),
        token: asked.token.as_deref().map(|token| blake3::hash(token.as_bytes())),
        loopback: listener.is_loopback(),
        url: listener.url(tls.is_some()),
        cell_addr: listener.addr().unwrap_or((Ipv4Addr::LOCALHOST, 9).into()),
        layers,
        tries: Mutex::new(Tries { all: Vec::new(), at_ms: 0, times: 0 }),
        desk: Mutex::default(),
        seal: Arc::clone(&seal),
        worker,
        clock,
        frozen,
    });
    copy.try_to_break_out(None);
    tell_start(&copy);
    serve(&runtime, &copy, listener, tls, &mut signals, settings.drain);
    drop(runtime);
    guard.stop();
    drop(working);
    tell_end(&copy)
}

fn open(settings: &Settings, asked: &Asked) -> Result<Frozen> {
    let manifest = asked.dir.join(LEGACY_MANIFEST_FILE);
    if !manifest.exists() {
        return Err(Error::not_found(format!(
            "{} is no copy, for there is no {}; `her leave NAME DIR` makes one, and {LEGACY_FILE} \
             in a data directory lists those that were left",
            asked.dir.display(),
            manifest.display()
        )));
    }
    Frozen::open(&asked.dir, settings.catalog(), asked.manifest.as_deref())
}

fn serve(
    runtime: &Runtime,
    copy: &Arc<Copy>,
    listener: Listener,
    tls: Option<tokio_rustls::TlsAcceptor>,
    signals: &mut Signals,
    drain: Duration,
) {
    let (stop, stopping) = watch::channel(false);
    let (alive, mut gone) = mpsc::channel(1);
    let routes = routes::router(Arc::clone(copy));
    runtime.block_on(async {
        let taking = accept::accept(listener, tls, Arc::clone(copy), routes, stopping, alive);
        tokio::spawn(taking);
        signals.wait().await;
        say("closing; press Ctrl-C again to end at once");
        stop.send_replace(true);
        tokio::select! {
            _ = tokio::time::timeout(drain, gone.recv()) => {}
            () = signals.wait() => {}
        }
    });
}

fn tell_start(copy: &Copy) {
    let manifest = copy.frozen.manifest();
    let told = copy.isolation();
    let (name, version) = (&manifest.name, manifest.version);
    let what = match &manifest.book {
        Some(digest) => format!("a book of {name} at version {version} ({digest})"),
        None => format!("what {name} left at version {version}"),
    };
    say(&format!("her serves {what}, read-only, from {}", copy.frozen.dir().display()));
    say(&format!("  at         {}", copy.url));
    say(&format!("  manifest   {}", copy.frozen.digest()));
    say(&format!("  isolation  {}", told["isolation"].as_str().unwrap_or_default()));
    for line in told["missing"].as_array().into_iter().flatten() {
        say(&format!("  missing    {}", line.as_str().unwrap_or_default()));
    }
    let token = if copy.token.is_some() { "needed" } else { "not needed" };
    say(&format!("  token      {token}"));
}

/// Looks at every byte a last time.
fn tell_end(copy: &Copy) -> Result<()> {
    copy.seal.look(&copy.frozen, copy.clock.now_ms());
    match copy.seal.fault() {
        None => {
            say(&format!("  manifest   {}, as it was at the start", copy.frozen.digest()));
            Ok(())
        }
        Some(why) => Err(Error::new(her_identity::ErrorKind::Corrupt, why)),
    }
}

/// Tells people something. A log that is full or gone stops nobody from being answered.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// What ends the process, and what must not: a log that may grow no more.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    _file_size: Signal,
}

/// `SIGXFSZ`, by the number that Linux and the BSDs give it.
const SIGXFSZ: i32 = 25;

impl Signals {
    fn listen() -> Result<Self> {
        let listen = |kind| signal(kind).map_err(|e| Error::io("listening for signals", e));
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            _file_size: listen(SignalKind::from_raw(SIGXFSZ))?,
        })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
