//! Clients that follow an identity: numbered streams of events, and pipelined predictions. All of
//! it is written down for the checker.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::places::Two;
use super::wire::{Broken, Wire};

/// Events of one client that may be without an answer; below what the server remembers.
const WINDOW: u64 = 1000;
/// Predictions of one connection that may be without an answer.
const ASKED: usize = 64;
/// A node that says nothing for so long is left for the other one.
const SILENT: Duration = Duration::from_millis(1500);
/// How long a client rests when a node refuses it.
const REST: Duration = Duration::from_millis(2);

/// A numbered event, as its client saw it. Times are in microseconds since the run began.
#[derive(Debug, Clone, Copy, Default)]
pub struct Told {
    /// When it was first sent.
    pub sent_us: u64,
    /// When it was acknowledged; 0 when it was not.
    pub acked_us: u64,
    /// The version that it was acknowledged with; 0 when it had been done already.
    pub version: u64,
    /// The node that acknowledged it.
    pub node: u8,
}

/// A prediction: of which row, by which version, and what it was, as a digest of its text.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    pub version: u64,
    pub row: u64,
    pub digest: u64,
    /// When it was given, in microseconds since the run began.
    pub given_us: u64,
}

/// Who acknowledged last, and how long learning stood still when that changed.
#[derive(Debug, Default)]
struct Turns {
    node: Option<u8>,
    at_us: u64,
    pauses_us: Vec<u64>,
}

/// What all clients share.
pub struct Load<'a> {
    two: &'a Two,
    begin: Instant,
    pub stop: AtomicBool,
    pub learned: AtomicU64,
    pub predicted: AtomicU64,
    /// The newest version that was acknowledged to anybody.
    pub newest: AtomicU64,
    /// The longest time from a refused prediction to the next given one of the same client.
    pub refused_us: AtomicU64,
    turns: Mutex<Turns>,
    /// Who is asked first.
    at: AtomicUsize,
}

/// The row number `k` of everybody, and its truth.
pub fn row(k: u64) -> (u64, u64, bool) {
    let (a, b) = ((k * 7919) % 101, (k * 104_729) % 103);
    (a, b, a > b)
}

/// The features of the row number `k`, as JSON: numbers, or words for an identity that reads.
pub fn features(k: u64, reads: bool) -> String {
    let (a, b, _) = row(k);
    if reads {
        format!("{{\"text\":\"the {a} of {b} \"}}")
    } else {
        format!("{{\"a\":{a},\"b\":{b}}}")
    }
}

/// A short digest of a prediction's text.
pub fn digest(text: &[u8]) -> u64 {
    text.iter()
        .fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x100_0000_01b3))
}

impl<'a> Load<'a> {
    pub fn new(two: &'a Two) -> Self {
        Self {
            two,
            begin: Instant::now(),
            stop: AtomicBool::new(false),
            learned: AtomicU64::new(0),
            predicted: AtomicU64::new(0),
            newest: AtomicU64::new(0),
            refused_us: AtomicU64::new(0),
            turns: Mutex::default(),
            at: AtomicUsize::new(0),
        }
    }

    fn now_us(&self) -> u64 {
        self.begin.elapsed().as_micros() as u64
    }

    /// Who acknowledged last, and how often that was another node than before.
    pub fn turn(&self) -> (Option<u8>, usize) {
        let turns = self.turns.lock().unwrap();
        (turns.node, turns.pauses_us.len())
    }

    /// How long learning stood still at each change of its owner: from the last acknowledgement
    /// of one to the first of the other, in microseconds.
    pub fn pauses_us(&self) -> Vec<u64> {
        self.turns.lock().unwrap().pauses_us.clone()
    }

    fn acknowledged(&self, node: usize, version: u64, at_us: u64) {
        self.newest.fetch_max(version, Relaxed);
        self.learned.fetch_add(1, Relaxed);
        let mut turns = self.turns.lock().unwrap();
        if turns.node.is_some_and(|before| before != node as u8) {
            let pause = at_us.saturating_sub(turns.at_us);
            turns.pauses_us.push(pause);
        }
        (turns.node, turns.at_us) = (Some(node as u8), at_us);
    }

