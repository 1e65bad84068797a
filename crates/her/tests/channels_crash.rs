//! SIGKILL under people who talk: each comes back by its token to the server that follows, and
//! the journal holds every message once. Two planted mistakes show that the checker sees.
//!
//! `HER_CRASH_ROUNDS=50 cargo test -p her --test channels_crash` is the long run.

#![allow(clippy::unwrap_used, reason = "a test may panic anywhere")]

use std::collections::BTreeMap;
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest;
use tungstenite::{Message, WebSocket};

mod support;
use support::{LINEAR, Place};

const PEOPLE: usize = 12;
const PATIENCE: Duration = Duration::from_mins(1);

/// A server process, and where it listens.
struct Serving {
    child: Child,
    at: String,
    token: String,
}

impl Serving {
    fn over(place: &Place) -> Self {
        // The note of a server that was killed is still there.
        let _ = std::fs::remove_file(place.data().join("server.json"));
        let mut command = place.command(&["serve", "--listen", "127.0.0.1:0"]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let (at, token) = (String::new(), String::new());
        let mut serving = Self { child: child.unwrap(), at, token };
        for _ in 0..3_000 {
            if let Some(note) = her::client::server_file(&place.data()) {
                let token = std::fs::read_to_string(place.data().join("token")).unwrap();
                token.trim().clone_into(&mut serving.token);
                note.url.trim_start_matches("http://").clone_into(&mut serving.at);
                return serving;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the server did not start");
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One person: what it has said and heard, over all lives of the server.
#[derive(Default)]
struct Person {
    token: Option<String>,
    session: String,
    /// The newest message that was sent, and the newest whose answer was heard.
    sent: u64,
    heard: u64,
    /// The version of each answer that was heard.
    answers: BTreeMap<u64, u64>,
    /// A planted mistake: what has no answer is said again under a new number.
    forgets_numbers: bool,
}

type Socket = WebSocket<TcpStream>;

fn open(serving: &Serving, person: &Person) -> tungstenite::Result<Socket> {
    let mut url = format!("ws://{}/v1/identities/eve/ws", serving.at);
    if let Some(token) = &person.token {
        url = format!("{url}?resume={token}&n={}", person.heard);
    }
    let mut request = url.into_client_request()?;
    let token = format!("Bearer {}", serving.token);
    request.headers_mut().insert("authorization", token.parse().unwrap());
    let stream = TcpStream::connect(&serving.at)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    match tungstenite::client(request, stream) {
        Ok((socket, _)) => Ok(socket),
        Err(tungstenite::HandshakeError::Failure(e)) => Err(e),
        Err(e) => panic!("{e}"),
    }
}

fn hear(socket: &mut Socket) -> tungstenite::Result<Value> {
    loop {
        match socket.read()? {
            Message::Text(text) => return Ok(serde_json::from_str(&text).unwrap()),
            Message::Close(_) => return Err(tungstenite::Error::ConnectionClosed),
            _ => {}
        }
    }
}

impl Person {
    /// What is said under a number: it can be told in the journal, whatever its number is.
    fn message(n: u64, mark: u64) -> Message {
        Message::text(json!({"n": n, "x": {"mark": mark, "a": mark % 7}}).to_string())
    }

    /// Talks until the server dies or is about to.
    fn talk(&mut self, serving: &Serving, enough: &AtomicBool) -> tungstenite::Result<()> {
        let mut socket = open(serving, self)?;
        let hello = hear(&mut socket)?;
        let taken = hello["n"].as_u64().unwrap();
        assert!(taken >= self.heard, "acknowledged up to {}, known up to {taken}", self.heard);
        assert!(taken <= self.sent, "said up to {}, known up to {taken}", self.sent);
        self.token = hello["resume"].as_str().map(str::to_owned);
        hello["session"].as_str().unwrap().clone_into(&mut self.session);
        while self.heard < taken {
            self.hear_one(&mut socket)?;
        }
        if self.forgets_numbers && self.heard > 0 {
            // Says again what was answered last, as if it were new.
            socket.send(Self::message(self.sent + 1, self.heard))?;
            self.hear_one(&mut socket)?;
            self.sent += 1;
        } else if self.sent > taken {
            socket.send(Self::message(self.sent, self.sent))?;
        }
        loop {
            while self.heard < self.sent {
                self.hear_one(&mut socket)?;
            }
            if enough.load(Ordering::Relaxed) {
                return Ok(());
            }
            self.sent += 1;
            socket.send(Self::message(self.sent, self.sent))?;
        }
    }

    fn hear_one(&mut self, socket: &mut Socket) -> tungstenite::Result<()> {
        let answer = hear(socket)?;
        assert!(answer["prediction"].is_object(), "{answer}");
        let (n, version) = (answer["n"].as_u64().unwrap(), answer["version"].as_u64().unwrap());
        if !self.forgets_numbers {
            assert_eq!(n, self.heard + 1, "answers come in order");
        }
        self.heard = n;
        self.answers.insert(n, version);
        Ok(())
    }
}

/// Every message once, in order, at the version that its answer said.
fn check(people: &[Person], log: &[Value]) -> Result<(), String> {
    for person in people {
        let own: Vec<&Value> = log.iter().filter(|l| l["client"] == person.session).collect();
        for (i, line) in own.iter().enumerate() {
            let (n, mark) = (line["n"].as_u64(), line["x"]["mark"].as_f64());
            let place = format!("{}, message {}", person.session, i + 1);
            if mark != Some((i + 1) as f64) {
                return Err(format!("{place}: {mark:?} was said; lost or doubled"));
            }
            let told = person.answers.get(&(i as u64 + 1));
            if n != Some(i as u64 + 1) || told.is_some_and(|v| line["version"] != *v) {
                return Err(format!("{place}: {line}, but {told:?} was told"));
            }
        }
        if (own.len() as u64) < person.heard {
            let (session, heard) = (&person.session, person.heard);
            return Err(format!("{session}: {heard} answers, {} messages; lost", own.len()));
        }
    }
    Ok(())
}

/// Some lives of a server with people who talk; all end by SIGKILL but the last.
fn lives(rounds: usize, people: &mut [Person]) -> Vec<Value> {
    let place = Place::new();
    place.run(&["new", "eve", "--spec", LINEAR]).ok();
    for round in 0..=rounds {
        let serving = Serving::over(&place);
        let (last, enough) = (round == rounds, AtomicBool::new(false));
        std::thread::scope(|scope| {
            let (serving, enough) = (&serving, &enough);
            let all: Vec<_> =
                people.iter_mut().map(|p| scope.spawn(move || p.talk(serving, enough))).collect();
            std::thread::sleep(Duration::from_millis(150 + 70 * (round as u64 % 5)));
            if last {
                enough.store(true, Ordering::Relaxed);
                for talk in all {
                    talk.join().unwrap().unwrap();
                }
            } else {
                support::signal(&serving.child, "KILL");
            }
        });
        drop(serving);
    }
    let proof = place.run(&["verify", "eve", "--json"]).ok().json();
    assert_eq!(proof["verified"], true);
    place.run(&["log", "eve", "--from", "2", "--limit", "1000000", "--json"]).ok().lines()
}

#[test]
fn every_session_comes_back_without_a_lost_or_doubled_message() {
    let rounds = std::env::var("HER_CRASH_ROUNDS").map_or(3, |r| r.parse().unwrap());
    let mut people: Vec<Person> = (0..PEOPLE).map(|_| Person::default()).collect();
    let mut log = lives(rounds, &mut people);
    assert_eq!(check(&people, &log), Ok(()));
    assert!(people.iter().all(|p| p.heard == p.sent && p.sent > 0));
    println!("{} messages over {} deaths", log.len(), rounds);

    // The checker sees what it is for: one message less, or one twice.
    let some = log.len() / 2;
    let one = log.remove(some);
    assert!(check(&people, &log).unwrap_err().contains("lost"));
    log.insert(some, one.clone());
    log.insert(some, one);
    assert!(check(&people, &log).unwrap_err().contains("doubled"));
}

#[test]
fn people_who_forget_their_numbers_are_caught_doubling() {
    let mut people: Vec<Person> =
        (0..4).map(|_| Person { forgets_numbers: true, ..Person::default() }).collect();
    let log = lives(2, &mut people);
    assert!(check(&people, &log).unwrap_err().contains("doubled"));
}
