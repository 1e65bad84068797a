//! Two processes of `her serve` that know each other, and what is done to them.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use her::node::of_dir;
use serde_json::{Value, json};
use ureq::Agent;

use super::tongue::tiny_base;

/// Long enough for a loaded machine; nothing is measured by it.
pub const PATIENCE: Duration = Duration::from_mins(2);
/// How long a process that answers takes for a question about departures.
const PROMPT: Duration = Duration::from_secs(1);

/// Where one of them lives.
#[derive(Debug, Clone)]
pub struct Site {
    /// Where its server listens.
    pub http: String,
    /// Where it listens for the other node, and the other node finds it.
    pub node: String,
    /// The network namespace that it runs in, if not the test's own.
    pub netns: Option<String>,
    /// The processor that `qemu-x86_64` runs it on, if not the machine's own.
    pub cpu: Option<&'static str>,
}

impl Site {
    /// On this machine, at ports that are free.
    pub fn here() -> Self {
        let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        Self { http: free(), node: free(), netns: None, cpu: None }
    }
}

/// The two; dropped, they end.
pub struct Two {
    _dir: tempfile::TempDir,
    pub dirs: [PathBuf; 2],
    pub sites: [Site; 2],
    /// Whether the identity reads texts.
    pub reads: bool,
    children: Mutex<[Option<Child>; 2]>,
}

impl Two {
    /// Writes the settings of both and starts them. The identity `sam` is born at the first.
    pub fn begin(sites: [Site; 2], settings: &str, spec: &Value) -> Self {
        let reads = spec["model"]["LanguageModel"].is_object();
        let dir = tempfile::tempdir().unwrap();
        let dirs = ["a", "b"].map(|name| dir.path().join(name));
        let keys = [0, 1].map(|i: usize| of_dir(&dirs[i]).unwrap().node);
        for i in 0..2 {
            let (own, other) = (&sites[i], &sites[1 - i]);
            let (http, node) = (&own.http, &own.node);
            let text = format!(
                "listen = \"{http}\"\nshards = 1\ndrain_s = 5\n{settings}\n[node]\nlisten = \
                 \"{node}\"\n[nodes.{}]\nkey = \"{}\"\nat = \"{}\"\nurl = \"http://{}\"\n",
                ["b", "a"][i],
                keys[1 - i],
                other.node,
                other.http
            );
            std::fs::write(dirs[i].join("her.toml"), text).unwrap();
            if reads {
                tiny_base(&dirs[i]);
            }
        }
        let two = Self { _dir: dir, dirs, sites, reads, children: Mutex::default() };
        two.start(0);
        two.start(1);
        let made = two.ask(0, "PUT", "/v1/identities/sam", Some(spec), PATIENCE);
        assert_eq!(made.as_ref().map(|m| m.0), Some(201), "{made:?}");
        two
    }

