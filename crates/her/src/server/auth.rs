//! Who may come in: the token or the page's cookie, and where a request says that it comes from.
//!
//! [`Door::check`] stands in front of the router, so that no route can be added past it. What a
//! request was granted goes with its task: handlers ask [`granted`].

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use axum::http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN, UPGRADE};
use axum::http::{HeaderMap, Method, Request};
use her_identity::{House, Result};
use tokio::sync::watch;
use tokio::time::Instant;

use super::problem::Problem;
use super::routes;
use crate::config::Limits;
use crate::locks::audit::Refusals;
use crate::locks::keyring::Keyring;
use crate::locks::rates::{Rates, seconds};
use crate::locks::scope::Scope;
use crate::locks::session;
use crate::locks::token::Token;

/// The cookie of somebody who gave a token to the page.
const SESSION: &str = "her_session";

pub(crate) mod granted;
mod held;

pub(crate) use granted::{GRANTED, Granted, Visit, granted};
use held::Held;

/// The guard of all routes.
pub(crate) struct Door {
    ring: Keyring,
    dir: PathBuf,
    loopback: bool,
    /// True when connections are TLS.
    secure: bool,
    limits: Limits,
    requests: Rates<String>,
    updates: Rates<String>,
    refused: Rates<IpAddr>,
    refusals: Refusals,
    held: Held,
    /// Goes up when tokens may have ended.
    changes: watch::Sender<u64>,
    /// Held while identities are counted and one is made.
    pub making: Mutex<()>,
}

impl Door {
    /// A door; `at` says whether it is on loopback only, and whether it is behind TLS.
    pub fn open(dir: &Path, first: &str, at: (bool, bool), limits: &Limits) -> Result<Self> {
        let (loopback, secure) = at;
        Ok(Self {
            ring: Keyring::open(dir, first)?,
            dir: dir.to_owned(),
            loopback,
            secure,
            limits: limits.clone(),
            requests: Rates::new(),
            updates: Rates::new(),
            refused: Rates::new(),
            refusals: Refusals::default(),
            held: Held::default(),
            changes: watch::Sender::new(0),
            making: Mutex::new(()),
        })
    }

    /// Refuses a request that has no token where one is needed, whose token does not reach as
    /// far, or that comes from a page that is not ours.
    pub fn check<B>(
        &self,
        request: &Request<B>,
        visit: Visit,
    ) -> std::result::Result<Granted, Problem> {
        check_place(request.headers(), self.loopback)?;
        let found = routes::find(request.method().as_str(), request.uri().path());
        let (route, name) = found.map_or((None, None), |(route, name)| (Some(route), name));
        let mut granted = Granted {
            visit,
            route: route.map(|r| r.path),
            id: route.map_or("none", |r| r.id),
            // What the table does not know is as closed as what it knows.
            scope: route.map_or(Scope::Admin, |r| r.scope),
            name,
            token: None,
        };
        if granted.scope == Scope::Open {
            return Ok(granted);
        }
        let token = self.admit(request, visit)?;
        granted.token = Some(Arc::clone(&token));
        self.pace(&token, request.method(), granted.id)?;
        let reaches = granted.wants(granted.scope).and_then(|()| granted.reaches());
        reaches.inspect_err(|_| self.refusals.add(&visit.from.to_string()))?;
        Ok(granted)
    }