    /// Learns numbered events, `rate` a second, again until each is acknowledged.
    pub fn learner(&self, client: &str, rate: f64) -> Vec<Told> {
        let mut life = Life { told: Vec::new(), base: 0, pace: Pace::new() };
        self.follow(|at| self.learn(client, rate, at, &mut life));
        life.told
    }

    /// Asks for predictions, `rate` a second.
    pub fn asker(&self, rate: f64) -> Vec<Seen> {
        let mut seen = Vec::new();
        let mut denied = None;
        let mut k = 0;
        self.follow(|at| self.predict(rate, at, &mut k, &mut denied, &mut seen));
        seen
    }

    /// Talks to one node and, when that does not go on, to the other.
    fn follow(&self, mut talk: impl FnMut(usize) -> Result<(), Broken>) {
        let mut at = self.at.load(Relaxed);
        while !self.stop.load(Relaxed) {
            if talk(at).is_err() {
                at = 1 - at;
                self.at.store(at, Relaxed);
            }
        }
    }

    /// One stream of events to one node, until the node refuses one or falls silent.
    fn learn(&self, client: &str, rate: f64, at: usize, life: &mut Life) -> Result<(), Broken> {
        let (mut wire, whose) = self.open(at)?;
        let first = life.base;
        let path = format!("/v1/identities/sam/learn?client={client}&n={first}");
        let kind = "content-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n";
        wire.send(format!("POST {path} HTTP/1.1\r\n{whose}{kind}\r\n").as_bytes())?;
        let (mut next, mut line, mut is_open) = (first, first, false);
        let mut heard = Instant::now();
        while !self.stop.load(Relaxed) {
            let due = life.pace.due(rate, life.base + WINDOW - next);
            if due > 0 {
                wire.send(&self.events(client, next, due, life))?;
                next += due;
            }
            if wire.hear()? {
                heard = Instant::now();
            } else if heard.elapsed() > SILENT && (next > life.base || !is_open) {
                return Err(Broken);
            }
            if !is_open {
                match wire.head() {
                    None => continue,
                    Some((200, _)) => is_open = true,
                    Some(_) => return rest(),
                }
            }
            while let Some(chunk) = wire.chunk() {
                if chunk.is_empty() {
                    return rest();
                }
                for answer in chunk.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
                    let Some(version) = version_of(answer) else {
                        return refused(answer);
                    };
                    self.note(at, line, version, life);
                    line += 1;
                }
            }
        }
        Ok(())
    }

    /// The events from number `n` on, as one chunk of a body.
    fn events(&self, client: &str, n: u64, many: u64, life: &mut Life) -> Vec<u8> {
        let mut lines = String::with_capacity(many as usize * 48);
        let now = self.now_us();
        let salt = digest(client.as_bytes()) % 1000;
        for n in n..n + many {
            let (x, y) = (features(n + salt, self.two.reads), row(n + salt).2);
            let _ = writeln!(lines, "{{\"x\":{x},\"y\":{y}}}");
            if n as usize == life.told.len() {
                life.told.push(Told { sent_us: now, ..Told::default() });
            }
        }
        format!("{:x}\r\n{lines}\r\n", lines.len()).into_bytes()
    }

    fn note(&self, at: usize, n: u64, version: u64, life: &mut Life) {
        let told = &mut life.told[n as usize];
        if told.acked_us == 0 {
            told.acked_us = self.now_us();
            told.version = version;
            told.node = at as u8;
            self.acknowledged(at, version, told.acked_us);
        }
        life.base = life.base.max(n + 1);
    }

    /// Predictions of one connection, until the node refuses one or falls silent.
    fn predict(
        &self,
        rate: f64,
        at: usize,
        k: &mut u64,
        denied: &mut Option<u64>,
        seen: &mut Vec<Seen>,
    ) -> Result<(), Broken> {
        let (mut wire, whose) = self.open(at)?;
        let mut pace = Pace::new();
        let mut asked: VecDeque<(u64, u64)> = VecDeque::new();
        let (mut awaited, mut before, mut heard) = (None, 0, Instant::now());
        while !self.stop.load(Relaxed) {
            let due = pace.due(rate, (ASKED - asked.len()) as u64);
            let mut text = String::new();
            for _ in 0..due {
                *k += 1;
                // One in eight wants what it knows to be acknowledged.
                let min = if k.is_multiple_of(8) { self.newest.load(Relaxed) } else { 0 };
                let body = format!("{{\"x\":{}}}", features(*k, self.two.reads));
                let _ = write!(
                    text,
                    "POST /v1/identities/sam/predict?min_version={min} HTTP/1.1\r\n{whose}\
                     content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                );
                asked.push_back((*k, min));
            }
            wire.send(text.as_bytes())?;
            if wire.hear()? {
                heard = Instant::now();
            } else if heard.elapsed() > SILENT && !asked.is_empty() {
                return Err(Broken);
            }
            loop {
                if awaited.is_none() {
                    awaited = wire.head();
                }
                let Some((status, length)) = awaited else { break };
                let Some(body) = wire.take(length.unwrap_or(0)) else { break };
                awaited = None;
                let (row, min) = asked.pop_front().expect("it was asked");
                if status != 200 {
                    denied.get_or_insert(self.now_us());
                    return refused(&body);
                }
                if let Some(since) = denied.take() {
                    self.refused_us.fetch_max(self.now_us() - since, Relaxed);
                }
                let given = Seen::of(&body, row, self.now_us());
                assert!(given.version >= min, "I5: asked for {min}, got {}", given.version);
                assert!(given.version >= before, "I5: {} came after {before}", given.version);
                before = given.version;
                seen.push(given);
                self.predicted.fetch_add(1, Relaxed);
            }
        }
        Ok(())
    }

    /// A connection, and the head lines that say whose requests follow.
    fn open(&self, at: usize) -> Result<(Wire, String), Broken> {
        let host = &self.two.sites[at].http;
        let token = self.two.token(at).unwrap_or_default();
        let whose = format!("host: {host}\r\nauthorization: Bearer {token}\r\nher-follow: 1\r\n");
        let wire = Wire::connect(host).ok_or_else(|| {
            std::thread::sleep(REST);
            Broken
        });
        Ok((wire?, whose))
    }
}

