//! Channels and the tokens that open them: what each message wants, and how a channel ends with
//! its token.

use serde_json::{Value, json};

use super::client::{Running, Wire};
use super::locks::{by, her, id, made, until};
use super::person::{Person, asks, channels, until as until_true};

fn revoke(r: &Running, token: &str) {
    let (code, _, err) = her(r, &["token", "revoke", id(token)]);
    assert_eq!(code, 0, "{err}");
}

#[test]
fn each_message_wants_its_own_scope() {
    let r = Running::with_sam(&[]);
    let asker = made(&r, &["--scope", "predict"]);
    let teacher = made(&r, &["--scope", "learn"]);
    let judge = made(&r, &["--scope", "label"]);
    let reader = made(&r, &["--scope", "read"]);
    until(&r, &reader, 200);
    let messages = |n: u64| [asks(n), json!({"n": n + 1, "x": {"a": 3}, "y": false})];
    let refused = |told: &Value, n: u64, says: &str| {
        assert_eq!((&told["n"], &told["error"]["kind"]), (&json!(n), &json!("denied")), "{told}");
        assert_eq!(told["error"]["status"], 403);
        assert!(told["error"]["detail"].as_str().unwrap().contains(says), "{told}");
    };

    let mut p = Person::by(&r, &asker, "");
    let [ask, learn] = messages(1);
    assert_eq!(p.says(&ask)["version"], 2);
    refused(&p.says(&learn), 2, "may predict; this wants learn");
    refused(&p.says(&json!({"n": 3, "of": 1, "y": true})), 3, "may predict; this wants label");
    // The channel goes on, and what was refused changed nothing: its number is free.
    assert_eq!(p.says(&asks(2))["version"], 3);
    assert_eq!(r.version(), 3);

    // Who holds the session and may label tells the truth about it.
    let resume = p.token();
    drop(p);
    let mut p = Person::by(&r, &judge, &format!("?resume={resume}&n=2"));
    assert_eq!(p.says(&json!({"n": 3, "of": 1, "y": true}))["version"], 4);
    refused(&p.says(&asks(4)), 4, "may label; this wants predict");
    drop(p);

    let mut p = Person::by(&r, &teacher, "");
    let [ask, learn] = messages(1);
    refused(&p.says(&ask), 1, "may learn; this wants predict");
    assert_eq!(p.says(&learn)["version"], 5);
    drop(p);

    // Without WebSocket it is the same.
    let mut learn = json!({"n": 9, "x": {"a": 3}, "y": false});
    learn["resume"] = resume.clone().into();
    by(&r, &asker, "POST", "/v1/identities/sam/talk", &learn).refused(403, "denied", "wants learn");
    let mut ask = asks(9);
    ask["resume"] = resume.into();
    assert_eq!(by(&r, &asker, "POST", "/v1/identities/sam/talk", &ask).status, 200);
    by(&r, &reader, "POST", "/v1/identities/sam/talk", &ask).refused(
        403,
        "denied",
        "wants predict, learn or label",
    );
    r.stop();
}

#[test]
fn a_channel_ends_with_its_token_and_its_session_goes_on() {
    let r = Running::with_sam(&[]);
    let token = made(&r, &["--scope", "predict,read"]);
    until(&r, &token, 200);
    let mut p = Person::by(&r, &token, "");
    let answer = p.says(&asks(1));
    revoke(&r, &token);
    let (last, code) = p.hears_the_end();
    assert_eq!((&last["parked"], code), (&json!("token_ended"), 1008));
    assert_eq!(last["resume"], p.hello["resume"]);
    until_true("the end of the channel", || channels(&r)["open"] == 0);
    let metrics = r.get("/metrics").text();
    assert!(metrics.contains("her_channels_parked_total{kind=\"token_ended\"} 1"), "{metrics}");

    // Somebody else's token goes on with it, and hears what was said.
    let mut p = Person::new(&r, &format!("?resume={}&n=0", p.token()));
    assert_eq!(p.hears()["prediction"], answer["prediction"]);
    assert_eq!(p.says(&asks(2))["version"], 3);
    drop(p);
    r.stop();
}

#[test]
fn a_channel_ends_when_its_tokens_time_is_over() {
    let r = Running::with_sam(&[]);
    let token = made(&r, &["--scope", "predict,read", "--expires", "3s"]);
    until(&r, &token, 200);
    let mut p = Person::by(&r, &token, "?pulse=20");
    assert_eq!(p.hears_the_end().1, 1008);
    r.stop();
}

/// The next event of a stream that is not a comment.
fn event(wire: &mut Wire) -> String {
    loop {
        let piece = String::from_utf8(wire.piece()).unwrap();
        if !piece.starts_with(':') {
            return piece;
        }
    }
}

#[test]
fn a_stream_of_events_ends_with_its_token_and_says_so() {
    let r = Running::with_sam(&[]);
    let token = made(&r, &["--scope", "predict,read"]);
    until(&r, &token, 200);
    let mut wire = r.connect();
    wire.send(&format!(
        "GET /v1/identities/sam/talk HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\n\r\n",
        r.addr
    ));
    assert_eq!(wire.answer().status, 200);
    let hello = event(&mut wire);
    let data = hello.lines().find_map(|l| l.strip_prefix("data: ")).unwrap();
    let resume = serde_json::from_str::<Value>(data).unwrap()["resume"].clone();
    revoke(&r, &token);
    let parked = event(&mut wire);
    let wanted = format!("event: parked\ndata: {{\"parked\":\"token_ended\",\"resume\":{resume}}}");
    assert!(parked.starts_with(&wanted), "{parked}");
    assert_eq!(wire.piece(), b"", "the stream ends whole");
    assert!(wire.is_cut());
    let mut ask = asks(1);
    ask["resume"] = resume;
    assert_eq!(r.post("/v1/identities/sam/talk", &ask).json()["version"], 2);
    r.stop();
}
