//! Settings and where each came from.
//!
//! One table, [`KEYS`], says every key once: its name, what it is for, and how its text is read.
//! A later source replaces single values of an earlier one: default, `/etc/her/her.toml`, the XDG
//! config, `./her.toml`, `--config`, `HER_*` in the environment, flags.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use her_identity::{Error, Result};

use crate::node::Peer;

mod channels;
pub mod gates;
mod keys;
mod nodes;
mod sync;

pub use channels::Channels;
pub use gates::Gates;
pub use keys::KEYS;
pub(crate) use nodes::{check_name as check_node_name, port_of};
pub use sync::Sync;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Built in.
    Default,
    /// A settings file.
    File(PathBuf),
    /// A variable of the environment.
    Env(String),
    /// A flag of the command line.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Env(name) => write!(f, "environment {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// The flags that set settings; the command line flattens them into its own.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Flags {
    /// Read this settings file too
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where everything lies
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Listen at this address and port
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
    /// Allow addresses that other machines reach, without TLS
    #[arg(long, global = true)]
    pub insecure: bool,
    /// Set any key, such as limits.body_mib=4
    #[arg(long = "set", global = true, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

/// Bounds on what comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request's body.
    pub body_bytes: usize,
    /// Bytes of a line of a stream.
    pub line_bytes: usize,
    /// Arrays and objects within each other.
    pub json_depth: usize,
    /// Bytes of a request's head.
    pub headers_bytes: usize,
    /// Open connections.
    pub connections: usize,
    /// Open connections from one address.
    pub connections_per_ip: usize,
    /// Requests of one token in a second, unless it has a limit of its own; 0 for no limit.
    pub requests_per_s: u32,
    /// Refusals for want of a token, from one address in a minute.
    pub refused_per_min: u32,
    /// How long the head of a request may take.
    pub header_timeout: Duration,
    /// How long a connection may stand still while the client is to move.
    pub idle_timeout: Duration,
}

/// Where the certificate lies, for TLS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// The certificate and those between it and its root, in PEM.
    pub cert_file: Option<PathBuf>,
    /// Its private key, in PEM.
    pub key_file: Option<PathBuf>,
}

/// All settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where everything lies.
    pub data_dir: PathBuf,
    /// Where the server listens.
    pub listen: SocketAddr,
    /// True when it may listen elsewhere than on loopback.
    pub insecure: bool,
    /// Where the certificate lies; without one the server speaks without TLS.
    pub tls: Tls,
    /// Where the token lies, if not in the data directory.
    pub token_file: Option<PathBuf>,
    /// Learner threads of a new house; by cores if not said.
    pub shards: Option<usize>,
    /// Threads that the members of an ensemble may work on at once.
    pub ensemble_threads: usize,
    /// Bytes of a journal's segment, if not the journal's own choice.
    pub segment_bytes: Option<u64>,
    /// Bounds on what comes in.
    pub limits: Limits,
    /// How long people and devices may be slow, and how many they may be.
    pub channels: Channels,
    /// The rules over figures that lead to an action.
    pub gates: Gates,
    /// The tier of this node.
    pub tier: u32,
    /// Where it listens for other nodes; none when it does not.
    pub node_listen: Option<SocketAddr>,
    /// Departures from this node at a time.
    pub departures_max: usize,
    /// How long this node hands requests on to where an identity moved.
    pub proxy: Duration,
    /// The other nodes that it knows and is known by.
    pub nodes: Vec<Peer>,
    /// Bounds on what peers send and are sent in thought-sync.
    pub sync: Sync,
    /// Where the models lie that language identities stand on, if not in the data directory.
    pub bases: Option<PathBuf>,
    /// After how long a silence a language identity takes its small form; never if nothing.
    pub rest_after: Duration,
    /// How long requests under way may take when the server ends.
    pub drain: Duration,
    origins: BTreeMap<&'static str, Origin>,
}

/// One line of `her config show`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The key as files write it.
    pub key: &'static str,
    /// Its value.
    pub value: String,
    /// Where the value came from.
    pub origin: Origin,
}

