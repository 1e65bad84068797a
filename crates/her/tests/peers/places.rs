//! Processes of `her serve` that all know each other, and what is done to them.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use her::node::of_dir;
use serde_json::{Value, json};
use ureq::Agent;

/// Long enough for a loaded machine; nothing is measured by it.
const PATIENCE: Duration = Duration::from_mins(2);

/// A cheap generator of well-mixed numbers.
pub struct Chance(pub u64);

impl Chance {
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// The name of a node in the settings of the others.
pub fn name(i: usize) -> String {
    format!("n{i}")
}

/// All of them; dropped, they end.
pub struct Many {
    dir: tempfile::TempDir,
    http: Vec<String>,
    keys: Vec<String>,
    nodes: Vec<String>,
    children: Mutex<Vec<Option<Child>>>,
    agent: Agent,
}

impl Many {
    /// Writes the settings of `n` nodes that know each other and starts them, each with an identity
    /// `sam` of this spec.
    pub fn begin(n: usize, settings: &str, spec: &Value) -> Self {
        Self::begin_with(n, settings, spec, |_, _| true)
    }

    /// The same, where node `a` has node `b` in its settings if `knows(a, b)`.
    pub fn begin_with(
        n: usize,
        settings: &str,
        spec: &Value,
        knows: impl Fn(usize, usize) -> bool,
    ) -> Self {
        let free = |_| TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let dir = tempfile::tempdir().unwrap();
        let (http, nodes): (Vec<_>, Vec<_>) =
            ((0..n).map(free).collect(), (0..n).map(free).collect());
        let key = |i| of_dir(&dir.path().join(format!("n{i}"))).unwrap().node.to_string();
        let keys: Vec<String> = (0..n).map(key).collect();
        for i in 0..n {
            let mut text = format!(
                "listen = \"{}\"\nshards = 1\ndrain_s = 5\n{settings}\n[node]\nlisten = \"{}\"\n",
                http[i], nodes[i]
            );
            for j in (0..n).filter(|j| *j != i && knows(i, *j)) {
                write!(text, "[nodes.n{j}]\nkey = \"{}\"\nat = \"{}\"\n", keys[j], nodes[j])
                    .unwrap();
            }
            std::fs::write(dir.path().join(format!("n{i}/her.toml")), text).unwrap();
        }
        let config = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .build();
        let children = Mutex::new((0..n).map(|_| None).collect());
        let many = Self { dir, http, keys, nodes, children, agent: config.into() };
        many.start_missing();
        for i in 0..n {
            many.put_one(i, "sam", spec);
        }
        many
    }

    /// The key of a node.
    pub fn key(&self, i: usize) -> String {
        self.keys[i].clone()
    }

    /// The address of a node with its key.
    pub fn url(&self, i: usize) -> String {
        format!("her://{}@{}", self.keys[i], self.nodes[i])
    }

    /// Its data directory.
    pub fn data(&self, i: usize) -> PathBuf {
        self.dir.path().join(format!("n{i}"))
    }

