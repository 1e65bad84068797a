//! What all verbs share: where the state lies, how to reach it, and how to answer.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use her_identity::{Error, ErrorKind, Result};
use serde_json::Value;

use crate::client::kind::Cause;
use crate::client::{self, Door, Options};
use crate::config::{Flags, Settings};

/// Options of every verb.
#[derive(clap::Args, Debug, Clone, Default)]
pub struct Common {
    /// Answer in JSON, one value a line
    #[arg(long, global = true)]
    pub json: bool,
    /// Ask the server at this address, such as http://127.0.0.1:7400
    #[arg(long, global = true, value_name = "URL", help_heading = "Where")]
    pub url: Option<String>,
    /// The file with the server's token [default: `token` in the data directory; HER_TOKEN is the
    /// token itself]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Where")]
    pub token_file: Option<PathBuf>,
    /// Trust the certificates of this PEM file, and no others [default: those of this machine]
    #[arg(long, global = true, value_name = "FILE", env = "HER_CA", help_heading = "Where")]
    pub ca: Option<PathBuf>,
    #[command(flatten, next_help_heading = "Settings")]
    pub flags: Flags,
}

/// What a verb runs in.
pub struct Context {
    common: Common,
    settings: Settings,
}

impl Context {
    /// The context of these options, and of the environment and the settings files.
    pub fn new(common: Common) -> Result<Self> {
        let settings = Settings::of_process(&common.flags)?;
        her_identity::crew::set_threads(settings.ensemble_threads);
        Ok(Self { common, settings })
    }

    /// The settings in force.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The server that was asked for.
    pub fn url(&self) -> Option<&str> {
        self.common.url.as_deref()
    }

    /// The file with the certificates that a server's own may come from.
    pub fn ca(&self) -> Option<&Path> {
        self.common.ca.as_deref()
    }

    /// What tells where the identities are.
    pub fn options(&self) -> Options {
        Options {
            house: self.settings.house(),
            catalog: self.settings.catalog(),
            url: self.common.url.clone(),
            ca: self.common.ca.clone(),
            token_file: self.token_file(),
            token: std::env::var("HER_TOKEN").ok().filter(|token| !token.is_empty()),
        }
    }

    /// The file with the token: named, or where this data directory's server puts it.
    fn token_file(&self) -> Option<PathBuf> {
        let usual = || Some(self.settings.token_file()).filter(|file| file.exists());
        self.common.token_file.clone().or_else(usual)
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
