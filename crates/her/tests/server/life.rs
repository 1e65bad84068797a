//! Beginning and end: nothing that was acknowledged is lost.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};

use her::server::Server;
use serde_json::{Value, json};

use super::client::{PATIENCE, Running, event, line, settings};

#[test]
fn a_restart_goes_on_at_the_same_version() {
    let r = Running::with_sam(&[]);
    r.lines("/v1/identities/sam/learn", &(0..500).map(line).collect::<String>());
    let (token, bytes) = (r.token.clone(), r.bytes());
    let found: Value =
        serde_json::from_str(&std::fs::read_to_string(r.dir.path().join("server.json")).unwrap())
            .unwrap();
    assert_eq!(found["url"], format!("http://{}", r.addr));
    assert_eq!(found["pid"], std::process::id());
    let dir = r.stop();
    assert!(!dir.path().join("server.json").exists());
    let mode = std::fs::metadata(dir.path().join("token")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let r = Running::open(dir, &[]);
    assert_eq!((r.version(), &r.token), (501, &token));
    assert!(r.bytes() == bytes, "the same bits come back");
    assert_eq!(r.post("/v1/identities/sam/learn", &event(0)).json()["version"], 502);
}

#[test]
fn a_second_server_is_refused_by_the_lock() {
    let r = Running::with_sam(&[]);
    let Err(e) = Server::start(&settings(r.dir.path(), &[])) else { panic!("two owners") };
    assert!(e.message.contains("lock") || e.message.contains("another process"), "{e}");
    assert!(e.message.contains(&r.dir.path().display().to_string()), "{e}");
    assert!(r.dir.path().join("server.json").exists(), "the first is still found");
    assert_eq!(r.version(), 1);
}

#[test]
fn a_taken_port_is_told_and_leaves_no_server_json() {
    let r = Running::new(&[]);
    let dir = tempfile::tempdir().unwrap();
    let settings = settings(dir.path(), &[&format!("listen={}", r.addr)]);
    let mut settings = settings;
    settings.listen = r.addr;
    let Err(e) = Server::start(&settings) else { panic!("two listeners") };
    assert!(e.message.contains("--listen"), "{e}");
    assert!(!dir.path().join("server.json").exists());
}

#[test]
fn closing_drains_a_stream_and_keeps_what_it_acknowledged() {
    let mut r = Running::with_sam(&[]);
    let mut wire = r.connect();
    let head = r.head("POST", "/v1/identities/sam/learn");
    wire.send(&format!(
        "{head}content-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n"
    ));
    wire.chunk(&(0..700).map(line).collect::<String>());
    assert_eq!(wire.answer().status, 200);
    let first = wire.piece();
    let server = r.server.take().unwrap();
    let closing = std::thread::spawn(move || server.stop());
    let mut text = first;
    loop {
        let piece = wire.piece();
        if piece.is_empty() {
            break;
        }
        text.extend(piece);
    }
    closing.join().unwrap();
    let answers: Vec<Value> = String::from_utf8(text)
        .unwrap()
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    let (last, acknowledged) = answers.split_last().unwrap();
    assert_eq!(last["error"]["kind"], "closing", "{last}");
    let newest = acknowledged.iter().filter_map(|a| a["version"].as_u64()).max().unwrap();

    let r = Running::open(r.dir, &[]);
    assert_eq!(r.version(), newest, "all of it, and nothing that was not acknowledged");
    assert_eq!(r.post("/v1/identities/sam/verify", &json!({})).json()["verified"], true);
}

/// The server in a process of its own: this test binary again, at the test below.
fn spawn(dir: &std::path::Path) -> (Child, String) {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["life::serves_in_a_process_of_its_own", "--exact", "--nocapture"])
        .env("HER_TEST_SERVES", dir)
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn();
    let mut child = child.unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("token") {
        line.clear();
        assert!(stderr.read_line(&mut line).unwrap() > 0, "the server ended");
    }
    std::thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
    let found = std::fs::read_to_string(dir.join("server.json")).unwrap();
    let found: Value = serde_json::from_str(&found).unwrap();
    assert_eq!(found["pid"], child.id());
    (child, found["url"].as_str().unwrap().trim_start_matches("http://").to_owned())
}

#[test]
fn serves_in_a_process_of_its_own() {
    let Ok(dir) = std::env::var("HER_TEST_SERVES") else { return };
    her::cli::serve::run(&settings(dir.as_ref(), &[])).unwrap();
}

fn signal(child: &Child, name: &str) {
    let killed = Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
}

#[test]
fn signals_close_and_a_second_one_ends_at_once() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["-TERM", "-INT"] {
        let (mut child, _) = spawn(dir.path());
        signal(&child, name);
        assert!(child.wait().unwrap().success(), "{name}");
        assert!(!dir.path().join("server.json").exists(), "{name}");
    }
    // A request under way holds the first one up; the second does not wait for it.
    let (mut child, addr) = spawn(dir.path());
    let token = std::fs::read_to_string(dir.path().join("token")).unwrap();
    let mut stream = TcpStream::connect(&addr).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let head = format!(
        "PUT /v1/identities/x HTTP/1.1\r\nhost: {addr}\r\nauthorization: Bearer {}\r\n\
         content-length: 5\r\nexpect: 100-continue\r\n\r\n",
        token.trim()
    );
    std::io::Write::write_all(&mut stream, head.as_bytes()).unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 100", "the request is under way");
    signal(&child, "-INT");
    while TcpStream::connect(&addr).is_ok() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    signal(&child, "-INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
}