/// Looks a variable of the environment up.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Settings {
    /// The settings of this process: its environment and the usual files.
    pub fn of_process(flags: &Flags) -> Result<Self> {
        let env = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
        Self::load(flags, &env, &usual_files(&env))
    }

    /// The settings from flags, an environment, and files of rising precedence. Files that do
    /// not exist are skipped; `--config` must exist.
    pub fn load(flags: &Flags, env: Env<'_>, files: &[PathBuf]) -> Result<Self> {
        let mut settings = Self::defaults(env);
        for path in files {
            match std::fs::read_to_string(path) {
                Ok(text) => settings.take_file(path, &text)?,
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
                Err(e) => return Err(Error::io(format!("reading {}", path.display()), e)),
            }
        }
        if let Some(path) = &flags.config {
            let text = std::fs::read_to_string(path)
                .map_err(|e| Error::io(format!("reading {}", path.display()), e))?;
            settings.take_file(path, &text)?;
        }
        for key in KEYS {
            let name = key.env();
            if let Some(value) = env(&name) {
                settings.take(key.name, &value, Origin::Env(name))?;
            }
        }
        settings.take_flags(flags)?;
        settings.check()?;
        Ok(settings)
    }

    fn defaults(env: Env<'_>) -> Self {
        Self {
            data_dir: data_home(env).join("her"),
            listen: SocketAddr::from(([127, 0, 0, 1], 7400)),
            insecure: false,
            tls: Tls::default(),
            token_file: None,
            shards: None,
            ensemble_threads: 1,
            segment_bytes: None,
            limits: Limits {
                body_bytes: 1 << 20,
                line_bytes: 64 << 10,
                json_depth: 16,
                headers_bytes: 8 << 10,
                connections: 1024,
                connections_per_ip: 256,
                requests_per_s: 0,
                refused_per_min: 120,
                header_timeout: Duration::from_secs(10),
                idle_timeout: Duration::from_mins(2),
            },
            channels: Channels::default(),
            gates: Gates::new(),
            tier: 0,
            node_listen: None,
            departures_max: 2,
            proxy: Duration::from_hours(24),
            nodes: Vec::new(),
            sync: Sync::default(),
            bases: None,
            rest_after: Duration::from_mins(5),
            drain: Duration::from_secs(30),
            origins: BTreeMap::new(),
        }
    }

    fn take_flags(&mut self, flags: &Flags) -> Result<()> {
        let flag = |name: &str| Origin::Flag(name.to_owned());
        if let Some(dir) = &flags.data_dir {
            self.take("data_dir", &dir.to_string_lossy(), flag("--data-dir"))?;
        }
        if let Some(listen) = &flags.listen {
            self.take("listen", listen, flag("--listen"))?;
        }
        if flags.insecure {
            self.take("insecure", "true", flag("--insecure"))?;
        }
        for pair in &flags.set {
            let Some((key, value)) = pair.split_once('=') else {
                return Err(Error::invalid(format!("--set wants KEY=VALUE, got {pair:?}")));
            };
            self.take(key.trim(), value.trim(), flag("--set"))?;
        }
        Ok(())
    }

    fn take_file(&mut self, path: &Path, text: &str) -> Result<()> {
        let place = path.display().to_string();
        let table: toml::Table = toml::from_str(text).map_err(|e| unreadable(&place, text, &e))?;
        self.take_table(path, "", &table)
    }

    fn take_table(&mut self, path: &Path, above: &str, table: &toml::Table) -> Result<()> {
        for (name, value) in table {
            let key = format!("{above}{name}");
            let text = match value {
                toml::Value::Table(inner)
                    if above.is_empty()
                        && matches!(
                            name.as_str(),
                            "limits" | "channels" | "tls" | "node" | "sync" | "language"
                        ) =>
                {
                    self.take_table(path, &format!("{name}."), inner)?;
                    continue;
                }
                toml::Value::Table(inner) if above.is_empty() && name == "nodes" => {
                    nodes::read(&path.display().to_string(), inner, &mut self.nodes)?;
                    continue;
                }
                gate if above.is_empty() && name == "gate" => {
                    let place = path.display().to_string();
                    self.gates.extend(gates::read(&place, gate)?);
                    gates::check_count(&place, &self.gates)?;
                    continue;
                }
                toml::Value::String(s) => s.clone(),
                other => other.to_string(),
            };
            self.take(&key, &text, Origin::File(path.to_owned()))?;
        }
        Ok(())
    }

    fn take(&mut self, name: &str, value: &str, origin: Origin) -> Result<()> {
        let Some(key) = KEYS.iter().find(|k| k.name == name) else {
            let allowed: Vec<&str> = KEYS.iter().map(|k| k.name).collect();
            return Err(Error::invalid(format!(
                "{origin}: there is no key {name:?}; allowed are {}",
                allowed.join(", ")
            )));
        };
        (key.read)(self, value).map_err(|wanted| {
            Error::invalid(format!("{origin}: {name} must be {wanted}, got {value:?}"))
        })?;
        self.origins.insert(key.name, origin);
        Ok(())
    }

    fn check(&self) -> Result<()> {
        if self.tls.cert_file.is_some() != self.tls.key_file.is_some() {
            return Err(Error::invalid(
                "TLS needs both tls.cert_file and tls.key_file; only one of them is set",
            ));
        }
        if self.insecure || self.listen.ip().is_loopback() || self.tls.cert_file.is_some() {
            return Ok(());
        }
        Err(Error::invalid(format!(
            "{}: listen is {}, which other machines reach, and the server speaks without TLS; \
             set tls.cert_file and tls.key_file, listen on 127.0.0.1 behind a proxy that does \
             TLS, or say insecure = true (--insecure)",
            self.origin("listen"),
            self.listen
        )))
    }

    /// Where a key's value came from.
    pub fn origin(&self, key: &str) -> Origin {
        self.origins.get(key).cloned().unwrap_or(Origin::Default)
    }

    /// Every key with its value and where that came from.
    pub fn shown(&self) -> Vec<Shown> {
        KEYS.iter()
            .map(|k| Shown { key: k.name, value: (k.show)(self), origin: self.origin(k.name) })
            .collect()
    }

    /// The file with the token.
    pub fn token_file(&self) -> PathBuf {
        self.token_file.clone().unwrap_or_else(|| self.data_dir.join("token"))
    }

    /// Where the models lie that language identities stand on.
    pub fn bases(&self) -> PathBuf {
        self.bases.clone().unwrap_or_else(|| self.data_dir.join("bases"))
    }

    /// What specs may name, with the bases that are here.
    pub fn catalog(&self) -> her_learn::Catalog {
        crate::encoders::catalog(self.bases())
    }

    /// How the house is opened.
    pub fn house(&self) -> her_identity::house::Config {
        let mut config = her_identity::house::Config::new(&self.data_dir);
        if let Some(shards) = self.shards {
            config.shards = shards;
        }
        if let Some(bytes) = self.segment_bytes {
            config.journal.segment_bytes = bytes;
        }
        config
    }
}

/// A file that is no TOML.
pub(crate) fn unreadable(place: &str, text: &str, e: &toml::de::Error) -> Error {
    let at = e.span().map_or(1, |s| 1 + text[..s.start].matches('\n').count());
    Error::invalid(format!("{place}, line {at}: {}", e.message()))
}

fn home(env: Env<'_>) -> PathBuf {
    env("HOME").map_or_else(|| PathBuf::from("."), PathBuf::from)
}

/// A directory of the XDG specification, which ignores relative paths.
fn xdg(env: Env<'_>, name: &str) -> Option<PathBuf> {
    env(name).map(PathBuf::from).filter(|p| p.is_absolute())
}

fn data_home(env: Env<'_>) -> PathBuf {
    xdg(env, "XDG_DATA_HOME").unwrap_or_else(|| home(env).join(".local/share"))
}

/// The files that are read when they exist, of rising precedence.
pub fn usual_files(env: Env<'_>) -> Vec<PathBuf> {
    let config = xdg(env, "XDG_CONFIG_HOME").unwrap_or_else(|| home(env).join(".config"));
    vec!["/etc/her/her.toml".into(), config.join("her/her.toml"), "her.toml".into()]
}

#[cfg(test)]
mod tests;
