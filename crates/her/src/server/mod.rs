//! The HTTP server: routes over an accept loop of our own.
//!
//! [`Server::start`] opens the house, listens, and answers until [`Server::stop`]. Read
//! [`routes`] for what it answers, [`ndjson`] for the fast door.

use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use her_identity::{Error, ErrorKind, House, Result};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, mpsc, watch};

use crate::config::{Limits, Settings};
use crate::depart::{self, Departs, OfServer};
use crate::gates::departures::{Departures, Nowhere};
use crate::gates::service::Gates;
use crate::locks::first;
use crate::sync::{Rounds, Syncs};

mod accept;
mod alert;
mod answer;
mod audit;
mod auth;
mod body;
mod books;
mod cards;
mod channels;
mod departs;
mod docs;
mod events;
mod forget;
mod gate;
mod gates;
mod history;
mod identities;
mod lanes;
mod learn;
pub mod legacy;
mod meter;
mod metrics;
mod moved;
mod ndjson;
mod nearest;
mod openai;
mod openapi;
mod predict;
mod problem;
mod rest;
mod routes;
mod server_file;
mod sync;
mod tls;
pub(crate) mod ui;
mod v2;

use auth::Door;
use channels::Channels;
use events::Followed;
use gate::Gate;
use lanes::Lanes;
use metrics::Metrics;
use openai::Stage;
use ui::Screens;

/// Blocking work (replays, logs, cards) that runs at one time; more waits for its turn.
const BLOCKING_MAX: usize = 16;

/// How long closing waits for blocking work that outlived the drain.
const STRAGGLERS: Duration = Duration::from_secs(5);

/// What all requests share.
pub(crate) struct App {
    house: Arc<House>,
    limits: Limits,
    door: Door,
    gate: Gate,
    blocking: Arc<Semaphore>,
    metrics: Metrics,
    followed: Followed,
    screens: Screens,
    channels: Channels,
    stage: Stage,
    gates: Gates,
    /// None where no other node is known.
    departs: Option<Arc<Departs>>,
    syncs: Arc<Syncs>,
    /// Goes up when an identity may have left.
    moves: watch::Sender<u64>,
    stopping: watch::Receiver<bool>,
}

/// A running server.
pub struct Server {
    addr: SocketAddr,
    secure: bool,
    house: Arc<House>,
    runtime: Runtime,
    lanes: lanes::Threads,
    stop: watch::Sender<bool>,
    gone: mpsc::Receiver<()>,
    drain: Duration,
    data_dir: PathBuf,
    gates: Option<gates::Running>,
    departs: Option<departs::Running>,
    rounds: Option<Rounds>,
}

