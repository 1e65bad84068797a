//! Crowds of people who are slow in every way: the learner does not feel them, and each is parked
//! or cut in the time that the settings say.

use std::io::Write as _;
use std::time::Duration;

use serde_json::json;

use super::client::{Running, line};
use super::person::{Person, asks, channels, open, until};

/// How many of each kind; `her bench channels` has the large numbers.
const CROWD: usize = 30;

const SETTINGS: [&str; 5] = [
    "channels.ping_s=1",
    "channels.write_s=1",
    "channels.park_s=5",
    "limits.header_timeout_s=1",
    "channels.per_ip=1000",
];

fn parked(r: &Running, why: &str) -> u64 {
    let metrics = r.get("/metrics").text();
    let name = format!("her_channels_parked_total{{kind=\"{why}\"}} ");
    let value = metrics.lines().find_map(|l| l.strip_prefix(&name)).unwrap();
    value.parse().unwrap()
}

#[test]
fn slow_people_of_every_kind_are_parked_while_the_identity_learns() {
    let r = Running::with_sam(&SETTINGS);
    let path = "/v1/identities/sam/ws?pulse=20";
    let deaf: Vec<_> = (0..CROWD).map(|_| open(&r, path).unwrap()).collect();
    let mut dribblers: Vec<_> = (0..CROWD).map(|_| open(&r, path).unwrap()).collect();
    let mut dribbled_heads: Vec<_> = (0..CROWD).map(|_| r.connect()).collect();
    for wire in &mut dribbled_heads {
        wire.send("GET /v1/identities/sam/ws HTTP/1.1\r\nho");
    }
    for socket in &mut dribblers {
        // The head of a masked text frame of 60,000 bytes, of which few will ever come.
        let head = [0x81, 0x80 | 0x7e, 0xea, 0x60, 1, 2, 3, 4];
        socket.get_mut().write_all(&head).unwrap();
    }
    let learned = r.lines("/v1/identities/sam/learn", &(0..3_000).map(line).collect::<String>());
    assert!(learned.iter().all(|l| l["version"].is_u64()));
    until("the end of all who give no sign of life", || {
        for socket in &mut dribblers {
            let _ = socket.get_mut().write_all(b"x");
        }
        channels(&r)["open"] == 0
    });
    assert_eq!(parked(&r, "no_pong") + parked(&r, "takes_nothing"), 2 * CROWD as u64);
    for mut wire in dribbled_heads {
        assert!(wire.is_cut());
    }
    drop(deaf);
    r.stop();
}

#[test]
fn people_who_only_listen_are_parked_with_their_token() {
    let r = Running::with_sam(&["channels.park_s=2", "channels.per_ip=1000"]);
    let silent: Vec<_> = (0..CROWD).map(|_| Person::new(&r, "")).collect();
    for mut person in silent {
        let (last, code) = person.hears_the_end();
        assert_eq!((&last["parked"], code), (&json!("quiet"), 4000));
        assert_eq!(last["resume"], person.hello["resume"]);
    }
    until("the end of all", || channels(&r)["open"] == 0);
    r.stop();
}

#[test]
fn a_burst_waits_and_is_refused_nothing() {
    let set = ["channels.messages_burst=5", "channels.messages_per_s=40"];
    let r = Running::with_sam(&set);
    let mut p = Person::new(&r, "");
    for n in 1..=30 {
        p.sends(&asks(n));
    }
    for n in 1..=30 {
        let answer = p.hears();
        assert_eq!((&answer["n"], &answer["version"]), (&json!(n), &json!(n + 1)));
    }
    drop(p);
    r.stop();
}

#[test]
fn channels_are_capped_and_come_free_again() {
    let r = Running::with_sam(&["channels.max=2"]);
    let (p, _q) = (Person::new(&r, ""), Person::new(&r, ""));
    let Err(tungstenite::Error::Http(refused)) = open(&r, "/v1/identities/sam/ws") else {
        panic!("a third channel opened");
    };
    assert_eq!(refused.status(), 503);
    let problem = String::from_utf8_lossy(refused.body().as_deref().unwrap_or_default());
    assert!(problem.contains("channels.max"), "{problem}");
    let token = p.token();
    drop(p);
    until("a free place", || channels(&r)["open"] == 1);
    let _back = Person::back(&r, &token, 0);
}

#[test]
fn a_message_that_is_too_long_ends_the_channel_and_not_the_session() {
    let r = Running::with_sam(&["channels.message_kib=1"]);
    let mut p = Person::new(&r, "");
    p.says(&asks(1));
    p.sends(&json!({"n": 2, "x": {"a": "a".repeat(2000)}}));
    std::thread::sleep(Duration::from_millis(10));
    let token = p.token();
    until("the end of the channel", || channels(&r)["open"] == 0);
    let mut p = Person::back(&r, &token, 1);
    assert_eq!(p.hello["n"], 1);
    assert_eq!(p.says(&asks(2))["version"], 3);
    drop(p);
    r.stop();
}
