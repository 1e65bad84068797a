//! The copy that stays behind, as a process that locks itself up: its answers are the living one's
//! to the bit, it cannot break out, and a byte that changes is told.

#![allow(clippy::unwrap_used, reason = "a test may panic anywhere")]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use ureq::Agent;

mod support;
#[path = "support/tongue.rs"]
mod tongue;
use support::{Place, Ran, events, signal};

const OWNER: &str = "http://there:7400";

struct Copy {
    child: Option<Child>,
    url: String,
}

impl Drop for Copy {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn agent() -> Agent {
    let limit = Some(Duration::from_secs(30));
    Agent::config_builder().timeout_global(limit).http_status_as_error(false).build().into()
}

fn legacy(place: &Place, dir: &Path, listen: &str) -> Command {
    let mut command = place.command(&["legacy", dir.to_str().unwrap(), "--listen", listen]);
    command.args(["--check-every", "1"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Copy {
    fn serve(place: &Place, dir: &Path) -> Self {
        let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let child = legacy(place, dir, &listen).spawn().unwrap();
        let copy = Self { child: Some(child), url: format!("http://{listen}") };
        for _ in 0..500 {
            if matches!(agent().get(format!("{}/livez", copy.url)).call(), Ok(r) if r.status() == 200)
            {
                return copy;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the copy is not served within 10 s");
    }

    fn get(&self, path: &str) -> (u16, Value) {
        let mut said = agent().get(format!("{}{path}", self.url)).call().unwrap();
        let text = said.body_mut().read_to_string().unwrap();
        (said.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let said = agent().post(format!("{}{path}", self.url)).content_type("application/json");
        let mut said = said.send(body.to_string()).unwrap();
        let text = said.body_mut().read_to_string().unwrap();
        (said.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// Ends it as a service manager does; what it said, and how it ended.
    fn end(mut self) -> Ran {
        let child = self.child.take().unwrap();
        signal(&child, "TERM");
        Ran::of(&child.wait_with_output().unwrap())
    }
}

/// A place with a copy of an identity that has learned 300 events.
fn left() -> (Place, PathBuf) {
    let place = Place::new();
    place.write("spec.json", "[\"StandardScaler\", \"LogisticRegression\"]");
    place.write("events.ndjson", &events(0, 300));
    place.run(&["new", "sam", "--spec", "spec.json"]).ok();
    place.run(&["learn", "sam", "events.ndjson"]).ok();
    let dir = place.dir.path().join("copy");
    let path = dir.to_str().unwrap();
    place.run(&["leave", "sam", path, "--owner", OWNER, "--owner-epoch", "7"]).ok();
    (place, dir)
}

/// A prediction with each number as its bits: equal only where nothing differs.
fn bits(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let said = members.iter().map(|(name, value)| format!("{name} {}", bits(value)));
            said.collect::<Vec<_>>().join(", ")
        }
        Value::Number(number) => format!("{:016x}", number.as_f64().unwrap().to_bits()),
        other => other.to_string(),
    }
}

fn row(i: u64) -> Value {
    json!({ "a": (i * 31) % 101, "b": (i * 17) % 13 })
}

#[test]
fn a_copy_answers_as_the_living_one_did_and_learns_nothing() {
    let (place, dir) = left();
    let living: Vec<Value> =
        (0..20).map(|i| place.run(&["--json", "ask", "sam", &row(i).to_string()]).json()).collect();
    let past = place.run(&["--json", "ask", "sam", &row(3).to_string(), "--at", "100"]).json();
    let copy = Copy::serve(&place, &dir);
    for (i, living) in living.iter().enumerate() {
        let (status, said) = copy.post("/v1/identities/sam/predict", &json!({"x": row(i as u64)}));
        assert_eq!(status, 200, "{said}");
        assert_eq!(bits(&said["prediction"]), bits(&living["prediction"]), "row {i}");
    }
    let (status, said) = copy.post("/v1/identities/sam/at/100/predict", &json!({ "x": row(3) }));
    assert_eq!((status, bits(&said["prediction"])), (200, bits(&past["prediction"])));
    for path in ["learn", "label", "freeze", "rewind"] {
        let (status, said) =
            copy.post(&format!("/v1/identities/sam/{path}"), &json!({"x": row(1), "y": true}));
        assert_eq!(status, 409, "{path}: {said}");
        assert!(said["type"].as_str().unwrap().starts_with("urn:her:problem:"), "{said}");
        assert!(said.to_string().contains(OWNER) && said.to_string().contains('7'), "{said}");
    }
    assert_eq!(copy.post("/v1/identities/sam/verify", &json!({})).0, 200);
    let (status, log) = copy.get("/v1/identities/sam/log?limit=1000");
    assert_eq!((status, log.as_str().unwrap().lines().count()), (200, 301));
    let ran = copy.end();
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("as it was at the start"), "{}{}", ran.out, ran.err);
}

#[test]
fn the_golden_rows_are_answered_over_http_to_the_bit() {
    let (place, dir) = left();
    let golden: Value =
        serde_json::from_slice(&std::fs::read(dir.join("golden.json")).unwrap()).unwrap();
    let rows = golden["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 256);
    let copy = Copy::serve(&place, &dir);
    for row in rows {
        let (status, said) = copy.post("/v1/identities/sam/predict", &json!({ "x": row["x"] }));
        assert_eq!(status, 200, "{said}");
        let proba = said["prediction"]["proba"]["true"].as_f64().unwrap();
        assert_eq!(row["says"]["binary"], format!("{:016x}", proba.to_bits()), "{row}");
    }
    // The comparison sees the last bit.
    let near = |x: f64| bits(&json!({ "true": x }));
    assert_ne!(near(0.1), near(f64::from_bits(0.1_f64.to_bits() + 1)));
    assert_ne!(near(0.0), near(-0.0));
}

#[test]
fn a_copy_of_one_who_reads_tells_what_texts_cost_and_does_not_speak() {
    let place = Place::new();
    tongue::tiny_base(&place.data());
    place.write("spec.json", &tongue::spec().to_string());
    let event = |i: u64| json!({ "x": { "text": format!("hello world {i}"), "role": "user" } });
    let told: Vec<String> = (0..12).map(|i| event(i).to_string()).collect();
    place.write("events.ndjson", &(told.join("\n") + "\n"));
    place.run(&["new", "sam", "--spec", "spec.json"]).ok();
    place.run(&["learn", "sam", "events.ndjson"]).ok();
    let dir = place.dir.path().join("copy");
    let copied = ["leave", "sam", dir.to_str().unwrap(), "--owner", OWNER, "--owner-epoch", "7"];
    place.run(&copied).ok();
    let ask = |at: &[&str]| {
        let x = event(3)["x"].to_string();
        let ask = ["--json", "ask", "sam", &x];
        bits(&place.run(&[&ask, at].concat()).json()["prediction"])
    };
    let copy = Copy::serve(&place, &dir);
    // Who leaves memory rests, which is an event: the living one has gone on since it was copied.
    let version = copy.get("/v1/identities/sam").1["version"].to_string();
    let (living, past) = (ask(&["--at", &version]), ask(&["--at", "5"]));
    assert_ne!(living, past, "it learned in between");
    let x = json!({ "x": event(3)["x"] });
    for (path, wanted) in [("predict", living), ("at/5/predict", past)] {
        let (status, said) = copy.post(&format!("/v1/identities/sam/{path}"), &x);
        assert_eq!((status, bits(&said["prediction"])), (200, wanted), "{path}: {said}");
    }
    assert_eq!(copy.post("/v1/identities/sam/verify", &json!({})).0, 200);
    let (status, log) = copy.get("/v1/identities/sam/log?limit=1000");
    assert_eq!(status, 200);
    assert!(log.as_str().unwrap().contains("hello world 11"), "{log}");
    let chat = json!({ "model": "sam", "messages": [{ "role": "user", "content": "hello" }] });
    let (status, said) = copy.post("/openai/v1/chat/completions", &chat);
    assert_eq!(status, 404, "{said}");
    assert!(said["detail"].as_str().unwrap().contains("does not speak"), "{said}");
    let ran = copy.end();
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
}

/// The twelve ways out, as they are written in an address.
const ESCAPES: [&str; 12] = [
    "open%20for%20write",
    "create%20beside",
    "create%20in%20/tmp",
    "read%20/etc/passwd",
    "unlink",
    "rename",
    "chmod",
    "reopen%20through%20/proc/self/fd",
    "connect%20out",
    "bind%20a%20new%20port",
    "exec",
    "write%20to%20a%20map",
];

#[test]
fn each_way_out_alone_is_denied_and_it_answers_the_same_after_it() {
    let (place, dir) = left();
    let copy = Copy::serve(&place, &dir);
    let x = json!({ "x": row(1) });
    let answers = || {
        let predict = copy.post("/v1/identities/sam/predict", &x);
        let past = copy.post("/v1/identities/sam/at/50/predict", &x);
        let log = copy.get("/v1/identities/sam/log?limit=1000");
        assert_eq!((predict.0, past.0, log.0), (200, 200, 200));
        (bits(&predict.1), bits(&past.1), log.1)
    };
    let before = answers();
    let (_, status) = copy.get("/status");
    let enforced = status["isolation"] == "enforced";
    for escape in ESCAPES {
        let (code, said) = copy.post(&format!("/status/escapes?only={escape}"), &json!({}));
        assert_eq!((code, &said["escape"]), (200, &json!(escape.replace("%20", " "))), "{said}");
        assert!(said["denied"] == true || !enforced, "{said}");
        assert_eq!(answers(), before, "after {escape}");
    }
    let (_, after) = copy.get("/status");
    for part in ["isolation", "escapes", "missing"] {
        assert_eq!(after[part], status[part], "{part}");
    }
    let (code, said) = copy.post("/status/escapes?only=fly", &json!({}));
    assert_eq!(code, 400, "{said}");
    let detail = said["detail"].as_str().unwrap();
    assert!(detail.contains("no escape \"fly\"") && detail.contains("write to a map"), "{said}");
    assert_eq!(copy.post("/status/escapes?olny=exec", &json!({})).0, 400);
    assert_eq!(copy.end().code, 0);
}

#[test]
fn where_there_is_no_copy_it_says_how_to_make_one() {
    let place = Place::new();
    let said = place.run(&["legacy", "nowhere"]).fails(3, "nowhere/manifest.json");
    assert!(said.err.contains("`her leave NAME DIR` makes one"), "{}", said.err);
}

#[test]
fn it_tries_to_break_out_and_cannot_and_answers_after_it() {
    let (place, dir) = left();
    let copy = Copy::serve(&place, &dir);
    for times in 1..=3 {
        let (status, said) =
            if times == 1 { copy.get("/status") } else { copy.post("/status/escapes", &json!({})) };
        assert_eq!(status, 200, "{said}");
        let isolation = if said["isolation"].is_object() { &said["isolation"] } else { &said };
        let escapes = isolation["escapes"].as_array().unwrap();
        assert_eq!(escapes.len(), 12, "{said}");
        let denied = escapes.iter().filter(|escape| escape["denied"] == true).count();
        match isolation["isolation"].as_str().unwrap() {
            "enforced" => assert_eq!(denied, 12, "{said}"),
            // A kernel without a layer: what is missing has a name.
            _ => assert!(!isolation["missing"].as_array().unwrap().is_empty(), "{said}"),
        }
        let x = json!({ "x": row(1) });
        let answers = [
            copy.post("/v1/identities/sam/predict", &x).0,
            copy.post("/v1/identities/sam/at/50/predict", &x).0,
            copy.post("/v1/identities/sam/verify", &json!({})).0,
            copy.get("/v1/identities/sam/log?limit=5").0,
            copy.get("/v1/identities/sam").0,
        ];
        assert_eq!(answers, [200; 5], "it answers after try {times}");
    }
    // Linux 6.7 has all that is asked for; an older one may lack a part, and says so above.
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let mut parts = release.split(['.', '-']).map(|part| part.parse::<u32>().unwrap_or(0));
    if (parts.next(), parts.next()) >= (Some(6), Some(7)) {
        let (_, said) = copy.get("/status");
        let isolation = if said["isolation"].is_object() { &said["isolation"] } else { &said };
        assert_eq!(isolation["isolation"], "enforced", "on Linux {release}: {said}");
    }
}

#[test]
fn it_listens_at_a_socket_of_the_file_system() {
    let (place, dir) = left();
    let path = place.dir.path().join("copy.sock");
    let mut command = place.command(&["legacy", dir.to_str().unwrap(), "--socket"]);
    command.arg(&path).stdout(Stdio::piped()).stderr(Stdio::piped());
    let copy = Copy { child: Some(command.spawn().unwrap()), url: String::new() };
    for _ in 0..500 {
        if let Ok(mut socket) = UnixStream::connect(&path) {
            socket
                .write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
                .unwrap();
            let mut said = String::new();
            socket.read_to_string(&mut said).unwrap();
            assert!(said.starts_with("HTTP/1.1 200"), "{said}");
            assert_eq!(copy.end().code, 0);
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("no socket within 10 s");
}

fn change_a_byte(path: &Path) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let mut bytes = std::fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn a_byte_that_changed_is_told_by_name() {
    let (place, dir) = left();
    for path in files(&dir) {
        let whole = std::fs::read(&path).unwrap();
        change_a_byte(&path);
        let ran = Ran::of(&legacy(&place, &dir, "127.0.0.1:0").output().unwrap());
        assert_ne!(ran.code, 0, "{} has another byte, and is served", path.display());
        // The file with the manifest's digest is believed: it is the manifest that is another.
        let name = path.file_name().unwrap().to_str().unwrap().replace("manifest.b3", "manifest.");
        assert!(ran.err.contains(&name), "{}: {}", path.display(), ran.err);
        std::fs::write(&path, whole).unwrap();
    }
    // One that changes while it is served: the look at every byte finds it within its time.
    let copy = Copy::serve(&place, &dir);
    let frames = files(&dir).into_iter().find(|p| p.extension().is_some_and(|e| e == "frames"));
    change_a_byte(&frames.unwrap());
    for _ in 0..500 {
        let (status, _) = copy.post("/v1/identities/sam/predict", &json!({ "x": row(1) }));
        if status == 503 {
            let (_, said) = copy.get("/status");
            assert!(said.to_string().contains(".frames"), "it names the file: {said}");
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("a changed byte was not found within 10 s by a look each second");
}