impl Server {
    /// Opens the house and listens. From when this returns, requests are answered.
    pub fn start(settings: &Settings) -> Result<Self> {
        let dir = &settings.data_dir;
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
        made.map_err(|e| Error::io(format!("making the data directory {}", dir.display()), e))?;
        let house = Arc::new(House::open(settings.house(), settings.catalog())?);
        let token = first::token(&settings.token_file())?;
        let tls = tls::acceptor(&settings.tls)?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("her-keep")
            .enable_all()
            .build()
            .map_err(|e| Error::io("starting the server's threads", e))?;
        let (lanes, threads) = Lanes::start()?;
        let listener = runtime.block_on(TcpListener::bind(settings.listen));
        let listener = listener.map_err(|e| listen_error(settings.listen, e))?;
        let addr = listener.local_addr().map_err(|e| Error::io("asking for the address", e))?;
        let (stop, stopping) = watch::channel(false);
        let (alive, gone) = mpsc::channel(1);
        let key = crate::node::of_dir(dir)?;
        let departs = if depart::wanted(settings, &house) {
            Some(Arc::new(Departs::open(&house, &key, settings)?))
        } else {
            None
        };
        let syncs = Arc::new(Syncs::open(&house, key.clone(), &settings.nodes, settings.sync)?);
        let moves: Arc<dyn Departures> = match &departs {
            Some(departs) => Arc::new(OfServer(Arc::clone(departs))),
            None => Arc::new(Nowhere),
        };
        let app = Arc::new(App {
            limits: settings.limits.clone(),
            door: Door::open(
                dir,
                &token,
                (addr.ip().is_loopback(), tls.is_some()),
                &settings.limits,
            )?,
            gate: Gate::new(her_identity::shard::QUEUE_EVENTS_MAX),
            blocking: Arc::new(Semaphore::new(BLOCKING_MAX)),
            metrics: Metrics::new(&house, syncs.totals()),
            followed: Followed::default(),
            screens: Screens::default(),
            channels: Channels::new(settings.channels.clone()),
            stage: Stage::default(),
            gates: Gates::new(settings, moves, seed()?),
            departs: departs.clone(),
            syncs: Arc::clone(&syncs),
            moves: watch::Sender::new(0),
            stopping: stopping.clone(),
            house: Arc::clone(&house),
        });
        let routes: Router = routes::router(Arc::clone(&app));
        runtime.spawn(keep(Arc::clone(&app), settings.rest_after, alive.clone()));
        let gates = gates::Running::start(&app)?;
        let departs = match &departs {
            Some(departs) => {
                let (of, handle) = ((departs, &key), runtime.handle());
                Some(departs::Running::start((&app, &routes), of, settings, handle)?)
            }
            None => None,
        };
        let rounds = Some(Rounds::start(&syncs)?);
        let secure = tls.is_some();
        runtime.spawn(accept::accept(listener, tls, app, routes, lanes, stopping, alive));
        server_file::write(dir, addr, settings.tls.cert_file.as_deref(), house.clock().now_ms())?;
        let data_dir = dir.clone();
        let drain = settings.drain;
        let lanes = threads;
        Ok(Self {
            addr,
            secure,
            house,
            runtime,
            lanes,
            stop,
            gone,
            drain,
            data_dir,
            gates,
            departs,
            rounds,
        })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The address that clients are given.
    pub fn url(&self) -> String {
        format!("{}://{}", if self.secure { "https" } else { "http" }, self.addr)
    }

    /// Where it listens for other nodes, if it does.
    pub fn node_addr(&self) -> Option<SocketAddr> {
        self.departs.as_ref().and_then(departs::Running::addr)
    }

    /// The house that it serves.
    pub fn house(&self) -> &House {
        &self.house
    }

    /// Stops accepting, lets requests under way end, closes the house, which commits and
    /// snapshots, and removes `server.json`.
    pub fn stop(mut self) {
        self.stop.send_replace(true);
        if let Some(gates) = self.gates.take() {
            gates.stop();
        }
        if let Some(rounds) = self.rounds.take() {
            rounds.stop();
        }
        if let Some(departs) = self.departs.take() {
            departs.stop();
        }
        let gone = &mut self.gone;
        let drained =
            self.runtime.block_on(async { tokio::time::timeout(self.drain, gone.recv()).await });
        if drained.is_err() {
            eprintln!(
                "warning: some requests did not end within drain_s = {} and are cut",
                self.drain.as_secs()
            );
        }
        self.lanes.stop();
        self.runtime.shutdown_timeout(STRAGGLERS);
        match Arc::into_inner(self.house) {
            Some(house) => house.close(),
            None => eprintln!(
                "warning: a request still reads the house; no last snapshots are written, the \
                 next start replays instead"
            ),
        }
        server_file::remove(&self.data_dir);
    }
}

/// An identity's peers, of a house without a server.
pub(crate) fn peers_told(house: &House, name: &str) -> Result<serde_json::Value> {
    sync::told(house, None, name)
}

/// Every route's method and path, for a test that walks them all.
#[doc(hidden)]
pub fn route_table() -> Vec<(&'static str, &'static str)> {
    routes::all().map(|route| (route.method, route.path)).collect()
}

/// Keeps the door while the server runs: ended tokens, the count of who was refused, and who rests
/// `after` so long a silence.
async fn keep(app: Arc<App>, after: std::time::Duration, alive: mpsc::Sender<()>) {
    let mut stopping = app.stopping.clone();
    let clock = Arc::clone(&app);
    tokio::select! {
        () = app.door.keep(|| clock.house.clock().now_ms()) => {}
        () = count_bytes(&app) => {}
        () = channels::rehearse(&app) => {}
        () = rest::rest(&app, after) => {}
        () = told_to_stop(&mut stopping) => {}
    }
    app.door.write_refusals(app.house.clock().now_ms());
    drop(alive);
}

/// Counts what tokens with a quota of bytes hold, from the start on.
async fn count_bytes(app: &Arc<App>) {
    loop {
        if app.door.counts_bytes() {
            let own = Arc::clone(app);
            // A look that ends badly is made again.
            let _ = app
                .blocking(move |house| {
                    own.door.count_bytes(house, &|| !*own.stopping.borrow());
                    Ok(())
                })
                .await;
        }
        tokio::time::sleep(crate::locks::keyring::LOOK).await;
    }
}

/// Returns when the server is to end.
async fn told_to_stop(stopping: &mut watch::Receiver<bool>) {
    // Without a sender there is nobody left to serve for.
    let _ = stopping.wait_for(|stop| *stop).await;
}

/// What placement draws from.
fn seed() -> Result<u64> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|e| {
        Error::new(ErrorKind::Unavailable, format!("the system gives no random numbers: {e}"))
    })?;
    Ok(u64::from_le_bytes(bytes))
}

fn listen_error(addr: SocketAddr, e: std::io::Error) -> Error {
    if e.kind() == std::io::ErrorKind::AddrInUse {
        return Error::new(
            ErrorKind::Unavailable,
            format!("{addr} is taken by another process; choose another with --listen"),
        )
        .because(e);
    }
    Error::io(format!("listening on {addr}"), e)
}