    /// Starts those that do not run, and waits until they answer.
    pub fn start_missing(&self) {
        let mut children = self.children.lock().unwrap();
        for (i, child) in children.iter_mut().enumerate().filter(|(_, child)| child.is_none()) {
            let log = std::fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(self.data(i).with_extension("log"))
                .unwrap();
            let mut command = Command::new(env!("CARGO_BIN_EXE_her"));
            command.arg("serve").arg("--data-dir").arg(self.data(i));
            command.arg("--config").arg(self.data(i).join("her.toml"));
            *child = Some(command.stdout(Stdio::null()).stderr(log).spawn().unwrap());
        }
        drop(children);
        for i in 0..self.http.len() {
            let (url, begin) = (format!("http://{}/livez", self.http[i]), Instant::now());
            while self.agent.get(&url).call().map(|r| r.status().as_u16()).ok() != Some(200) {
                let log = std::fs::read_to_string(self.data(i).with_extension("log"));
                assert!(begin.elapsed() < PATIENCE, "node {i} does not start: {log:?}");
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }

    /// Starts a node again with another line in its settings: the last of this key counts.
    pub fn set(&self, i: usize, line: &str) {
        self.kill(i);
        let path = self.data(i).join("her.toml");
        let key = line.split('=').next().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let kept = text.lines().map(|old| if old.starts_with(key) { line } else { old });
        std::fs::write(path, kept.collect::<Vec<_>>().join("\n")).unwrap();
        self.start_missing();
    }

    /// Kills a process.
    pub fn kill(&self, i: usize) {
        let mut child = self.children.lock().unwrap()[i].take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Asks a process to end, and waits for it.
    pub fn stop(&self, i: usize) {
        let mut child = self.children.lock().unwrap()[i].take().unwrap();
        let asked = Command::new("kill").arg(child.id().to_string()).status().unwrap();
        assert!(asked.success() && child.wait().unwrap().success());
    }

    /// A copy of a node's disk, taken while it does not run.
    pub fn back_up(&self, i: usize) -> PathBuf {
        self.kill(i);
        let copy = self.data(i).with_extension("backup");
        copy_dir(&self.data(i), &copy);
        self.start_missing();
        copy
    }

    /// Puts a copy in the place of a node's disk, and starts it.
    pub fn restore(&self, i: usize, copy: PathBuf) {
        self.kill(i);
        std::fs::remove_dir_all(self.data(i)).unwrap();
        std::fs::rename(copy, self.data(i)).unwrap();
        self.start_missing();
    }

    /// A request, and its status and answer.
    pub fn ask(&self, i: usize, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let body = body.map(ToString::to_string).unwrap_or_default();
        self.send(i, method, path, body.as_bytes())
    }

    /// Sends bytes.
    pub fn send(&self, i: usize, method: &str, path: &str, body: &[u8]) -> (u16, Value) {
        let token = std::fs::read_to_string(self.data(i).join("token")).unwrap();
        let url = format!("http://{}{path}", self.http[i]);
        let mut request = ureq::http::Request::builder().method(method).uri(url);
        request = request.header("authorization", format!("Bearer {}", token.trim()));
        request = request.header("content-type", "application/json");
        let mut said = self.agent.run(request.body(body).unwrap()).unwrap();
        let text = said.body_mut().read_to_string().unwrap();
        (said.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// A text of a node, such as its metrics.
    pub fn text(&self, i: usize, path: &str) -> String {
        let token = std::fs::read_to_string(self.data(i).join("token")).unwrap();
        let url = format!("http://{}{path}", self.http[i]);
        let request =
            self.agent.get(url).header("authorization", format!("Bearer {}", token.trim()));
        request.call().unwrap().body_mut().read_to_string().unwrap()
    }

    /// Makes an identity.
    pub fn put_one(&self, i: usize, name: &str, spec: &Value) {
        let (status, said) = self.ask(i, "PUT", &format!("/v1/identities/{name}"), Some(spec));
        assert_eq!(status, 201, "{said}");
    }

    /// Asks for something of `sam`.
    pub fn get(&self, i: usize, what: &str) -> Value {
        self.get_of(i, "sam", what)
    }

    /// The same of another identity.
    pub fn get_of(&self, i: usize, name: &str, what: &str) -> Value {
        let (status, said) = self.ask(i, "GET", &format!("/v1/identities/{name}/{what}"), None);
        assert_eq!(status, 200, "{said}");
        said
    }

    /// What `sam` is and knows of itself.
    pub fn card(&self, i: usize) -> Value {
        let (status, said) = self.ask(i, "GET", "/v1/identities/sam", None);
        assert_eq!(status, 200, "{said}");
        said
    }

    /// Does something with `sam`.
    pub fn post(&self, i: usize, what: &str, body: &Value) -> Value {
        self.post_of(i, "sam", what, body)
    }

    /// Does something with an identity.
    pub fn post_of(&self, i: usize, name: &str, what: &str, body: &Value) -> Value {
        let (status, said) =
            self.ask(i, "POST", &format!("/v1/identities/{name}/{what}"), Some(body));
        assert_eq!(status, 200, "{what} at node {i}: {said}");
        said
    }

    /// Why something with `sam` is refused.
    pub fn refused(&self, i: usize, what: &str, body: &Value) -> String {
        self.refused_of(i, "sam", what, body)
    }

    /// Why something with an identity is refused.
    pub fn refused_of(&self, i: usize, name: &str, what: &str, body: &Value) -> String {
        let (status, said) =
            self.ask(i, "POST", &format!("/v1/identities/{name}/{what}"), Some(body));
        assert!((400..500).contains(&status), "{status} {said}");
        said["detail"].as_str().unwrap_or_default().to_owned()
    }

    /// Lets `sam` at one node exchange with `sam` at another.
    pub fn exchange(&self, a: usize, b: usize) -> Result<Value, String> {
        let wish = json!({ "peer": name(b) });
        let (status, said) = self.ask(a, "POST", "/v1/identities/sam/sync", Some(&wish));
        if status != 200 {
            return Err(said["detail"].as_str().unwrap_or_default().to_owned());
        }
        let report = &said["exchanges"][0];
        assert_eq!(report["refused"], json!([]), "{report}");
        Ok(report.clone())
    }
}

impl Drop for Many {
    fn drop(&mut self) {
        for child in self.children.lock().unwrap().iter_mut().flatten() {
            // One that has ended cannot be killed.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_dir(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
