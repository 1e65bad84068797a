//! What all verbs share: where the state lies, how to reach it, and how to answer.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use her_identity::{Error, ErrorKind, Result};
use serde_json::Value;

use crate::client::kind::Cause;
use crate::client::{self, Door, Options};

/// Options of every verb.
#[derive(clap::Args, Debug, Clone, Default)]
pub struct Common {
    /// Where the identities live [default: HER_DATA_DIR, or `her` in the XDG data home]
    #[arg(long, global = true, value_name = "DIR", help_heading = "Where")]
    pub data_dir: Option<PathBuf>,
    /// Ask a server instead, such as http://127.0.0.1:7400
    #[arg(long, global = true, value_name = "URL", help_heading = "Where")]
    pub url: Option<String>,
    /// The file with the server's token [default: HER_TOKEN, or `token` in the data directory]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Where")]
    pub token_file: Option<PathBuf>,
    /// Answer in JSON, one value a line
    #[arg(long, global = true)]
    pub json: bool,
}

/// Where a setting came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The command line.
    Flag,
    /// A variable of the environment.
    Environment(&'static str),
    /// Nothing was said.
    Default,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Flag => f.write_str("--data-dir"),
            Self::Environment(name) => f.write_str(name),
            Self::Default => f.write_str("default"),
        }
    }
}

fn variable(name: &'static str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// The data directory, and who said so: flag, `HER_DATA_DIR`, XDG data home, home.
pub fn data_dir(flag: Option<&PathBuf>) -> (PathBuf, Origin) {
    if let Some(dir) = flag {
        return (dir.clone(), Origin::Flag);
    }
    if let Some(dir) = variable("HER_DATA_DIR") {
        return (dir, Origin::Environment("HER_DATA_DIR"));
    }
    if let Some(home) = variable("XDG_DATA_HOME").filter(|dir| dir.is_absolute()) {
        return (home.join("her"), Origin::Environment("XDG_DATA_HOME"));
    }
    // Without a home, the state lies where the user stands; better than nowhere.
    let home = variable("HOME").map_or_else(|| PathBuf::from("."), |h| h.join(".local/share"));
    (home.join("her"), Origin::Default)
}

/// What a verb runs in.
pub struct Context {
    common: Common,
}

impl Context {
    /// The context of these options.
    pub fn new(common: Common) -> Self {
        Self { common }
    }

    /// The data directory.
    pub fn data_dir(&self) -> PathBuf {
        data_dir(self.common.data_dir.as_ref()).0
    }

    /// The options as given.
    pub fn common(&self) -> &Common {
        &self.common
    }

    /// What tells where the identities are.
    pub fn options(&self) -> Options {
        Options {
            data_dir: self.data_dir(),
            url: self.common.url.clone(),
            token_file: self.common.token_file.clone(),
            token: std::env::var("HER_TOKEN").ok().filter(|token| !token.is_empty()),
        }
    }

    /// Opens the door to the identities.
    pub fn door(&self) -> Result<Box<dyn Door>> {
        client::open(&self.options())
    }

    /// True when answers are to be JSON.
    pub fn json(&self) -> bool {
        self.common.json
    }

    /// Answers: JSON on one line, or the text for people.
    pub fn answer(&self, value: &Value, text: impl FnOnce() -> String) -> Result<()> {
        if self.json() { print(&format!("{value}\n")) } else { print(&text()) }
    }

    /// Tells people something beside the answer; programs that asked for JSON are spared.
    pub fn say(&self, text: &str) {
        if !self.json() {
            eprintln!("{text}");
        }
    }

    /// True when progress may be drawn.
    pub fn draws(&self) -> bool {
        !self.json() && std::io::stderr().is_terminal()
    }
}

/// Writes to standard output.
pub fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|e| {
        let error = Error::new(ErrorKind::Unavailable, format!("writing the answer: {e}"));
        if e.kind() == std::io::ErrorKind::BrokenPipe {
            return error.because(Cause::PipeClosed);
        }
        error
    })
}