    fn command(&self, i: usize) -> Command {
        let her = std::env::var("HER_BIN").unwrap_or_else(|_| env!("CARGO_BIN_EXE_her").to_owned());
        let site = &self.sites[i];
        let mut command = match (&site.netns, site.cpu) {
            (None, None) => Command::new(her),
            (None, Some(cpu)) => {
                let mut command = Command::new("qemu-x86_64");
                command.args(["-cpu", cpu]).arg(her);
                command
            }
            (Some(netns), _) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", netns]).arg(her);
                command
            }
        };
        command.arg("serve").arg("--data-dir").arg(&self.dirs[i]).arg("--config");
        command.arg(self.dirs[i].join("her.toml"));
        let mut log = std::fs::OpenOptions::new();
        let log = log.create(true).append(true).open(self.dirs[i].with_extension("log")).unwrap();
        command.env("HER_FAULTS", self.faults(i)).stdout(Stdio::null()).stderr(log);
        command
    }

    /// Starts a process, and waits until it answers.
    pub fn start(&self, i: usize) {
        let child = self.command(i).spawn().unwrap();
        self.children.lock().unwrap()[i] = Some(child);
        let begin = Instant::now();
        while self.ask(i, "GET", "/livez", None, PROMPT).map(|said| said.0) != Some(200) {
            assert!(begin.elapsed() < PATIENCE, "node {i} does not start: {}", self.log(i));
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// What a process said on its standard error.
    pub fn log(&self, i: usize) -> String {
        std::fs::read_to_string(self.dirs[i].with_extension("log")).unwrap_or_default()
    }

    /// Sends a signal to a process. `ip netns exec` becomes it, so its id is the child's.
    pub fn signal(&self, i: usize, name: &str) {
        let children = self.children.lock().unwrap();
        let Some(child) = &children[i] else { return };
        let id = child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    /// Kills a process, if it has not ended yet, and waits for its end.
    pub fn kill(&self, i: usize) {
        let Some(mut child) = self.children.lock().unwrap()[i].take() else { return };
        // One that has ended cannot be killed.
        let _ = child.kill();
        child.wait().unwrap();
    }

    /// Whether a process has ended; one that has is waited for.
    pub fn has_ended(&self, i: usize) -> bool {
        match &mut self.children.lock().unwrap()[i] {
            None => true,
            Some(child) => child.try_wait().unwrap().is_some(),
        }
    }

    /// The token of a node, once it has written one.
    pub fn token(&self, i: usize) -> Option<String> {
        let text = std::fs::read_to_string(self.dirs[i].join("token")).ok()?;
        Some(text.trim().to_owned())
    }

    /// One request; nothing if there is no whole answer within `limit`.
    pub fn ask(
        &self,
        i: usize,
        method: &str,
        path: &str,
        body: Option<&Value>,
        limit: Duration,
    ) -> Option<(u16, String)> {
        let config = Agent::config_builder().timeout_global(Some(limit));
        let agent: Agent = config.http_status_as_error(false).build().into();
        let url = format!("http://{}{path}", self.sites[i].http);
        let bearer = format!("Bearer {}", self.token(i).unwrap_or_default());
        let send = |request: ureq::RequestBuilder<ureq::typestate::WithBody>| {
            let request = request.header("authorization", &bearer);
            let body = body.map(Value::to_string).unwrap_or_default();
            request.content_type("application/json").send(body)
        };
        let mut said = match method {
            "GET" => agent.get(url).header("authorization", &bearer).call(),
            "PUT" => send(agent.put(url)),
            _ => send(agent.post(url)),
        }
        .ok()?;
        Some((said.status().as_u16(), said.body_mut().read_to_string().ok()?))
    }

    /// What a node says about sam: where it is, and its departures, newest first.
    pub fn departures(&self, i: usize) -> Option<Value> {
        let said = self.ask(i, "GET", "/v1/identities/sam/departures", None, PROMPT)?;
        (said.0 == 200).then(|| serde_json::from_str(&said.1).unwrap())
    }

    /// Begins a departure; its id, if the node lived to tell it.
    pub fn depart(&self, from: usize) -> Option<(u16, Value)> {
        let to = json!({ "to": (["b", "a"][from]), "leave": false });
        let said = self.ask(from, "POST", "/v1/identities/sam/depart", Some(&to), PROMPT)?;
        Some((said.0, serde_json::from_str(&said.1).unwrap()))
    }

    /// The node that owns sam, once there is one. Fails when two say so.
    pub fn owner(&self) -> usize {
        let begin = Instant::now();
        loop {
            let places = [0, 1].map(|i| self.departures(i).map(|said| said["place"].clone()));
            let here = |i: &usize| places[*i].as_ref().is_some_and(|place| place["at"] == "here");
            let at: Vec<usize> = (0..2).filter(here).collect();
            assert!(at.len() < 2, "two nodes own it: {places:?}");
            if let [owner] = at[..] {
                return owner;
            }
            assert!(begin.elapsed() < PATIENCE, "nobody owns it: {places:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Arms points in a process that runs, or will: a line each.
    pub fn arm(&self, i: usize, points: &[String]) {
        std::fs::write(self.faults(i), points.join("\n")).unwrap();
    }

    /// The points that were reached since the last [`clear`](Self::clear).
    pub fn hits(&self, i: usize) -> Vec<String> {
        let text = std::fs::read_to_string(self.faults(i).with_extension("hit"));
        text.unwrap_or_default().lines().map(str::to_owned).collect()
    }

    /// No point is armed, and none was reached.
    pub fn clear(&self) {
        for i in 0..2 {
            for file in [self.faults(i), self.faults(i).with_extension("hit")] {
                // There is none where nothing was armed or reached.
                let _ = std::fs::remove_file(file);
            }
        }
    }

    fn faults(&self, i: usize) -> PathBuf {
        self.dirs[i].with_extension("faults")
    }
}

impl Drop for Two {
    fn drop(&mut self) {
        for i in 0..2 {
            self.kill(i);
        }
    }
}
