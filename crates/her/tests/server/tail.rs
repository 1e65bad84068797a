//! Server-sent events.

use serde_json::{Value, json};

use super::client::{Running, Wire, event, line};

const EVENTS: &str = "/v1/identities/sam/events";

/// Reads events until `enough` of them came: (id, name, data).
fn read(wire: &mut Wire, enough: usize) -> Vec<(String, String, Value)> {
    let (mut text, mut out) = (String::new(), Vec::new());
    while out.len() < enough {
        text.push_str(&String::from_utf8(wire.piece()).unwrap());
        while let Some((one, rest)) = text.split_once("\n\n") {
            let field = |name: &str| {
                let line = one.lines().find_map(|l| l.strip_prefix(name));
                line.unwrap_or_default().to_owned()
            };
            if !one.starts_with(':') {
                let data = serde_json::from_str(&field("data: ")).unwrap();
                out.push((field("id: "), field("event: "), data));
            }
            text = rest.to_owned();
        }
    }
    out
}

fn follow(r: &Running, path: &str, headers: &str) -> Wire {
    let mut wire = r.connect();
    wire.send(&format!("{}{headers}\r\n", r.head("GET", path)));
    let said = wire.answer();
    assert_eq!(said.status, 200);
    assert_eq!(said.header("content-type"), Some("text/event-stream"));
    wire
}

#[test]
fn the_past_then_the_present() {
    let r = Running::with_sam(&[]);
    r.lines("/v1/identities/sam/learn", &(0..200).map(line).collect::<String>());
    let mut all = follow(&r, &format!("{EVENTS}?from=1"), "");
    let past = read(&mut all, 201);
    assert_eq!((past[0].0.as_str(), past[0].1.as_str()), ("1", "born"));
    assert_eq!(past[200].0, "201");
    assert_eq!(past[200].2["x"]["a"].as_f64(), event(199)["x"]["a"].as_f64());

    let mut resumed = follow(&r, &format!("{EVENTS}?from=5"), "last-event-id: 150\r\n");
    assert_eq!(read(&mut resumed, 51)[0].0, "151");
    let mut live = follow(&r, EVENTS, "");
    r.post("/v1/identities/sam/learn", &event(7));
    for wire in [&mut all, &mut resumed, &mut live] {
        let news = read(wire, 1);
        assert_eq!((news[0].0.as_str(), news[0].1.as_str()), ("202", "learn"));
    }
    drop((all, resumed, live));
    r.stop();
}

#[test]
fn a_rewind_is_told() {
    let r = Running::with_sam(&[]);
    r.lines("/v1/identities/sam/learn", &(0..9).map(line).collect::<String>());
    let mut wire = follow(&r, &format!("{EVENTS}?from=10"), "");
    assert_eq!(read(&mut wire, 1)[0].0, "10");
    r.post("/v1/identities/sam/rewind", &json!({"version": 4}));
    r.post("/v1/identities/sam/learn", &event(7));
    let news = read(&mut wire, 3);
    let told: Vec<_> = news.iter().map(|(id, name, _)| (id.as_str(), name.as_str())).collect();
    assert_eq!(told, [("4", "rewound"), ("5", "branched"), ("6", "learn")]);
}

#[test]
fn a_bad_position_is_refused() {
    let r = Running::with_sam(&[]);
    let mut wire = r.connect();
    wire.send(&format!("{}last-event-id: x\r\n\r\n", r.head("GET", EVENTS)));
    wire.said().refused(400, "malformed", "Last-Event-ID");
}
