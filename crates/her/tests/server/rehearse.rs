//! While a person thinks: a second pass where the spec wants one, and none where it does not.

use serde_json::{Value, json};

use super::client::{Running, event, line};
use super::locks::her;
use super::person::{Person, asks, channels, until};

fn born(r: &Running, rehearse: u32) {
    let spec = json!({"model": ["StandardScaler", "LogisticRegression"], "rehearse": rehearse});
    assert_eq!(r.put("/v1/identities/sam", &spec).status, 201);
}

fn passes(r: &Running) -> Vec<(u64, u64)> {
    let log = r.get("/v1/identities/sam/log?limit=10000").lines();
    let passes = log.iter().filter(|line| line["event"] == "rehearse");
    let ends = |l: &Value| (l["from"].as_u64().unwrap(), l["to"].as_u64().unwrap());
    passes.map(ends).collect()
}

fn figures(r: &Running) -> Value {
    r.get("/v1/identities/sam").json()["figures"].clone()
}

#[test]
fn what_was_learned_is_learned_again_while_a_person_thinks() {
    let r = Running::new(&[]);
    born(&r, 64);
    r.lines("/v1/identities/sam/learn", &(0..100).map(line).collect::<String>());
    let before = figures(&r);
    // Nobody is there to be waited for.
    std::thread::sleep(std::time::Duration::from_millis(600));
    assert_eq!((r.version(), passes(&r)), (101, Vec::new()));

    let mut p = Person::new(&r, "?pulse=20");
    until("the second pass", || figures(&r)["rehearsed"] == 64);
    assert_eq!(passes(&r), [(38, 53), (54, 69), (70, 85), (86, 101)]);
    let mut after = figures(&r);
    after["rehearsed"] = 0.into();
    assert_eq!(after, before, "no figure counts it but its own");
    assert_eq!(channels(&r)["server"]["rehearsed"], 64);
    let metrics = r.get("/metrics").text();
    assert!(metrics.contains("her_channel_rehearsed_events_total 64"), "{metrics}");

    // More is learned, and passed over when the person is silent again; nothing a third time.
    p.sends(&json!({"n": 1, "x": {"a": 3, "b": 9}, "y": false}));
    until("one more", || figures(&r)["rehearsed"] == 65);
    assert_eq!(passes(&r).last(), Some(&(106, 106)));
    drop(p);
    let verified = r.post("/v1/identities/sam/verify", &json!({}));
    assert_eq!(verified.json()["verified"], true, "{}", verified.text());
    let bytes = r.bytes();
    let r = Running::open(r.stop(), &[]);
    assert_eq!(r.bytes(), bytes);
    let dir = r.stop();
    let r = Running::open(dir, &[]);
    let told = her(&r, &["show", "sam", "--url", &format!("http://{}", r.addr)]);
    assert!(told.1.contains("learned again") && told.1.contains("65"), "{told:?}");
    r.stop();
}

#[test]
fn nothing_is_learned_again_unless_the_spec_says_so() {
    let r = Running::with_sam(&[]);
    r.lines("/v1/identities/sam/learn", &(0..50).map(line).collect::<String>());
    let mut p = Person::new(&r, "");
    p.says(&asks(1));
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    assert_eq!((r.version(), passes(&r)), (52, Vec::new()));
    let spec = json!({"model": "LinearRegression", "rehearse": 257});
    r.put("/v1/identities/eve", &spec).refused(
        422,
        "invalid",
        "rehearse must lie between 0 and 256",
    );
    drop(p);
    r.stop();
}

#[test]
fn alarms_are_listed_the_newest_first() {
    let r = Running::with_sam(&[]);
    let none = r.get("/v1/identities/sam/alarms").json();
    assert_eq!(none, json!({"version": 1, "raised": 0, "kept": 100, "alarms": []}));
    let mut alarms = Vec::new();
    for turn in 0..4u64 {
        // The truth turns round.
        let of = |i: u64| {
            let mut event = event(i);
            event["y"] = (event["y"].as_bool().unwrap() == (turn % 2 == 0)).into();
            format!("{event}\n")
        };
        let told = r.lines("/v1/identities/sam/learn", &(0..1_500).map(of).collect::<String>());
        alarms.extend(told.iter().filter(|l| l["drift"] == true).map(|l| l["version"].clone()));
    }
    assert!(alarms.len() >= 2, "{alarms:?}");
    let told = r.get("/v1/identities/sam/alarms").json();
    let listed = told["alarms"].as_array().unwrap();
    let versions: Vec<_> = listed.iter().rev().map(|alarm| alarm["version"].clone()).collect();
    assert_eq!((versions, &told["raised"]), (alarms.clone(), &json!(alarms.len())));
    let card = r.get("/v1/identities/sam/card").json();
    assert_eq!(card["drift"]["history"].as_array().unwrap().len(), alarms.len());
    let at = listed[0]["version"].as_u64().unwrap();
    let line = r.get(&format!("/v1/identities/sam/log?from={at}&limit=1")).lines().remove(0);
    assert_eq!(line["at_ms"], listed[0]["at_ms"], "the time of the event");
    // A restart tells the same, and the page does.
    let r = Running::open(r.stop(), &[]);
    assert_eq!(r.get("/v1/identities/sam/alarms").json(), told);
    r.get("/v1/identities/nobody/alarms").refused(404, "not_found", "nobody");
    r.stop();
}
