//! Servers beside each other: this one, VW's daemon, and River behind FastAPI.
//!
//! Every event is predicted and learned. VW's daemon and the FastAPI server keep nothing on disk;
//! ours is measured with its journal in memory, as they are, and on disk, as it is used. VW's
//! clients send lines on one connection; ours are measured with a request an event, as FastAPI's
//! are, and with lines on one connection, as VW's are.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use her_identity::{Error, Result};

use super::load::{Answers, Load};
use super::meter::{Line, Meter};
use super::room::Room;

/// Events that go round.
const EVENTS: usize = 10_000;
/// Requests without an answer.
const FLYING: usize = 256;
/// Lines without an answer: what our server takes before it waits to be read.
const WINDOW: usize = 2_048;

/// How our server is spoken to, with how many events that wait for their answers.
#[derive(Clone, Copy)]
enum Talk {
    /// A request an event, each on a connection of its own.
    Requests(usize),
    /// Lines in the body of one request.
    Lines(usize),
}

/// A server that is ended with its measurement.
struct Server {
    process: Child,
    address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        // VW's daemon has a child that serves; the group is that of the server only.
        let group = format!("-{}", self.process.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.process.wait();
    }
}

impl Server {
    /// Seconds that the server's processes had a processor, to a hundredth.
    fn cpu_seconds(&self) -> f64 {
        let Ok(all) = std::fs::read_dir("/proc") else { return 0.0 };
        let group = self.process.id().to_string();
        let ticks = all.flatten().filter_map(|process| {
            let stat = std::fs::read_to_string(process.path().join("stat")).ok()?;
            // After the name, which ends with the last bracket: state, parent, group, ….
            let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
            if *fields.get(2)? != group {
                return None;
            }
            Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?)
        });
        ticks.sum::<u64>() as f64 / 100.0
    }
}

/// One case, each contestant with a server of its own.
pub fn measure(case: &str, data: &Path) -> Result<Vec<Line>> {
    let memory = Path::new("/dev/shm");
    let mut lines = Vec::new();
    let window = match case {
        "served-one" => 1,
        "served-256" => FLYING,
        _ => WINDOW,
    };
    for (who, parent) in [("her", memory), ("her, durable", data)] {
        if !parent.is_dir() {
            continue;
        }
        if case == "served-stream" {
            lines.push(ours(who, (data, parent), Talk::Lines(window))?);
        } else {
            lines.push(ours(who, (data, parent), Talk::Requests(window))?);
            let who = format!("{who}, lines");
            lines.push(ours(&who, (data, parent), Talk::Lines(window))?);
        }
    }
    let Some(python) = std::env::var_os("HER_PEERS_PYTHON") else {
        eprintln!("HER_PEERS_PYTHON does not name the Python with the peers; ours only");
        return Ok(lines);
    };
    let python = PathBuf::from(python);
    let vw = texts(&data.join("dense10.vw"))?;
    let server = peer(&python, "vw")?;
    lines.push(line("VW 9.11 daemon", &server, vw, vec![], Answers::Lines, 1, window)?);
    drop(server);
    if case != "served-stream" {
        let server = peer(&python, "fastapi")?;
        let events = texts(&data.join("dense10.ndjson"))?;
        let events = events.iter().map(|e| request(&server, "/learn", "", e)).collect();
        let who = "River 0.26.1 + FastAPI";
        lines.push(line(who, &server, events, vec![], Answers::Http, window, 1)?);
    }
    Ok(lines)
}

/// Our own server, in a process of its own.
fn ours(who: &str, (data, parent): (&Path, &Path), talk: Talk) -> Result<Line> {
    let room = Room::new(parent)?;
    let house = room.house(false)?;
    house.close();
    let dir = room.dir.join("house");
    let her = std::env::current_exe().map_err(|e| Error::io("finding this program", e))?;
    let mut command = Command::new(her);
    command.arg("serve").arg("--data-dir").arg(&dir);
    for set in ["listen=127.0.0.1:0", "limits.connections_per_ip=1024"] {
        command.args(["--set", set]);
    }
    let server = start(command)?;
    let token = std::fs::read_to_string(dir.join("token"));
    let token = token.map_err(|e| Error::io("reading the token", e))?;
    let auth = format!("authorization: Bearer {}\r\n", token.trim());
    let events = texts(&data.join("dense10.ndjson"))?;
    let path = "/v1/identities/bench/learn";
    match talk {
        Talk::Lines(window) => {
            let opening = format!(
                "POST {path} HTTP/1.1\r\nhost: {}\r\n{auth}content-type: \
                 application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n",
                server.address
            );
            line(who, &server, events, opening.into(), Answers::Chunks, 1, window)
        }
        Talk::Requests(many) => {
            let events = events.iter().map(|e| request(&server, path, &auth, e)).collect();
            line(who, &server, events, vec![], Answers::Http, many, 1)
        }
    }
}

#[allow(clippy::too_many_arguments, reason = "a line of a table")]
fn line(
    who: &str,
    server: &Server,
    events: Vec<Vec<u8>>,
    opening: Vec<u8>,
    answers: Answers,
    connections: usize,
    window: usize,
) -> Result<Line> {
    let address = server.address.clone();
    let load = Load { address, opening, events, answers, connections, window };
    let before = server.cpu_seconds();
    let mut done = load.run()?;
    let cpu_s = server.cpu_seconds() - before;
    let mut meter = Meter::of_waiting(who);
    meter.part(|| Ok(done.events))?;
    let measured = super::load::RUN.as_secs_f64();
    // Of the warm-up's work, only the measured events' share.
    let cpu_s = cpu_s * done.events as f64 / done.all.max(1) as f64;
    Ok(meter.line().lasting(measured, cpu_s).with_p99(&mut done.latencies_ns))
}

fn request(server: &Server, path: &str, headers: &str, event: &[u8]) -> Vec<u8> {
    let event = event.trim_ascii_end();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {}\r\n{headers}content-type: application/json\r\n\
         content-length: {}\r\n\r\n",
        server.address,
        event.len()
    );
    [head.as_bytes(), event].concat()
}

/// The first lines of a file, with their ends.
fn texts(path: &Path) -> Result<Vec<Vec<u8>>> {
    let text =
        std::fs::read(path).map_err(|e| Error::io(format!("reading {}", path.display()), e))?;
    Ok(text.split_inclusive(|b| *b == b'\n').take(EVENTS).map(<[u8]>::to_vec).collect())
}

fn peer(python: &Path, which: &str) -> Result<Server> {
    let mut command = Command::new(python);
    command.args(["bench/served.py", which]);
    start(command)
}

/// Starts a server, and waits until it says where it listens.
fn start(mut command: Command) -> Result<Server> {
    let io = |e| Error::io("starting a server that is measured", e);
    let mut process = command
        .process_group(0)
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .map_err(io)?;
    let told = process.stderr.take();
    let mut server = Server { process, address: String::new() };
    let Some(told) = told else { return Ok(server) };
    let mut lines = BufReader::new(told).lines();
    for line in lines.by_ref() {
        let line = line.map_err(io)?;
        if let Some((_, rest)) = line.split_once("http://127.0.0.1:") {
            let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
            server.address = format!("127.0.0.1:{port}");
            break;
        }
    }
    if server.address.is_empty() {
        return Err(Error::invalid(format!("{command:?} ended before it listened")));
    }
    // What it says later must not fill the pipe.
    std::thread::spawn(move || lines.for_each(drop));
    Ok(server)
}