    /// The token that a request brings, itself or by the page's cookie.
    fn admit<B>(
        &self,
        request: &Request<B>,
        visit: Visit,
    ) -> std::result::Result<Arc<Token>, Problem> {
        let headers = request.headers();
        let found = match (bearer(headers), cookie(headers)) {
            (Some(text), _) => self.ring.find(text),
            (None, Some(value)) => {
                // Browsers send cookies whoever asks them to; only we may ask for a change.
                let reads = matches!(*request.method(), Method::GET | Method::HEAD)
                    && !headers.contains_key(UPGRADE);
                if !reads && !headers.contains_key(ORIGIN) {
                    return Err(Problem::forbidden(
                        "a change by the page's cookie needs the header Origin, which browsers \
                         send; programs send 'Authorization: Bearer TOKEN'",
                    ));
                }
                session::open(&self.ring, value, visit.now_ms)
            }
            (None, None) => {
                return Err(self.refuse(
                    visit,
                    "send the header 'Authorization: Bearer TOKEN'; the token lies in the file \
                     'token' of the server's data directory, or comes from `her token new`",
                ));
            }
        };
        let Some(token) = found else {
            return Err(self.refuse(
                visit,
                "this is no token of this server; the first one lies in the file 'token' of its \
                 data directory, `her token list` tells of the others",
            ));
        };
        if token.is_over(visit.now_ms) {
            return Err(self.refuse(visit, "the time of this token is over; `her token new`"));
        }
        Ok(token)
    }

    /// The cookie, as `name=value` and whether it is for TLS only, of who has a token.
    pub fn session(&self, text: &str) -> Option<String> {
        let visit = granted().map(|g| g.visit)?;
        let found = self.ring.find(text.as_bytes()).filter(|t| !t.is_over(visit.now_ms));
        if found.is_none() {
            self.refusals.add(&visit.from.to_string());
        }
        let secure = if self.secure { "; Secure" } else { "" };
        found.map(|token| {
            let sealed = session::seal(&self.ring, &token, visit.now_ms);
            format!("{SESSION}={sealed}{secure}")
        })
    }

    /// Refuses who has no token; who comes too often without one is told to wait. Who has one
    /// comes in all the same: an address may be a proxy's.
    fn refuse(&self, visit: Visit, why: &str) -> Problem {
        self.refusals.add(&visit.from.to_string());
        let per_s = f64::from(self.limits.refused_per_min) / 60.0;
        let burst = f64::from(self.limits.refused_per_min);
        match self.refused.take(&visit.from, 1.0, per_s, burst, Instant::now()) {
            Ok(()) => Problem::unauthorized(why),
            Err(wait) => Problem::rate(
                format!(
                    "{} was refused more than {} times in a minute (limits.refused_per_min); {why}",
                    visit.from, self.limits.refused_per_min
                ),
                seconds(wait),
            ),
        }
    }

    /// Holds a token to its number of requests.
    fn pace(&self, token: &Token, method: &Method, id: &str) -> std::result::Result<(), Problem> {
        let limit = token.quota.requests_per_s.unwrap_or(self.limits.requests_per_s);
        if limit == 0 {
            return Ok(());
        }
        let rate = f64::from(limit);
        // A second's worth may come at once.
        self.requests.take(&token.id, 1.0, rate, rate, Instant::now()).map_err(|wait| {
            let what =
                format!("{method} {id}: the token {} may send {limit} requests a second", token.id);
            Problem::rate(what, seconds(wait))
        })
    }

    /// Holds a token to its quotas of events and bytes, for a single request.
    pub fn updates(&self, token: Option<&Arc<Token>>) -> std::result::Result<(), Problem> {
        self.bytes(token)?;
        let Some((token, limit)) = metered(token) else { return Ok(()) };
        let rate = f64::from(limit);
        self.updates.take(&token.id, 1.0, rate, rate, Instant::now()).map_err(|wait| {
            let what = format!("the token {} may send {limit} events a second", token.id);
            Problem::rate(what, seconds(wait))
        })
    }

