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
use her_learn::Catalog;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, mpsc, watch};

use crate::config::{Limits, Settings};
use crate::locks::first;

mod accept;
mod answer;
mod audit;
mod auth;
mod body;
mod cards;
mod channels;
mod docs;
mod events;
mod gate;
mod history;
mod identities;
mod learn;
pub mod legacy;
mod meter;
mod metrics;
mod ndjson;
mod openapi;
mod predict;
mod problem;
mod routes;
mod server_file;
mod tls;
mod ui;
mod v2;

use auth::Door;
use channels::Channels;
use events::Followed;
use gate::Gate;
use metrics::Metrics;
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
    stopping: watch::Receiver<bool>,
}

/// A running server.
pub struct Server {
    addr: SocketAddr,
    secure: bool,
    house: Arc<House>,
    runtime: Runtime,
    stop: watch::Sender<bool>,
    gone: mpsc::Receiver<()>,
    drain: Duration,
    data_dir: PathBuf,
}

impl Server {
    /// Opens the house and listens. From when this returns, requests are answered.
    pub fn start(settings: &Settings) -> Result<Self> {
        let dir = &settings.data_dir;
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
        made.map_err(|e| Error::io(format!("making the data directory {}", dir.display()), e))?;
        let house = Arc::new(House::open(settings.house(), Catalog::builtin())?);
        let token = first::token(&settings.token_file())?;
        let tls = tls::acceptor(&settings.tls)?;
        let runtime = Builder::new_multi_thread()
            .thread_name("her-serve")
            .enable_all()
            .build()
            .map_err(|e| Error::io("starting the server's threads", e))?;
        let listener = runtime.block_on(TcpListener::bind(settings.listen));
        let listener = listener.map_err(|e| listen_error(settings.listen, e))?;
        let addr = listener.local_addr().map_err(|e| Error::io("asking for the address", e))?;
        let (stop, stopping) = watch::channel(false);
        let (alive, gone) = mpsc::channel(1);
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
            metrics: Metrics::new(&house),
            followed: Followed::default(),
            screens: Screens::default(),
            channels: Channels::new(settings.channels.clone()),
            stopping: stopping.clone(),
            house: Arc::clone(&house),
        });
        let routes: Router = routes::router(Arc::clone(&app));
        runtime.spawn(keep(Arc::clone(&app), alive.clone()));
        let secure = tls.is_some();
        runtime.spawn(accept::accept(listener, tls, app, routes, stopping, alive));
        server_file::write(dir, addr, settings.tls.cert_file.as_deref(), house.clock().now_ms())?;
        let data_dir = dir.clone();
        Ok(Self { addr, secure, house, runtime, stop, gone, drain: settings.drain, data_dir })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The address that clients are given.
    pub fn url(&self) -> String {
        format!("{}://{}", if self.secure { "https" } else { "http" }, self.addr)
    }

    /// The house that it serves.
    pub fn house(&self) -> &House {
        &self.house
    }

    /// Stops accepting, lets requests under way end, closes the house, which commits and
    /// snapshots, and removes `server.json`.
    pub fn stop(mut self) {
        self.stop.send_replace(true);
        let gone = &mut self.gone;
        let drained =
            self.runtime.block_on(async { tokio::time::timeout(self.drain, gone.recv()).await });
        if drained.is_err() {
            eprintln!(
                "warning: some requests did not end within drain_s = {} and are cut",
                self.drain.as_secs()
            );
        }
        // Ends what is left: only tasks of connections that were cut, and idle helpers.
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

/// Every route's method and path, for a test that walks them all.
#[doc(hidden)]
pub fn route_table() -> Vec<(&'static str, &'static str)> {
    routes::all().map(|route| (route.method, route.path)).collect()
}

/// Keeps the door while the server runs: ended tokens, and the count of who was refused.
async fn keep(app: Arc<App>, alive: mpsc::Sender<()>) {
    let mut stopping = app.stopping.clone();
    let clock = Arc::clone(&app);
    tokio::select! {
        () = app.door.keep(|| clock.house.clock().now_ms()) => {}
        () = told_to_stop(&mut stopping) => {}
    }
    app.door.write_refusals(app.house.clock().now_ms());
    drop(alive);
}

/// Returns when the server is to end.
async fn told_to_stop(stopping: &mut watch::Receiver<bool>) {
    // Without a sender there is nobody left to serve for.
    let _ = stopping.wait_for(|stop| *stop).await;
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
