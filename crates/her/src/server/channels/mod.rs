//! Channels: people and devices who talk to an identity, slowly.
//!
//! A session is a position in the journal and not memory. Each message is an event with a request
//! number, so what was said is known from the identity's state alone: who comes back, here or on
//! another process with the same journal, finds everything taken once and nothing lost. What is
//! kept here is only who is connected at present, and how long each side waits for the other.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use her_identity::house::Place;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::accept::{Seat, Seats};
use super::problem::Problem;
use super::{App, departs};
use crate::config::Channels as Bounds;
use crate::locks::token::Token;

mod bucket;
mod figures;
mod list;
mod message;
mod metrics;
mod pulse;
mod rehearse;
mod session;
mod talk;
mod ws;

pub(super) use list::{all, first, of_identity};
pub(crate) use metrics::ChannelMetrics;
pub(super) use rehearse::rehearse;
pub(super) use talk::{hear, say};
pub(super) use ws::ws;

use bucket::Buckets;
use figures::Figures;
use pulse::Pulses;

/// By identity and session: a session is in one place at a time.
type Open = BTreeMap<(Box<str>, Box<str>), Arc<Channel>>;

/// Who is connected.
pub(crate) struct Channels {
    bounds: Bounds,
    seats: Seats,
    open: Mutex<Open>,
    pulses: Pulses,
}

/// One connected person or device.
pub(super) struct Channel {
    name: Box<str>,
    session: Box<str>,
    door: &'static str,
    /// Its identity wants a second pass while somebody thinks.
    rehearses: bool,
    figures: Figures,
    buckets: Mutex<Buckets>,
    /// The same session has come in through another door.
    elsewhere: Notify,
}

/// An open channel; it is listed until this is dropped.
pub(super) struct Entry {
    app: Arc<super::App>,
    channel: Arc<Channel>,
}

impl Channels {
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, seats: Seats::default(), open: Mutex::default(), pulses: Pulses::default() }
    }

    fn seat(&self, from: IpAddr) -> Result<Seat, Problem> {
        let caps = (self.bounds.max, self.bounds.per_ip);
        let seat = self.seats.take(from, caps, ["channels.max", "channels.per_ip"]);
        seat.map_err(Problem::full_channels)
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The channel of a session, if it is connected.
    fn find(&self, name: &str, session: &str) -> Option<Arc<Channel>> {
        self.open().get(&(name.into(), session.into())).cloned()
    }
}

impl Entry {
    /// Lists a channel. An older one of the same session is told to go.
    fn new(app: &Arc<super::App>, door: &'static str, name: &str, known: &session::Known) -> Self {
        let channel = Arc::new(Channel {
            name: name.into(),
            session: known.session.id.clone(),
            door,
            rehearses: known.rehearses,
            figures: Figures::new(Instant::now(), known.version),
            buckets: Mutex::new(Buckets::new(&app.channels.bounds)),
            elsewhere: Notify::new(),
        });
        let key = (channel.name.clone(), channel.session.clone());
        if let Some(older) = app.channels.open().insert(key, Arc::clone(&channel)) {
            older.elsewhere.notify_one();
        }
        Self { app: Arc::clone(app), channel }
    }
}

impl std::ops::Deref for Entry {
    type Target = Channel;

    fn deref(&self) -> &Channel {
        &self.channel
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut open = self.app.channels.open();
        let key = (self.channel.name.clone(), self.channel.session.clone());
        if open.get(&key).is_some_and(|now| Arc::ptr_eq(now, &self.channel)) {
            open.remove(&key);
        }
    }
}

/// Returns when the token that opened a channel opens nothing any more: within a second of that.
async fn token_ended(app: &App, token: Option<&Token>) {
    app.door.ended(token, || app.house.clock().now_ms()).await;
}

/// Returns when an identity lives on another node.
async fn moved(app: &App, name: &str) {
    let mut moves = app.moves.subscribe();
    while !matches!(app.house.place(name), Place::Moved(_)) {
        // The sender is the app's own.
        if moves.changed().await.is_err() {
            return std::future::pending().await;
        }
    }
}

/// The last frame of a channel: why it ends, how its session goes on, and where.
fn parked(app: &App, name: &str, why: Parked, token: &str) -> Value {
    let mut frame = json!({ "parked": why.name(), "resume": token });
    if why == Parked::Moved {
        frame["moved"] = departs::place_of(app, name);
    }
    frame
}

/// Why a channel ends. The session goes on: its token is good for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parked {
    /// Nothing was said for `channels.park_s`.
    Quiet,
    /// Two pings had no answer.
    NoPong,
    /// A frame was not taken within `channels.write_s`.
    TakesNothing,
    /// The same session came in elsewhere.
    Elsewhere,
    /// The server ends.
    Closing,
    /// The token that opened it was revoked, or its time is over.
    TokenEnded,
    /// The identity lives on another node now.
    Moved,
    /// The other side went away.
    Left,
}

impl Parked {
    /// All, in the order of their codes.
    pub const ALL: [Self; 8] = [
        Self::Quiet,
        Self::NoPong,
        Self::TakesNothing,
        Self::Elsewhere,
        Self::Closing,
        Self::TokenEnded,
        Self::Moved,
        Self::Left,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::NoPong => "no_pong",
            Self::TakesNothing => "takes_nothing",
            Self::Elsewhere => "elsewhere",
            Self::Closing => "closing",
            Self::TokenEnded => "token_ended",
            Self::Moved => "moved",
            Self::Left => "left",
        }
    }

    /// The code of the WebSocket's end.
    pub fn code(self) -> u16 {
        match self {
            Self::Quiet => 4000,
            Self::NoPong => 4001,
            Self::TakesNothing => 4002,
            Self::Elsewhere => 4003,
            Self::Closing => 1001,
            Self::TokenEnded => 1008,
            Self::Moved => 1012,
            Self::Left => 1000,
        }
    }
}
