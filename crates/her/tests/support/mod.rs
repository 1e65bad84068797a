//! The real binary in a directory of its own.

#![allow(dead_code, reason = "each test file uses a part")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

/// A place to run `her` in.
pub struct Place {
    pub dir: tempfile::TempDir,
}

/// What a run gave.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, 0, "stdout: {}\nstderr: {}", self.out, self.err);
        self
    }

    /// The one line of JSON on standard output.
    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.out.lines().count(), 1, "one line is wanted, got: {}", self.out);
        serde_json::from_str(&self.out).expect("JSON")
    }

    /// All lines of JSON on standard output.
    #[track_caller]
    pub fn lines(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    #[track_caller]
    pub fn fails(self, code: i32, says: &str) -> Self {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.out, self.err);
        assert!(self.err.contains(says), "{says:?} is not in: {}", self.err);
        self
    }
}

impl Place {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a directory") }
    }

    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).expect("written");
        path
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_her"));
        command.args(args).env("HER_DATA_DIR", self.data()).current_dir(self.dir.path());
        for variable in ["HER_TOKEN", "HER_URL", "XDG_DATA_HOME", "HER_CONFIG"] {
            command.env_remove(variable);
        }
        command.stdin(Stdio::null());
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        Ran::of(&self.command(args).output().expect("her runs"))
    }

    pub fn feed(&self, args: &[&str], stdin: &str) -> Ran {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("her runs");
        let mut pipe = child.stdin.take().expect("a pipe");
        pipe.write_all(stdin.as_bytes()).expect("taken");
        drop(pipe);
        Ran::of(&child.wait_with_output().expect("her ends"))
    }

    /// An identity that takes any numbers and learns true or false.
    pub fn born(&self, name: &str) {
        self.run(&["new", name, "--spec", LINEAR]).ok();
    }
}

pub const LINEAR: &str = r#"["StandardScaler", "LogisticRegression"]"#;

/// Events that can be learned, one a line.
pub fn events(from: u64, to: u64) -> String {
    let mut text = String::new();
    for i in from..to {
        let (a, b) = ((i * 37) % 101, (i * 71) % 13);
        let _ = writeln!(text, "{{\"x\":{{\"a\":{a},\"b\":{b}}},\"y\":{}}}", a > 50);
    }
    text
}

/// The blocks of a guide: what follows the fence, and what is inside.
pub fn blocks(guide: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut lines = guide.lines();
    while let Some(line) = lines.next() {
        if let Some(kind) = line.strip_prefix("```") {
            let inside: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push((kind.to_owned(), inside.join("\n") + "\n"));
        }
    }
    blocks
}

/// Sends a signal, as Ctrl-C does.
pub fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").arg(format!("-{name}")).arg(child.id().to_string()).status();
    assert!(sent.expect("kill runs").success());
}

pub fn str_of(path: &Path) -> &str {
    path.to_str().expect("a path of plain characters")
}

/// A server over a place's data directory, until it goes.
pub struct Serving(Child);

impl Serving {
    pub fn over(place: &Place) -> Self {
        let mut command = place.command(&["serve", "--listen", "127.0.0.1:0"]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let serving = Self(child.expect("it runs"));
        for _ in 0..500 {
            if place.data().join("server.json").exists() {
                return serving;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the server did not start within 10 s");
    }

    pub fn end(mut self) {
        signal(&self.0, "INT");
        self.0.wait().expect("it runs");
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
