//! People and devices who talk.

use serde_json::{Value, json};

use super::client::{Running, event, line};
use super::person::{Person, asks, channels, open, until};

#[test]
fn a_person_asks_is_answered_and_tells_the_truth_later() {
    let r = Running::with_sam(&[]);
    let mut p = Person::new(&r, "");
    assert_eq!((&p.hello["n"], &p.hello["version"]), (&json!(0), &json!(1)));
    r.lines("/v1/identities/sam/learn", &(0..50).map(line).collect::<String>());

    let answer = p.says(&json!({"n": 1, "x": {"a": 90, "b": 3}}));
    assert_eq!((&answer["n"], &answer["version"]), (&json!(1), &json!(52)));
    assert!(answer["prediction"]["proba"]["true"].as_f64().unwrap() > 0.5, "{answer}");
    let same = r.get("/v1/identities/sam/log?from=52").lines();
    assert_eq!(same[0]["event"], "predict");
    assert_eq!(same[0]["client"], p.hello["session"]);
    assert_eq!(same[0]["id"], format!("{}/1", p.hello["session"].as_str().unwrap()));

    let learned = p.says(&json!({"n": 2, "x": {"a": 3}, "y": false}));
    assert_eq!((&learned["version"], learned["prediction"].is_object()), (&json!(53), true));
    let label = p.says(&json!({"n": 3, "of": 1, "y": true}));
    assert_eq!((&label["n"], &label["version"]), (&json!(3), &json!(54)));
    // Again, as after a lost answer: nothing is done twice.
    let again = p.says(&json!({"n": 3, "of": 1, "y": true}));
    assert_eq!((&again["duplicate"], r.version()), (&json!(true), 54));
    let gone = p.says(&json!({"n": 4, "of": 1, "y": true}));
    assert_eq!((&gone["n"], &gone["error"]["kind"]), (&json!(4), &json!("gone")));
    drop(p);
    r.stop();
}

