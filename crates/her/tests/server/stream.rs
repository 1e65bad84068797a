//! The fast door.

use std::io::Write;

use serde_json::{Value, json};

use super::client::{Running, line};

const LEARN: &str = "/v1/identities/sam/learn";

#[test]
fn every_line_has_its_answer_in_order() {
    let r = Running::with_sam(&[]);
    let body: String = (0..1000).map(line).collect();
    let answers = r.lines(LEARN, &body);
    let versions: Vec<u64> = answers.iter().map(|a| a["version"].as_u64().unwrap()).collect();
    assert_eq!(versions, (2..=1001).collect::<Vec<_>>());
    assert!(answers[999]["prediction"]["proba"]["true"].is_number());
    assert_eq!(r.version(), 1001);
}

#[test]
fn streams_and_single_requests_teach_the_same() {
    let (one, two) = (Running::with_sam(&[]), Running::with_sam(&[]));
    let body: String = (0..40).map(line).collect();
    let streamed = one.lines(LEARN, &body);
    for (i, answer) in streamed.iter().enumerate() {
        let single = two.post(LEARN, &super::client::event(i as u64)).json();
        assert_eq!(&single, answer);
    }
}

#[test]
fn what_needs_no_label_learns_without_one() {
    let r = Running::new(&[]);
    let spec = json!({"model": {"HalfSpaceTrees": {"seed": 1}}});
    assert_eq!(r.put("/v1/identities/odd", &spec).status, 201);
    let lines: Vec<String> = (0..600).map(|i| format!("{{\"x\": {{\"a\": 0.4{i}}}}}")).collect();
    let answers = r.lines("/v1/identities/odd/learn", &lines.join("\n"));
    assert_eq!(answers[599]["version"], 601);
    let usual = answers[599]["prediction"]["value"].as_f64().unwrap();
    let one = r.post("/v1/identities/odd/learn", &json!({"x": {"a": 0.9}})).json();
    assert_eq!(one["version"], 602);
    let odd = one["prediction"]["value"].as_f64().unwrap();
    assert!(odd > usual + 0.1, "{odd} after {usual}");
    let log = r.get("/v1/identities/odd/log?from=602").text();
    assert!(log.contains("\"x\":{\"a\":0.9}") && !log.contains("\"y\""), "{log}");
}

#[test]
fn a_refused_line_is_answered_in_its_place_and_changes_nothing() {
    let (with, without) = (Running::with_sam(&[]), Running::with_sam(&[]));
    let bad = [
        ("nonsense", "not JSON"),
        ("{\"x\": {\"a\": NaN}, \"y\": true}", "not JSON"),
        ("{\"x\": {\"a\": [1]}, \"y\": true}", "feature \"a\""),
        ("{\"x\": {\"a\": 1}}", "has no label"),
        ("{\"x\": {\"a\": 1}, \"y\": 0.5}", "0.5"),
        ("{\"x\": {\"a\": 1}, \"y\": true, \"z\": 1}", "\"z\""),
        ("{\"id\": \"nobody\", \"y\": true}", "nobody"),
        ("[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]", "within each other"),
    ];
    let (mut mixed, mut good) = (String::new(), String::new());
    for (i, (text, _)) in bad.iter().enumerate() {
        mixed.push_str(&line(i as u64));
        good.push_str(&line(i as u64));
        mixed.extend([text, "\n"]);
    }
    let long = format!("{{\"x\": {{\"a\": \"{}\"}}, \"y\": true}}\n", "a".repeat(64 << 10));
    mixed.push_str(&long);
    mixed.push_str(&line(99));
    good.push_str(&line(99));

    let answers = with.lines(LEARN, &mixed);
    let only_good = without.lines(LEARN, &good);
    let (refused, fine): (Vec<Value>, Vec<Value>) =
        answers.iter().cloned().partition(|a| a.get("error").is_some());
    assert_eq!(fine, only_good);
    for (i, (text, detail)) in bad.iter().enumerate() {
        let error = &refused[i]["error"];
        assert_eq!(answers[2 * i + 1]["error"], *error, "in its place");
        assert_eq!(error["line"], 2 * i + 2, "{text}");
        assert!(error["detail"].as_str().unwrap().contains(detail), "{text}: {error}");
    }
    assert_eq!(refused[bad.len()]["error"]["kind"], "too_large");
    assert!(refused[bad.len()]["error"]["detail"].as_str().unwrap().contains("limits.line_kib"));
    // Only the time of the events may differ, and figures of speed with it.
    assert_eq!(learned(&with), learned(&without));
    assert_eq!(with.post("/v1/identities/sam/verify", &json!({})).json()["verified"], true);
}

fn learned(r: &Running) -> Vec<u8> {
    let house = r.server.as_ref().unwrap().house();
    house.look("sam", |identity| identity.state().model().save()).unwrap()
}

