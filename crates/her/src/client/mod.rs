//! One door to identities: a house opened here ([`local`]), or a server elsewhere ([`remote`]).
//!
//! The verbs of the command line speak to [`Door`] and do not know which of the two it is.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use her_identity::event::What;
use her_identity::house::Config;
use her_identity::legacy::Owner;
use her_identity::{Error, ErrorKind, House, Result};
use serde_json::Value;

pub mod books;
pub mod departs;
pub mod feed;
pub mod forget;
pub mod gates;
pub mod kind;
mod lines;
pub mod local;
pub mod mlflow;
pub mod nearest;
mod owners;
pub mod remote;
pub mod sync;
pub mod talk;
pub(crate) mod trust;

/// What a verb may ask. All answers are the JSON of [`crate::wire`].
pub trait Door:
    gates::GateDoor
    + departs::DepartDoor
    + nearest::NearestDoor
    + sync::SyncDoor
    + books::BookDoor
    + talk::TalkDoor
{
    /// A new identity; answers its card.
    fn create(&self, name: &str, spec: &Value) -> Result<Value>;
    /// All identities, a line each.
    fn list(&self) -> Result<Vec<Value>>;
    /// An identity's card, with this many top weights; at a past version if one is given.
    fn show(&self, name: &str, version: Option<u64>, top: usize) -> Result<Value>;
    /// The model as bytes, as it is or was: what [`her_learn::Model::save`] writes.
    fn model(&self, name: &str, version: Option<u64>) -> Result<Vec<u8>>;
    /// An identity's model card; telling its journal takes at most about this long.
    fn card(&self, name: &str, patience: Duration) -> Result<Value>;
    /// The newest request number of a client that is durable, if the identity knows the client.
    fn newest(&self, name: &str, client: &str) -> Result<Option<u64>>;
    /// A prediction, by a past version if one is given.
    fn predict(&self, name: &str, x: &Value, version: Option<u64>) -> Result<Value>;
    /// Events as in [`crate::wire::event`]; durable when this returns, one answer per event.
    fn events(&self, name: &str, events: &[Value]) -> Result<Vec<Result<Value>>>;
    /// A stream of events in bounded memory. `next` gives the next chunk, of at most
    /// [`feed::CHUNK`] events, until it gives none; `told` hears of each event once it is durable,
    /// in the order of the stream. Everything that was taken from `next` was told, or this fails.
    fn feed(&self, name: &str, next: Next<'_>, told: Hear<'_>) -> Result<()>;
    /// Events from a version on.
    fn log(&self, name: &str, from: u64, limit: usize) -> Result<Vec<Value>>;
    /// A new branch at a version takes the name.
    fn rewind(&self, name: &str, version: u64) -> Result<Value>;
    /// A branch that never saw what was learned in some versions takes the name.
    fn forget(
        &self,
        name: &str,
        what: &forget::Forget,
        hear: forget::Progress<'_>,
    ) -> Result<Value>;
    /// A new identity that goes on from a version.
    fn fork(&self, name: &str, new_name: &str, version: Option<u64>) -> Result<Value>;
    /// Learns no more.
    fn freeze(&self, name: &str) -> Result<Value>;
    /// Leaves a read-only copy behind, at a version; answers what it is and where it lies.
    fn leave(
        &self,
        name: &str,
        version: Option<u64>,
        dir: Option<&Path>,
        owner: Option<Owner>,
    ) -> Result<Value>;
    /// Gives a version a name.
    fn tag(&self, name: &str, tag: &str, version: Option<u64>) -> Result<Value>;
    /// What changed between two versions.
    fn diff(&self, name: &str, from: u64, to: u64, top: usize) -> Result<Value>;
    /// Replays from birth and compares.
    fn verify(&self, name: &str) -> Result<Value>;
    /// Writes a snapshot with the next commit.
    fn snapshot(&self, name: &str) -> Result<Value>;
    /// Who talks at present, as `GET /v1/channels` tells it: to one identity, or to all. Nobody
    /// does where no server runs.
    fn channels(&self, _name: Option<&str>) -> Result<Value> {
        Ok(serde_json::json!({ "channels": [], "open": 0, "present": 0, "away": 0 }))
    }
    /// Where the identities are, for people.
    fn place(&self) -> String;
}

/// An event of a stream, with the line it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The line, from 1.
    pub line: u64,
    /// The name and number by which a retry is told from a new request.
    pub request: Option<her_identity::event::Request>,
    /// What happens.
    pub what: What,
}

/// What became of an event of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// The version after it.
    pub version: u64,
    /// True when it had been done before and was not done again.
    pub duplicate: bool,
    /// True when it raised a drift alarm.
    pub drift: bool,
}

/// Where a stream comes from.
pub type Next<'a> = &'a mut dyn FnMut() -> Result<Option<Vec<Item>>>;
/// Who hears what became of each line.
pub type Hear<'a> = &'a mut dyn FnMut(u64, Result<Told>);

/// Which identities are meant.
#[derive(Clone)]
pub struct Options {
    /// How the house is opened.
    pub house: Config,
    /// What its specs may name.
    pub catalog: her_learn::Catalog,
    /// A server's address; none for the house.
    pub url: Option<String>,
    /// The PEM file with the certificates that are trusted; none for those of this machine.
    pub ca: Option<PathBuf>,
    /// The file that holds the server's token.
    pub token_file: Option<PathBuf>,
    /// The token itself, which comes before the file.
    pub token: Option<String>,
}

/// A path's part with everything but plain characters percent-encoded.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(byte as char);
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// What a running server says of itself in `<data-dir>/server.json`.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct ServerFile {
    /// Where it listens.
    pub url: String,
    /// Its certificate, when it speaks TLS.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// Its process.
    pub pid: u32,
    /// Since when it runs, in milliseconds since 1970.
    pub started_ms: u64,
}

/// Reads the note of the server that runs over a data directory, if there is one.
pub fn server_file(data_dir: &Path) -> Option<ServerFile> {
    let bytes = std::fs::read(data_dir.join("server.json")).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Opens the door: a server if its address is given, else the house in the data directory, else
/// the server that has that house open.
pub fn open(options: &Options) -> Result<Box<dyn Door>> {
    if let Some(url) = &options.url {
        let remote = remote::Remote::trusting(url, token(options)?, options.ca.as_deref())?;
        return Ok(Box::new(remote));
    }
    match House::open(options.house.clone(), options.catalog.clone()) {
        Ok(house) => {
            let house = crate::depart::alone(house, &options.house.dir)?;
            Ok(Box::new(local::Local::new(house)))
        }
        Err(e) if e.kind == ErrorKind::Busy => {
            let dir = &options.house.dir;
            let Some(server) = server_file(dir) else { return Err(busy(dir).because(e)) };
            // A server of this machine is known by its own certificate.
            let ca = options.ca.clone().or(server.ca);
            let remote = remote::Remote::trusting(&server.url, token(options)?, ca.as_deref())?;
            Ok(Box::new(remote))
        }
        Err(e) => Err(e),
    }
}

/// Somebody else has the house open, and says not how to be reached.
pub fn busy(data_dir: &Path) -> Error {
    Error::new(ErrorKind::Busy, format!("{} is in use by another process", data_dir.display()))
}

/// The token that the options tell of, if any.
pub fn token(options: &Options) -> Result<Option<String>> {
    if options.token.is_some() {
        return Ok(options.token.clone());
    }
    let Some(file) = &options.token_file else { return Ok(None) };
    let text = std::fs::read_to_string(file)
        .map_err(|e| Error::io(format!("reading the token in {}", file.display()), e))?;
    Ok(Some(text.trim().to_owned()))
}