#[test]
fn what_is_wrong_is_told_and_the_channel_goes_on() {
    let r = Running::with_sam(&[]);
    let mut p = Person::new(&r, "");
    let mut wrong = |text: &str, kind: &str, says: &str| {
        let told = p.says(&Value::Null.clone());
        assert_eq!(told["error"]["kind"], "malformed", "{told}");
        p.socket.send(tungstenite::Message::text(text)).unwrap();
        let told = p.hears();
        assert_eq!(told["error"]["kind"], kind, "{told}");
        assert!(told["error"]["detail"].as_str().unwrap().contains(says), "{told}");
    };
    wrong("{", "malformed", "not JSON");
    wrong("[]", "malformed", "is an object");
    wrong(r#"{"x":{"a":1}}"#, "malformed", "number n");
    wrong(r#"{"n":1,"x":{"a":[1]}}"#, "invalid", "feature");
    wrong(r#"{"n":1,"of":9,"y":true}"#, "not_found", "no prediction waits");
    wrong(r#"{"n":1,"x":{"a":1},"y":"red"}"#, "invalid", "red");
    wrong(r#"{"resume":"x"}"#, "malformed", "resume token");
    assert_eq!(p.says(&asks(1))["version"], 2);

    let refused = |path: &str| match open(&r, path) {
        Err(tungstenite::Error::Http(response)) => response.status().as_u16(),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused("/v1/identities/eve/ws"), 404);
    assert_eq!(refused("/v1/identities/sam/ws?resume=x"), 400);
    assert_eq!(refused("/v1/identities/sam/ws?pulse=21"), 400);
    r.get("/v1/identities/sam/ws").refused(400, "malformed", "speaks WebSocket");
    drop(p);
    r.stop();
}

#[test]
fn what_is_said_becomes_a_text_feature() {
    let r = Running::new(&[]);
    let spec = json!({"model": ["TFIDF", "LogisticRegression"], "say_as": "words"});
    let made = r.put("/v1/identities/sam", &spec);
    assert_eq!(made.status, 201, "{}", made.text());
    let mut p = Person::new(&r, "");
    for n in 1..=20 {
        let (said, y) = if n % 2 == 0 { ("good day", true) } else { ("bad night", false) };
        p.says(&json!({"n": n, "say": said, "y": y}));
    }
    let answer = p.says(&json!({"n": 21, "say": "what a good day"}));
    assert_eq!(answer["prediction"]["label"], true, "{answer}");
    let told = r.get("/v1/identities/sam/channels").json();
    let me = &told["channels"][0];
    assert_eq!(
        (&me["words"], &me["messages"], &me["door"]),
        (&json!(44), &json!(21), &json!("ws"))
    );
    assert!(me["words_per_s"].as_f64().unwrap() > 0.0, "{me}");
    assert!(me["wait_s"]["model"].as_f64().unwrap() > 0.0, "{me}");
    assert_eq!((&told["present"], &told["speech"]["words_per_s"]), (&json!(1), &json!(2.5)));
    let metrics = r.get("/metrics").text();
    for name in ["her_channel_wait_seconds_total{kind=\"read\"}", "her_channel_words_total 44"] {
        assert!(metrics.contains(name), "{name}: {metrics}");
    }
    drop(p);
    until("the end of the channel", || channels(&r)["open"] == 0);
    r.stop();
}

#[test]
fn a_quiet_person_is_away_then_parked_and_comes_back() {
    let r = Running::with_sam(&["channels.away_s=1", "channels.park_s=3"]);
    let mut p = Person::new(&r, "");
    let first = p.says(&asks(1));
    until("away", || channels(&r)["away"] == 1);
    let (last, code) = p.hears_the_end();
    assert_eq!((&last["parked"], code), (&json!("quiet"), 4000));
    assert_eq!(last["resume"], p.hello["resume"]);
    until("the end of the channel", || channels(&r)["open"] == 0);

    r.lines("/v1/identities/sam/learn", &(0..50).map(line).collect::<String>());
    // It had seen no answer at all: what was asked is told again, as it was answered.
    let mut p = Person::new(&r, &format!("?resume={}&n=0&seq=2", p.token()));
    assert_eq!((&p.hello["n"], &p.hello["updates"]), (&json!(1), &json!(50)));
    let missed = p.hears();
    assert_eq!((&missed["n"], &missed["version"]), (&json!(1), &first["version"]));
    assert_eq!((&missed["prediction"], &missed["duplicate"]), (&first["prediction"], &json!(true)));
    assert_eq!(p.says(&json!({"n": 2, "of": 1, "y": true}))["version"], 53);
    drop(p);
    r.stop();
}

#[test]
fn a_session_goes_on_at_another_server_of_the_same_journal() {
    let r = Running::with_sam(&[]);
    let mut p = Person::new(&r, "");
    for n in 1..=5 {
        assert_eq!(p.says(&asks(n))["version"], n + 1);
    }
    let stopping = std::thread::spawn(move || r.stop());
    let (last, code) = p.hears_the_end();
    assert_eq!((&last["parked"], code), (&json!("closing"), 1001));
    let r = Running::open(stopping.join().unwrap(), &[]);
    // By the first frame instead of the address.
    let mut q = Person::new(&r, "");
    let hello = q.says(&json!({"resume": p.token(), "n": 3}));
    assert_eq!((&hello["n"], &hello["session"]), (&json!(5), &p.hello["session"]));
    assert_eq!((&q.hears()["n"], &q.hears()["n"]), (&json!(4), &json!(5)));
    assert_eq!(q.says(&asks(6))["version"], 7);
    drop(q);
    r.stop();
}

#[test]
fn a_session_is_in_one_place() {
    let r = Running::with_sam(&[]);
    let mut p = Person::new(&r, "");
    p.says(&asks(1));
    let mut q = Person::back(&r, &p.token(), 1);
    let (last, code) = p.hears_the_end();
    assert_eq!((&last["parked"], code), (&json!("elsewhere"), 4003));
    assert_eq!(q.says(&asks(2))["version"], 3);
    assert_eq!(channels(&r)["open"], 1);
    drop(q);
    r.stop();
}

#[test]
fn the_pulse_is_felt_and_a_rewind_told() {
    let r = Running::with_sam(&[]);
    let mut p = Person::new(&r, "?pulse=20");
    p.sends(&asks(1));
    while p.hears()["n"] != 1 {}
    r.lines("/v1/identities/sam/learn", &(0..99).map(line).collect::<String>());
    loop {
        let pulse = p.hears()["pulse"].clone();
        if pulse["version"] == 101 && pulse["learned"] == 99 {
            assert_eq!(pulse["updates_since_spoke"], 99);
            break;
        }
    }
    r.post("/v1/identities/sam/rewind", &json!({"version": 50}));
    p.sends(&asks(2));
    loop {
        let told = p.hears();
        if told["pulse"].is_null() {
            assert_eq!(told["rewound"], 50);
            break;
        }
    }
    drop(p);
    r.stop();
}

#[test]
fn the_frozen_answer_and_remember_nothing() {
    let r = Running::with_sam(&[]);
    r.post("/v1/identities/sam/learn", &event(1));
    r.post("/v1/identities/sam/freeze", &json!({}));
    let mut p = Person::new(&r, "");
    let answer = p.says(&asks(1));
    assert_eq!((&answer["frozen"], &answer["version"]), (&json!(true), &json!(3)));
    assert!(answer["prediction"].is_object());
    assert_eq!(p.says(&json!({"n": 2, "of": 1, "y": true}))["error"]["kind"], "frozen");
    drop(p);
    r.stop();
}

#[test]
fn without_websocket_it_is_a_stream_and_posts() {
    let r = Running::with_sam(&["channels.park_s=3"]);
    let mut wire = r.connect();
    wire.send(&format!("{}\r\n", r.head("GET", "/v1/identities/sam/talk")));
    let said = wire.answer();
    assert_eq!(said.header("content-type"), Some("text/event-stream"));
    let hello = String::from_utf8(wire.piece()).unwrap();
    let data = hello.lines().find_map(|l| l.strip_prefix("data: ")).unwrap();
    let token: Value = serde_json::from_str::<Value>(data).unwrap()["resume"].clone();
    let token = token.as_str().unwrap();
    assert!(hello.starts_with(&format!("id: {token}/0\nevent: hello\n")), "{hello}");
    let mut message = asks(1);
    message["resume"] = token.into();
    let first = r.post("/v1/identities/sam/talk", &message).json();
    assert_eq!((&first["n"], &first["version"]), (&json!(1), &json!(2)));
    let again = r.post("/v1/identities/sam/talk", &message).json();
    assert_eq!((&again["duplicate"], &again["prediction"]), (&json!(true), &first["prediction"]));
    assert_eq!(channels(&r)["channels"][0]["messages"], 2);
    let parked = String::from_utf8(wire.piece()).unwrap();
    assert!(parked.contains("event: parked\ndata: {\"parked\":\"quiet\""), "{parked}");

    let mut wire = r.connect();
    let head = r.head("GET", "/v1/identities/sam/talk");
    wire.send(&format!("{head}last-event-id: {token}/0\r\n\r\n"));
    wire.answer();
    wire.piece();
    let missed = String::from_utf8(wire.piece()).unwrap();
    assert!(missed.starts_with(&format!("id: {token}/1\nevent: reply\n")), "{missed}");
    let other = json!({"n": 2, "x": {}});
    r.post("/v1/identities/sam/talk", &other).refused(400, "malformed", "needs resume");
    drop(wire);
    r.stop();
}
