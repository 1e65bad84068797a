//! `…/ws`: a channel over a WebSocket.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ws::{CloseFrame, Message as Frame, WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts, State};
use axum::http::Request;
use her_identity::journal::IdentityId;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until, timeout};

use super::figures::Wait;
use super::message::{self, Message};
use super::pulse::{Beats, HZ_MAX, Pulse, next_beat};
use super::session::{self, Known, Session};
use super::{Entry, Parked, moved, parked, token_ended};
use crate::server::accept::{Seat, Wire};
use crate::server::answer::{Answer, Asked, At};
use crate::server::auth::{GRANTED, granted};
use crate::server::meter::Token;
use crate::server::problem::Problem;
use crate::server::{App, told_to_stop};

/// Bytes that a quiet channel holds to read into; axum's default is 128 KiB for each.
const READ_BUFFER: usize = 512;
/// How long the other side may take to say goodbye too.
const GOODBYE: Duration = Duration::from_secs(1);
/// Pings without an answer after which nobody is there.
const PINGS_MISSED: u8 = 2;

/// `?resume=&n=&seq=&pulse=`.
#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asking {
    /// The token of the session that goes on; none to begin one.
    pub resume: Option<String>,
    /// The newest message whose answer was seen.
    pub n: Option<u64>,
    /// The newest version that was seen.
    pub seq: Option<u64>,
    /// Beats a second.
    pub pulse: Option<u32>,
}

impl Asking {
    pub fn check(&self) -> Result<(), Problem> {
        match self.pulse {
            Some(hz) if hz > HZ_MAX => Err(Problem::malformed(format!(
                "query: pulse is {hz} a second, at most {HZ_MAX} are sent"
            ))),
            _ => Ok(()),
        }
    }
}

/// `GET …/ws`.
pub(crate) async fn ws(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    Asked(asked): Asked<Asking>,
    request: Request<Body>,
) -> Answer {
    asked.check()?;
    let (mut parts, _) = request.into_parts();
    let wire = parts.extensions.get::<Wire>().cloned();
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &()).await;
    let upgrade = upgrade.map_err(|e| {
        Problem::malformed(format!("this route speaks WebSocket ({e}); without it, use …/talk"))
    })?;
    let Some(wire) = wire else {
        return Err(Problem::malformed("this connection can't become a WebSocket"));
    };
    let seat = app.channels.seat(wire.from)?;
    let known = Known::look(&app, &name, Session::of(asked.resume.as_deref())?, asked.n).await?;
    let bytes = app.channels.bounds.message_bytes;
    let upgrade = upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(4 * bytes)
        .max_message_size(bytes)
        .max_frame_size(bytes);
    // The connection's own timers rest while the channel has it.
    let held = Held { _token: wire.under_way.begin(), _seat: seat, _wire: wire };
    // Boxed, and boxed where it is rarely run: a future keeps room for all that it may await, and
    // for what it was given besides; a quiet channel should hold little.
    let begin = Box::new((app, known, asked, held, granted()));
    let response = upgrade.on_upgrade(move |socket| {
        let (app, known, asked, held, granted) = *begin;
        let talk = Box::new(Talk::new(app, &known, socket, asked.pulse, held));
        let talk = talk.run(Box::new(known), asked.seq);
        let talk: Pin<Box<dyn Future<Output = ()> + Send>> = match granted {
            Some(granted) => Box::pin(GRANTED.scope(granted, talk)),
            None => Box::pin(talk),
        };
        talk
    });
    Ok(response)
}

/// What a channel holds until its end.
struct Held {
    _token: Token,
    _seat: Seat,
    _wire: Wire,
}

/// One channel.
struct Talk {
    app: Arc<App>,
    entry: Entry,
    session: Session,
    say_as: Box<str>,
    branch: IdentityId,
    socket: WebSocket,
    beats: Option<Box<Beats>>,
    ping_at: Instant,
    unanswered: u8,
    _held: Held,
}

/// What a channel wakes up for.
enum Turn {
    Heard(Option<Result<Frame, axum::Error>>),
    Time,
    Beat(Pulse),
    End(Parked),
}

impl Talk {
    fn new(app: Arc<App>, known: &Known, socket: WebSocket, hz: Option<u32>, held: Held) -> Self {
        let entry = Entry::new(&app, "ws", &known.name, known);
        let beats = hz.and_then(|hz| Beats::new(&app, &known.name, hz));
        let mut talk = Self {
            session: known.session.clone(),
            say_as: known.say_as.clone(),
            branch: known.branch,
            ping_at: Instant::now(),
            unanswered: 0,
            app,
            entry,
            socket,
            beats,
            _held: held,
        };
        talk.rest_ping();
        talk
    }

