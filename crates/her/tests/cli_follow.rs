//! `her learn --follow`: every line of a growing file once, whoever is killed when.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

mod support;

use support::{Place, Ran, signal, str_of};

/// Looks at what is learned, 50 ms between two, before a test gives up.
const LOOKS: u32 = 1_200;

/// The same draws in every run.
struct Draw(u64);

impl Draw {
    fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }
}

fn line(i: u64) -> String {
    format!("{{\"x\":{{\"i\":{i}}},\"y\":{}}}\n", i.is_multiple_of(2))
}

fn write(file: &mut File, from: u64, to: u64) {
    let text: String = (from..to).map(line).collect();
    file.write_all(text.as_bytes()).unwrap();
}

/// A process that goes with the test, also when that fails.
struct Running(Option<Child>);

impl Running {
    fn child(&mut self) -> &mut Child {
        self.0.as_mut().expect("it was not ended yet")
    }

    fn kill(&mut self) {
        self.child().kill().unwrap();
        self.child().wait().unwrap();
    }

    fn end(mut self, how: &str) -> Ran {
        let child = self.0.take().expect("it was not ended yet");
        signal(&child, how);
        Ran::of(&child.wait_with_output().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn serve(place: &Place, port: u16) -> Running {
    let listen = format!("listen=127.0.0.1:{port}");
    let mut command = place.command(&["serve", "--set", &listen, "--set", "shards=1"]);
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines();
    while !told.next().expect("the server listens").unwrap().contains("token") {}
    std::thread::spawn(move || told.for_each(drop));
    Running(Some(child))
}

fn follow(place: &Place, url: &str, file: &Path) -> Running {
    let token = place.data().join("token");
    let args = ["learn", "sam", "--follow", str_of(file), "--json"];
    let mut command = place.command(&args);
    command.args(["--url", url, "--token-file", str_of(&token)]);
    Running(Some(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()))
}

/// Waits until this many events are learned; whatever ended is begun again, as by a supervisor.
fn wait(place: &Place, wanted: u64, follower: &mut Running, again: impl Fn() -> Running) {
    for _ in 0..LOOKS {
        if follower.child().try_wait().unwrap().is_some() {
            *follower = again();
        }
        let shown = place.run(&["show", "sam", "--json"]);
        let now = shown.ok().json()["figures"]["learned"].as_u64().unwrap();
        if now >= wanted {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let learned = learned(place);
    let missing: Vec<u64> = (0..wanted).filter(|i| !learned.contains(i)).collect();
    panic!("{} of {wanted} lines are not learned: {missing:?}", missing.len());
}

/// The lines that were learned, in order.
fn learned(place: &Place) -> Vec<u64> {
    let log = place.run(&["log", "sam", "--json", "--limit", "1000000"]).ok().lines();
    let number = |line: &serde_json::Value| line["x"]["i"].as_f64().map(|i| i as u64);
    log.iter().filter_map(number).collect()
}

#[test]
fn nothing_is_lost_or_learned_twice_when_anybody_is_killed() {
    let rounds = std::env::var("HER_FOLLOW_ROUNDS").map_or(8, |n| n.parse().unwrap());
    let place = Place::new();
    place.born("sam");
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    let path = place.path("clicks.ndjson");
    let mut file = File::create(&path).unwrap();
    let mut server = serve(&place, port);
    let again = || follow(&place, &url, &path);
    let mut follower = again();
    let (mut draw, mut written) = (Draw(0x9e37_79b9_7f4a_7c15), 10);
    // It is known from its first line on: what was rotated away before that is not looked for.
    write(&mut file, 0, written);
    wait(&place, written, &mut follower, again);
    for round in 0..rounds {
        for _ in 0..=draw.next(4) {
            let more = 1 + draw.next(700);
            write(&mut file, written, written + more);
            written += more;
            std::thread::sleep(Duration::from_millis(draw.next(120)));
        }
        if draw.next(3) == 0 {
            std::fs::rename(&path, place.path(&format!("clicks.ndjson.{round}"))).unwrap();
            // The writer goes on in the old file for a while.
            write(&mut file, written, written + 5);
            written += 5;
            file = File::create(&path).unwrap();
        }
        if draw.next(3) > 0 {
            follower.kill();
        }
        if draw.next(3) == 0 {
            server.kill();
            server = serve(&place, port);
        }
        if follower.child().try_wait().unwrap().is_some() {
            follower = again();
        }
    }
    wait(&place, written, &mut follower, again);
    follower.end("INT").fails(130, "goes on where this one stopped");
    server.end("TERM").ok();
    assert_eq!(learned(&place), (0..written).collect::<Vec<_>>());
    place.run(&["verify", "sam"]).ok();
}

#[test]
fn a_file_that_is_cut_begins_again() {
    let place = Place::new();
    place.born("sam");
    let path = place.path("clicks.ndjson");
    std::fs::write(&path, (0..10).map(line).collect::<String>()).unwrap();
    let run = |seconds: f64| {
        let args = ["learn", "sam", "--follow", str_of(&path), "--json"];
        let mut command = place.command(&args);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(Duration::from_secs_f64(seconds));
        signal(&child, "INT");
        Ran::of(&child.wait_with_output().unwrap()).fails(130, "stopped")
    };
    run(3.0);
    assert_eq!(learned(&place), (0..10).collect::<Vec<_>>());
    run(1.0);
    assert_eq!(learned(&place).len(), 10, "a second run learns no line twice");
    // Cut in place, with the same beginning: fewer lines than were learned tell it.
    let again: String = (0..4).map(line).collect();
    std::fs::write(&path, &again).unwrap();
    run(3.0);
    assert_eq!(learned(&place), (0..10).chain(0..4).collect::<Vec<_>>());
    let mut file = File::options().append(true).open(&path).unwrap();
    write(&mut file, 4, 6);
    file.write_all(b"not json\n").unwrap();
    write(&mut file, 6, 7);
    run(3.0);
    assert_eq!(learned(&place), (0..10).chain(0..7).collect::<Vec<_>>());
}

#[test]
fn csv_is_followed_and_what_can_not_be_is_refused() {
    let place = Place::new();
    place.born("sam");
    let path = place.write("clicks.csv", "i,y\n0,true\n1,false\n");
    let args = ["learn", "sam", "--follow", str_of(&path), "--target", "y", "--json"];
    let start = || {
        let mut command = place.command(&args);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    for (more, until) in [("2,true\n3,", 3), ("true\n4,false\n", 5)] {
        let child = start();
        std::thread::sleep(Duration::from_millis(500));
        File::options().append(true).open(&path).unwrap().write_all(more.as_bytes()).unwrap();
        std::thread::sleep(Duration::from_millis(2500));
        signal(&child, "INT");
        Ran::of(&child.wait_with_output().unwrap()).fails(130, "stopped");
        assert_eq!(learned(&place), (0..until).collect::<Vec<_>>());
    }
    let folder = str_of(place.dir.path()).to_owned();
    place.run(&["learn", "sam", "--follow", &folder]).fails(7, "no file");
    place.run(&["learn", "nobody", "--follow", str_of(&path)]).fails(3, "nobody");
    place.run(&["learn", "sam", "--follow", "f.arrow"]).fails(7, "no lines to follow");
}