#[test]
fn all_forms_of_events_come_through() {
    let r = Running::with_sam(&[]);
    let answers = r.lines(
        LEARN,
        "{\"x\":{\"a\":1},\"id\":\"p\"}\n\n\
         {\"id\":\"p\",\"y\":true}\r\n\
         {\"x\":{\"a\":2},\"y\":false,\"client\":\"c\",\"n\":1}\n\
         {\"x\":{\"a\":2},\"y\":false,\"client\":\"c\",\"n\":1}\n\
         {\"x\":{\"a\":3},\"y\":true,\"w\":0.5}",
    );
    let versions: Vec<&Value> = answers.iter().map(|a| &a["version"]).collect();
    assert_eq!(versions, [2, 3, 4, 4, 5]);
    assert_eq!(answers[3]["duplicate"], true);
}

#[test]
fn a_numbered_stream_is_applied_once() {
    let r = Running::with_sam(&[]);
    let body: String = (0..300).map(line).collect();
    let path = format!("{LEARN}?client=c&n=7");
    r.lines(&path, &body);
    let before = r.bytes();
    let again = r.lines(&path, &body);
    assert!(again.iter().all(|a| a["duplicate"] == true), "{again:?}");
    assert_eq!((r.version(), r.bytes() == before), (301, true));
    let more =
        r.lines(&format!("{LEARN}?client=c&n=306"), &(299..301).map(line).collect::<String>());
    assert_eq!((more[0]["duplicate"].as_bool(), &more[1]["version"]), (Some(true), &json!(302)));
}

#[test]
fn answers_come_while_the_stream_is_open() {
    let r = Running::with_sam(&[]);
    let mut wire = r.connect();
    let head = r.head("POST", LEARN);
    wire.send(&format!(
        "{head}content-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n"
    ));
    for i in 0..20 {
        let (first, second) = (line(i), line(i + 1));
        let (begin, end) = second.split_at(5);
        wire.chunk(&format!("{first}{begin}"));
        if i == 0 {
            assert_eq!(wire.answer().status, 200);
        }
        let answer: Value = serde_json::from_slice(&wire.piece()).unwrap();
        assert_eq!(answer["version"], 2 * i + 2);
        wire.chunk(end);
        let answer: Value = serde_json::from_slice(&wire.piece()).unwrap();
        assert_eq!(answer["version"], 2 * i + 3);
    }
    wire.send("0\r\n\r\n");
    assert!(wire.piece().is_empty());
}

#[test]
fn who_waits_to_be_asked_for_the_body_is_asked() {
    let r = Running::with_sam(&[]);
    let mut wire = r.connect();
    let head = r.head("POST", LEARN);
    wire.send(&format!(
        "{head}content-type: application/x-ndjson\r\nexpect: 100-continue\r\n\
         content-length: {}\r\n\r\n",
        line(0).len()
    ));
    assert_eq!(wire.answer().status, 100);
    wire.send(&line(0));
    assert_eq!(wire.said().lines()[0]["version"], 2);
}

#[test]
fn a_line_that_broke_off_is_no_event() {
    let r = Running::with_sam(&[]);
    let mut wire = r.connect();
    let head = r.head("POST", LEARN);
    wire.send(&format!("{head}content-type: application/x-ndjson\r\ncontent-length: 1000\r\n\r\n"));
    wire.send(&format!("{}{{\"x\":{{\"a\":1}},\"y\":true}}", line(0)));
    assert_eq!(wire.answer().status, 200);
    let answer: Value = serde_json::from_slice(&wire.piece()).unwrap();
    assert_eq!(answer["version"], 2);
    wire.stream().shutdown(std::net::Shutdown::Write).unwrap();
    let answer: Value = serde_json::from_slice(&wire.piece()).unwrap();
    assert_eq!(answer["error"]["kind"], "malformed");
    assert_eq!(r.version(), 2);
}

#[test]
fn who_does_not_read_stops_only_himself() {
    let r = Running::with_sam(&[]);
    let mut deaf = r.connect();
    let head = r.head("POST", LEARN);
    deaf.send(&format!(
        "{head}content-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n"
    ));
    deaf.stream().set_nonblocking(true).unwrap();
    let text: String = (0..400).map(line).collect();
    let chunk = format!("{:x}\r\n{text}\r\n", text.len());
    let (mut sent, mut stuck) = (0usize, 0);
    // Until nothing more is taken for a while: the server has stopped reading.
    while stuck < 20 {
        match deaf.stream().write(&chunk.as_bytes()[sent % chunk.len()..]) {
            Ok(n) => (sent, stuck) = (sent + n, 0),
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {
                stuck += 1;
                std::thread::sleep(std::time::Duration::from_millis(25));
            }
            Err(e) => panic!("{e}"),
        }
        assert!(sent < 1 << 30, "the server reads for ever");
    }
    let version = r.version();
    let asked = r.post("/v1/identities/sam/predict", &json!({"x": {"a": 1}}));
    assert_eq!(asked.status, 200);
    let taught = r.lines(LEARN, &(0..100).map(line).collect::<String>());
    assert_eq!(taught.len(), 100);
    assert!(r.version() >= version + 100);
    drop(deaf);
    r.stop();
}