    async fn run(mut self: Box<Self>, known: Box<Known>, seen: Option<u64>) {
        let (app, token) = (Arc::clone(&self.app), granted::token());
        let name = self.entry.name.clone();
        let why = tokio::select! {
            why = self.all(known, seen) => why,
            // A channel does not outlive the token that opened it; its session does. What it was
            // about to answer was taken, and is told to whoever comes back.
            () = token_ended(&app, token.as_deref()) => Parked::TokenEnded,
            () = moved(&app, &name) => Parked::Moved,
        };
        self.app.metrics.channels.parked(why);
        Box::pin(self.part(why)).await;
    }

    /// From the hello to the reason of its end.
    async fn all(&mut self, known: Box<Known>, seen: Option<u64>) -> Parked {
        match Box::pin(self.greet(known, seen)).await {
            Ok(()) => self.talk().await,
            Err(why) => why,
        }
    }

    /// The first frame, and what was missed.
    async fn greet(&mut self, known: Box<Known>, seen: Option<u64>) -> Result<(), Parked> {
        if known.is_known() {
            self.app.metrics.channels.resumed.inc();
        }
        self.send(known.hello(seen).to_string()).await?;
        for (_, frame) in known.missed() {
            self.send(frame.to_string()).await?;
        }
        Ok(())
    }

    async fn talk(&mut self) -> Parked {
        loop {
            let turn = self.next().await;
            let done = match turn {
                Turn::Heard(None | Some(Err(_) | Ok(Frame::Close(_)))) => Err(Parked::Left),
                Turn::Heard(Some(Ok(frame))) => {
                    self.unanswered = 0;
                    match frame {
                        Frame::Text(text) => Box::pin(self.hear(text.as_bytes())).await,
                        Frame::Binary(bytes) => Box::pin(self.hear(&bytes)).await,
                        _ => Ok(()),
                    }
                }
                Turn::Time => Box::pin(self.time()).await,
                Turn::Beat(pulse) => Box::pin(self.beat(pulse)).await,
                Turn::End(why) => Err(why),
            };
            if let Err(why) = done {
                return why;
            }
        }
    }

    async fn next(&mut self) -> Turn {
        let parks_at = self.entry.figures.last_word() + self.app.channels.bounds.park;
        let begun = Instant::now();
        self.entry.figures.listens(begun);
        let mut stopping = self.app.stopping.clone();
        let turn = tokio::select! {
            heard = self.socket.recv() => Turn::Heard(heard),
            () = sleep_until(self.ping_at.min(parks_at)) => Turn::Time,
            pulse = next_beat(&mut self.beats, &self.app, &self.entry.name) => Turn::Beat(pulse),
            () = self.entry.elsewhere.notified() => Turn::End(Parked::Elsewhere),
            () = told_to_stop(&mut stopping) => Turn::End(Parked::Closing),
        };
        let time = begun.elapsed();
        self.entry.figures.listened(time);
        self.app.metrics.channels.waited(Wait::Read, time);
        turn
    }

    fn waited(&self, what: Wait, since: Instant) {
        let time = since.elapsed();
        self.entry.figures.waited(what, time);
        self.app.metrics.channels.waited(what, time);
    }

    /// A timer has run out: the other side is quiet for too long, or it is asked whether it lives.
    async fn time(&mut self) -> Result<(), Parked> {
        let now = Instant::now();
        if now >= self.entry.figures.last_word() + self.app.channels.bounds.park {
            return Err(Parked::Quiet);
        }
        if now < self.ping_at {
            return Ok(());
        }
        if self.unanswered >= PINGS_MISSED {
            return Err(Parked::NoPong);
        }
        self.unanswered += 1;
        self.rest_ping();
        self.write(Frame::Ping(axum::body::Bytes::new())).await
    }

    /// The next ping: each channel a little sooner or later than others, so that they do not come
    /// all at once.
    fn rest_ping(&mut self) {
        let spread = self.session.id.bytes().fold(0u32, |h, b| h.wrapping_mul(31) + u32::from(b));
        let part = 0.9 + 0.2 * f64::from(spread % 1000) / 1000.0;
        self.ping_at = Instant::now() + self.app.channels.bounds.ping.mul_f64(part);
    }