/// What a refusal asks for: to go elsewhere, or to come again.
fn refused(answer: &[u8]) -> Result<(), Broken> {
    let said: Value = serde_json::from_slice(answer).unwrap_or_default();
    let status = said["error"]["status"].as_u64().or(said["status"].as_u64());
    let text = String::from_utf8_lossy(answer);
    assert!(!matches!(status, Some(400 | 401 | 409 | 413 | 422)), "refused for good: {text}");
    if status == Some(421) { Err(Broken) } else { rest() }
}

fn rest() -> Result<(), Broken> {
    std::thread::sleep(REST);
    Err(Broken)
}

/// One client's events, over all its connections.
struct Life {
    told: Vec<Told>,
    /// The first number without an answer.
    base: u64,
    pace: Pace,
}

/// So many a second.
struct Pace {
    credit: f64,
    last: Instant,
}

impl Pace {
    fn new() -> Self {
        Self { credit: 0.0, last: Instant::now() }
    }

    /// How many are due since the last time, of those that there is room for. What was missed is
    /// not made up for beyond a window.
    fn due(&mut self, rate: f64, room: u64) -> u64 {
        let now = Instant::now();
        self.credit += rate * (now - self.last).as_secs_f64();
        self.last = now;
        self.credit = self.credit.min(WINDOW as f64);
        let due = (self.credit as u64).min(room);
        self.credit -= due as f64;
        due
    }
}

/// The version of an answer, 0 if the event had been done before; nothing for a refusal.
fn version_of(answer: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(answer).unwrap();
    let digits = text.strip_prefix("{\"version\":")?;
    let end = digits.find(|c: char| !c.is_ascii_digit())?;
    let again = digits.ends_with("\"duplicate\":true}");
    Some(if again { 0 } else { digits[..end].parse().unwrap() })
}

impl Seen {
    fn of(body: &[u8], row: u64, given_us: u64) -> Self {
        let text = std::str::from_utf8(body).unwrap();
        let (version, given) = text.split_once(",\"prediction\":").unwrap();
        let given = given.trim_end().strip_suffix('}').unwrap();
        let version = version.strip_prefix("{\"version\":").unwrap().parse().unwrap();
        Self { version, row, digest: digest(given.as_bytes()), given_us }
    }
}
