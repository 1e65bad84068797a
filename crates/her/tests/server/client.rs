//! A server in a directory of its own, and a client that speaks plain HTTP/1.1.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use her::config::{Flags, Settings};
use her::server::Server;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Long enough for a loaded machine; nothing is measured by it.
pub const PATIENCE: Duration = Duration::from_mins(1);

pub struct Running {
    pub dir: TempDir,
    pub server: Option<Server>,
    pub addr: SocketAddr,
    pub token: String,
}

pub fn settings(dir: &Path, set: &[&str]) -> Settings {
    let mut all = vec!["shards=1".to_owned(), "segment_mib=1".to_owned(), "drain_s=20".to_owned()];
    all.extend(set.iter().map(ToString::to_string));
    let flags = Flags {
        data_dir: Some(dir.to_owned()),
        listen: Some("127.0.0.1:0".into()),
        set: all,
        ..Flags::default()
    };
    Settings::load(&flags, &|_| None, &[]).unwrap()
}

impl Running {
    pub fn new(set: &[&str]) -> Self {
        Self::open(tempfile::tempdir().unwrap(), set)
    }

    pub fn open(dir: TempDir, set: &[&str]) -> Self {
        let server = Server::start(&settings(dir.path(), set)).unwrap();
        let token = std::fs::read_to_string(dir.path().join("token")).unwrap().trim().to_owned();
        Self { addr: server.addr(), server: Some(server), dir, token }
    }

    /// A server with an identity named sam.
    pub fn with_sam(set: &[&str]) -> Self {
        let running = Self::new(set);
        let spec = json!({"model": ["StandardScaler", "LogisticRegression"], "shadow_after": 20});
        assert_eq!(running.put("/v1/identities/sam", &spec).status, 201);
        running
    }

    pub fn stop(mut self) -> TempDir {
        self.server.take().unwrap().stop();
        self.dir
    }

    pub fn connect(&self) -> Wire {
        let stream = TcpStream::connect(self.addr).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Wire { reader: BufReader::new(stream) }
    }

    /// The first lines of a request, with the token, up to where more headers may follow.
    pub fn head(&self, method: &str, path: &str) -> String {
        format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n",
            self.addr, self.token
        )
    }

    pub fn ask(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> Said {
        let mut wire = self.connect();
        let mut head = self.head(method, path);
        if !kind.is_empty() {
            head = format!("{head}content-type: {kind}\r\n");
        }
        let head = format!("{head}connection: close\r\ncontent-length: {}\r\n\r\n", body.len());
        // A refusal may come, and the connection close, before all of a body was taken.
        let _ = wire.stream().write_all(&[head.as_bytes(), body].concat());
        wire.said()
    }

    pub fn get(&self, path: &str) -> Said {
        self.ask("GET", path, "", b"")
    }

    pub fn post(&self, path: &str, body: &Value) -> Said {
        self.ask("POST", path, "application/json", body.to_string().as_bytes())
    }

    pub fn put(&self, path: &str, body: &Value) -> Said {
        self.ask("PUT", path, "application/json", body.to_string().as_bytes())
    }

    pub fn lines(&self, path: &str, body: &str) -> Vec<Value> {
        let said = self.ask("POST", path, "application/x-ndjson", body.as_bytes());
        assert_eq!(said.status, 200, "{}", said.text());
        said.lines()
    }

    pub fn version(&self) -> u64 {
        self.get("/v1/identities/sam").json()["version"].as_u64().unwrap()
    }

    /// The state of sam, to the bit.
    pub fn bytes(&self) -> Vec<u8> {
        let house = self.server.as_ref().unwrap().house();
        house.look("sam", |identity| identity.state().save()).unwrap()
    }
}

pub struct Wire {
    reader: BufReader<TcpStream>,
}

pub struct Said {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Wire {
    pub fn stream(&mut self) -> &mut TcpStream {
        self.reader.get_mut()
    }

    pub fn send(&mut self, text: &str) {
        self.stream().write_all(text.as_bytes()).unwrap();
    }

    /// One chunk of a chunked body.
    pub fn chunk(&mut self, text: &str) {
        self.send(&format!("{:x}\r\n{text}\r\n", text.len()));
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.reader.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// The head of an answer.
    pub fn answer(&mut self) -> Said {
        let first = self.line();
        let status = first.split(' ').nth(1).and_then(|s| s.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no answer but {first:?}"));
        let mut headers = Vec::new();
        loop {
            let line = self.line();
            let Some((name, value)) = line.split_once(':') else { break };
            headers.push((name.to_lowercase(), value.trim().to_owned()));
        }
        Said { status, headers, body: Vec::new() }
    }

    /// One chunk of an answer; empty at its end.
    pub fn piece(&mut self) -> Vec<u8> {
        let size = usize::from_str_radix(&self.line(), 16).unwrap();
        let mut piece = vec![0; size + 2];
        self.reader.read_exact(&mut piece).unwrap();
        piece.truncate(size);
        piece
    }

    /// A whole answer.
    pub fn said(&mut self) -> Said {
        let mut said = self.answer();
        if let Some(length) = said.header("content-length") {
            said.body = vec![0; length.parse().unwrap()];
            self.reader.read_exact(&mut said.body).unwrap();
        } else if said.header("transfer-encoding").is_some() {
            loop {
                let piece = self.piece();
                if piece.is_empty() {
                    break;
                }
                said.body.extend(piece);
            }
        }
        said
    }

    /// True when the server closes the connection.
    pub fn is_cut(&mut self) -> bool {
        let mut rest = Vec::new();
        match self.reader.read_to_end(&mut rest) {
            Ok(_) => true,
            Err(e) => e.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }
}

impl Said {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    pub fn lines(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// A refusal of this status and kind, whose detail holds this.
    #[track_caller]
    pub fn refused(&self, status: u16, kind: &str, detail: &str) {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        let problem = self.json();
        assert_eq!(problem["kind"], kind, "{problem}");
        assert_eq!(problem["type"], format!("urn:her:problem:{kind}"));
        assert_eq!(problem["status"], status);
        assert!(problem["detail"].as_str().unwrap().contains(detail), "{detail}: {problem}");
    }
}

/// The line of an event that follows a rule.
pub fn line(i: u64) -> String {
    let (a, b) = ((i * 7919) % 101, (i * 104_729) % 103);
    format!("{{\"x\":{{\"a\":{a},\"b\":{b}}},\"y\":{}}}\n", a > b)
}

pub fn event(i: u64) -> Value {
    serde_json::from_str(&line(i)).unwrap()
}