    /// One message: taken, answered when it is durable, and only then is the next one read.
    async fn hear(&mut self, bytes: &[u8]) -> Result<(), Parked> {
        let wait = {
            let mut buckets =
                self.entry.buckets.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            buckets.take(bytes.len(), Instant::now())
        };
        if !wait.is_zero() {
            let mut stopping = self.app.stopping.clone();
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = told_to_stop(&mut stopping) => return Err(Parked::Closing),
            }
        }
        let map = match message::object(bytes, &self.app.limits) {
            Ok(map) => map,
            Err(problem) => return self.refuse(None, &problem).await,
        };
        if map.contains_key("resume") {
            return self.resume(Value::Object(map)).await;
        }
        let n = map.get("n").and_then(Value::as_u64);
        let message = match Message::read(map, &self.say_as) {
            Ok(message) => message,
            Err(problem) => return self.refuse(n, &problem).await,
        };
        session::count(&self.app, Some(&self.entry), bytes.len(), message.words);
        match session::heard(&self.app, &self.entry, &self.session, message).await {
            Ok(frame) => {
                self.tell_of_rewind().await?;
                // What we write ourselves is UTF-8.
                self.send(String::from_utf8_lossy(&frame).into_owned()).await
            }
            // It was not taken: it is sent again where the identity lives.
            Err(problem) if problem.kind == "moved" => Err(Parked::Moved),
            Err(problem) => self.refuse(n, &problem).await,
        }
    }

    /// Another life has taken the name: what was said since its beginning is not part of it.
    async fn tell_of_rewind(&mut self) -> Result<(), Parked> {
        let Ok(record) = self.app.house.record(&self.entry.name) else { return Ok(()) };
        if record.current == self.branch {
            return Ok(());
        }
        self.branch = record.current;
        let Some(branch) = record.branch(self.branch) else { return Ok(()) };
        if let Some(forgot) = branch.forgot {
            return self.send(json!({ "forgot": forgot }).to_string()).await;
        }
        let Some(origin) = branch.parent else { return Ok(()) };
        self.send(json!({ "rewound": origin.version }).to_string()).await
    }

    /// Goes on with another session on the same socket.
    async fn resume(&mut self, said: Value) -> Result<(), Parked> {
        let asked: Asking = match serde_json::from_value(said) {
            Ok(asked) => asked,
            Err(e) => {
                let problem = Problem::malformed(format!("resume: {e}"));
                return self.refuse(None, &problem).await;
            }
        };
        let session = asked.check().and_then(|()| Session::of(asked.resume.as_deref()));
        let known = match session {
            Ok(session) => Known::look(&self.app, &self.entry.name, session, asked.n).await,
            Err(problem) => Err(problem),
        };
        let known = match known {
            Ok(known) => known,
            Err(problem) => return self.refuse(None, &problem).await,
        };
        self.session = known.session.clone();
        self.branch = known.branch;
        self.entry = Entry::new(&self.app, "ws", &known.name, &known);
        if let Some(hz) = asked.pulse {
            self.beats = Beats::new(&self.app, &known.name, hz);
        }
        self.greet(Box::new(known), asked.seq).await
    }

    async fn beat(&mut self, pulse: Pulse) -> Result<(), Parked> {
        let since = self.entry.figures.updates_since(pulse.version);
        self.send(pulse.frame(since).to_string()).await
    }

    async fn refuse(&mut self, n: Option<u64>, problem: &Problem) -> Result<(), Parked> {
        let mut frame = json!({ "error": problem.member() });
        if let Some(n) = n {
            frame["n"] = n.into();
        }
        self.send(frame.to_string()).await
    }

    async fn send(&mut self, text: String) -> Result<(), Parked> {
        self.write(Frame::Text(text.into())).await
    }

    async fn write(&mut self, frame: Frame) -> Result<(), Parked> {
        let bytes = match &frame {
            Frame::Text(text) => text.len(),
            _ => 0,
        };
        let begun = Instant::now();
        let sent = timeout(self.app.channels.bounds.write, self.socket.send(frame)).await;
        self.waited(Wait::Write, begun);
        match sent {
            Ok(Ok(())) => {
                self.entry.figures.sent(bytes);
                self.app.metrics.channels.bytes_out.inc_by(bytes as u64);
                Ok(())
            }
            Ok(Err(_)) => Err(Parked::Left),
            Err(_) => Err(Parked::TakesNothing),
        }
    }

    /// Says why and how to come back, and closes.
    async fn part(&mut self, why: Parked) {
        if matches!(why, Parked::Left | Parked::TakesNothing) {
            return;
        }
        let frame = parked(&self.app, &self.entry.name, why, &self.session.token);
        if self.send(frame.to_string()).await.is_err() {
            return;
        }
        let close = CloseFrame { code: why.code(), reason: why.name().into() };
        if self.write(Frame::Close(Some(close))).await.is_ok() {
            let rest = async { while matches!(self.socket.recv().await, Some(Ok(_))) {} };
            let _ = timeout(GOODBYE, rest).await;
        }
    }
}
