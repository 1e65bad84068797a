//! Mutated messages and frames at a WebSocket: every message is answered, every connection ends in
//! whole frames, and no task of the server panics.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::Shutdown;
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use tungstenite::Message;

use super::client::Running;
use super::fuzz::{Mutator, cases, fuzz, is_whole};
use super::person::{Person, asks, channels, until};

/// A person who is never too fast.
const FAST: [&str; 3] = [
    "channels.messages_per_s=1000000",
    "channels.messages_burst=1000000",
    "channels.kib_per_s=1000000",
];

/// Panics of the crate's own code, on whatever thread: a task that panics only ends its connection.
static PANICS: AtomicUsize = AtomicUsize::new(0);

fn count_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let file = panic.location().map_or("", |at| at.file());
            if !file.contains("tests/server") {
                PANICS.fetch_add(1, Ordering::SeqCst);
            }
            before(panic);
        }));
    });
}

/// After all that, nothing panicked, nobody is left inside, and somebody new is answered.
fn is_well(r: &Running) {
    assert_eq!(PANICS.load(Ordering::SeqCst), 0, "the server's own code panicked");
    is_whole(r);
    until("everybody's leaving", || channels(r)["present"] == 0 && channels(r)["away"] == 0);
    let version = r.version();
    let mut p = Person::new(r, "");
    assert_eq!(p.says(&asks(1))["version"], version + 1);
}

#[test]
fn messages() {
    count_panics();
    let r = Running::with_sam(&FAST);
    let (mut person, mut mutator) = (None::<Person>, Mutator::new("ws"));
    let broken = fuzz("ws", cases(), &mut mutator, |input| {
        let mut p = person.take().unwrap_or_else(|| Person::new(&r, ""));
        let before = r.version();
        let text = String::from_utf8_lossy(input).into_owned();
        p.socket.send(Message::text(text)).map_err(|e| e.to_string())?;
        loop {
            match p.socket.read().map_err(|e| e.to_string())? {
                Message::Text(text) => {
                    let told: Value = serde_json::from_str(&text).map_err(|e| e.to_string())?;
                    let took = r.version() - before;
                    let learned = told["version"].is_u64() && told["duplicate"] != true;
                    if told["error"].is_object() == told["version"].is_u64() {
                        return Err(format!("neither an answer nor a refusal: {told}"));
                    }
                    if took != u64::from(learned) {
                        return Err(format!("{took} events were taken by what is told {told}"));
                    }
                    person = Some(p);
                    return Ok(());
                }
                Message::Close(_) => return Ok(()),
                _ => {}
            }
        }
    });
    assert_eq!(broken, None);
    drop(person);
    is_well(&r);
    r.stop();
}

/// What frames say, if bytes are whole frames as a server sends them.
fn whole_frames(mut bytes: &[u8]) -> Result<Vec<&[u8]>, String> {
    let mut said = Vec::new();
    while let [first, second, rest @ ..] = bytes {
        if !matches!(first, 0x81 | 0x88 | 0x89 | 0x8a) {
            return Err(format!("a frame begins with {first:#x}"));
        }
        let (length, rest) = match (second, rest) {
            (0..=125, rest) => (*second as usize, rest),
            (126, [a, b, rest @ ..]) => (u16::from_be_bytes([*a, *b]) as usize, rest),
            _ => return Err(format!("a server's frame has the length {second}")),
        };
        let (payload, rest) = rest.split_at_checked(length).ok_or("the last frame is cut")?;
        said.push(payload);
        bytes = rest;
    }
    if bytes.is_empty() { Ok(said) } else { Err("half a head is left".to_owned()) }
}

#[test]
fn frames() {
    count_panics();
    let r = Running::with_sam(&FAST);
    let mut mutator = Mutator::new("frames");
    let (mut told, mut cut_off) = (0, 0);
    let broken = fuzz("frames", cases(), &mut mutator, |input| {
        let mut wire = r.connect();
        wire.send(&format!(
            "{}connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
             sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            r.head("GET", "/v1/identities/sam/ws")
        ));
        let mut bytes = Vec::new();
        let stream = wire.stream();
        // What ends the connection may come before all was taken.
        let _ = stream.write_all(input);
        let _ = stream.shutdown(Shutdown::Write);
        match stream.read_to_end(&mut bytes) {
            Ok(_) => {}
            // Whoever breaks the protocol and sends on is cut off, and loses what was on its way.
            Err(e) if e.kind() == ErrorKind::ConnectionReset => {
                cut_off += 1;
                return Ok(());
            }
            Err(e) => return Err(format!("it does not end: {e}")),
        }
        let head = bytes.windows(4).position(|w| w == b"\r\n\r\n").ok_or("no answer's head")?;
        if !bytes.starts_with(b"HTTP/1.1 101 ") {
            return Err(String::from_utf8_lossy(&bytes).into_owned());
        }
        for said in whole_frames(&bytes[head + 4..])? {
            // Whatever is not JSON is the payload of a ping, a pong or a close.
            let Ok(said) = serde_json::from_slice::<Value>(said) else { continue };
            let taken = said["hello"].is_null() && said["version"].is_u64();
            told += u64::from(taken && said["duplicate"] != true);
        }
        Ok(())
    });
    assert_eq!(broken, None);
    // What was told is there; what was taken and not told is whose connection ended too early.
    assert!(told > 0 && r.version() > told, "{told} were told, the version is {}", r.version());
    assert!(cut_off < cases() / 10, "{cut_off} of {} were cut off unseen", cases());
    is_well(&r);
    r.stop();
}

#[test]
fn a_cut_frame_is_seen() {
    assert_eq!(whole_frames(b"\x81\x02hi\x88\x00"), Ok(vec![&b"hi"[..], b""]));
    for cut in [&b"\x81\x03hi"[..], b"\x81\x82....hi", b"\x81", b"\x01\x00"] {
        assert!(whole_frames(cut).is_err(), "{cut:?}");
    }
}