    /// The same for a stream, which waits for its turn: TCP slows its client down.
    pub async fn updates_of_stream(
        &self,
        token: Option<&Arc<Token>>,
        events: usize,
    ) -> std::result::Result<(), Problem> {
        self.bytes(token)?;
        let Some((token, limit)) = metered(token) else { return Ok(()) };
        let rate = f64::from(limit);
        while let Err(wait) =
            self.updates.take(&token.id, events as f64, rate, rate, Instant::now())
        {
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }

    fn bytes(&self, token: Option<&Arc<Token>>) -> std::result::Result<(), Problem> {
        token.map_or(Ok(()), |token| self.held.check(token))
    }

    /// Counts what the tokens with a quota of bytes hold, until `go_on` is false.
    pub fn count_bytes(&self, house: &House, go_on: &dyn Fn() -> bool) {
        self.held.look(house, &self.with_bytes(), go_on);
    }

    /// True when a token has a quota of bytes.
    pub fn counts_bytes(&self) -> bool {
        !self.with_bytes().is_empty()
    }

    fn with_bytes(&self) -> Vec<Arc<Token>> {
        let of = |t: &Token| t.quota.memory_bytes.is_some() || t.quota.journal_bytes.is_some();
        self.ring.pick(of)
    }

    /// Refuses one identity more than a token may have; hold [`Door::making`] meanwhile.
    pub fn room(
        &self,
        token: Option<&Arc<Token>>,
        names: &[String],
    ) -> std::result::Result<(), Problem> {
        self.bytes(token)?;
        let Some((token, max)) = token.and_then(|t| Some((t, t.quota.identities_max?))) else {
            return Ok(());
        };
        let has = names.iter().filter(|name| token.is_for(name)).count();
        if has < max as usize {
            return Ok(());
        }
        Err(Problem::quota(format!(
            "{has} identities are {}, and the token {} may have {max}",
            token.identities.join(", "),
            token.id
        )))
    }

    /// Looks at the tokens' file from time to time, and tells connections when one has ended.
    pub async fn keep(&self, now_ms: impl Fn() -> u64) {
        let mut minute = Instant::now();
        let mut last = now_ms();
        loop {
            tokio::time::sleep(crate::locks::keyring::LOOK).await;
            let now = now_ms();
            if self.ring.look() || self.ring.one_ended(last, now) {
                self.changes.send_modify(|n| *n += 1);
            }
            last = now;
            if minute.elapsed().as_secs() >= 60 {
                minute = Instant::now();
                self.write_refusals(now);
            }
        }
    }

    /// Writes down who was refused since the last time.
    pub fn write_refusals(&self, now_ms: u64) {
        if let Err(e) = self.refusals.write(&self.dir, now_ms) {
            eprintln!("warning: {e}");
        }
    }

    /// Returns when a token opens nothing any more; never for nobody's.
    pub async fn ended(&self, token: Option<&Token>, now_ms: impl Fn() -> u64) {
        let Some(token) = token else { return std::future::pending().await };
        let mut changes = self.changes();
        while self.still(token, now_ms()) {
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// Hears of every moment in which tokens may have ended.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// True while a token opens what it did; told within a second of its revocation or end.
    pub fn still(&self, token: &Token, now_ms: u64) -> bool {
        self.ring.still(token, now_ms)
    }
}

/// Against DNS rebinding: a page's own name that was made to point here is not ours.
pub(crate) fn check_place(headers: &HeaderMap, loopback: bool) -> std::result::Result<(), Problem> {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next().and_then(|h| h.to_str().ok()), hosts.next()) else {
        return Err(Problem::malformed("a request has one Host header"));
    };
    if loopback && !is_local(host) {
        return Err(Problem::forbidden(format!(
            "this server is asked as {host:?} but listens on loopback only; ask it by localhost \
             or by its address"
        )));
    }
    let Some(origin) = headers.get(ORIGIN) else { return Ok(()) };
    let ours = origin.to_str().ok().and_then(|o| o.split_once("://")).map(|(_, at)| at);
    if ours.is_some_and(|at| at.eq_ignore_ascii_case(host)) {
        return Ok(());
    }
    Err(Problem::forbidden(format!(
        "a page of {origin:?} may not speak to this server; pages of other places can't"
    )))
}

fn metered(token: Option<&Arc<Token>>) -> Option<(&Arc<Token>, u32)> {
    token.and_then(|t| Some((t, t.quota.updates_per_s?)))
}

pub(crate) fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == SESSION).then_some(value)
    })
}

/// True for `localhost` and for literal addresses: nobody can make a name of these.
fn is_local(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests;
