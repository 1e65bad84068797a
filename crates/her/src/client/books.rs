//! Joining a book through either door.

use std::path::PathBuf;

use her_book::PublicKey;
use her_identity::migrate::Node;
use her_identity::{Error, ErrorKind, Result};
use serde_json::Value;
use ureq::http::Method;

use super::local::Local;
use super::remote::{self, Remote};
use crate::books::{self, Trust};
use crate::sync::Syncs;

/// Bytes of a book that is sent to a server. A larger one is joined where the identity lies.
const SENT_MAX: u64 = 1 << 30;

/// What is to be joined.
#[derive(Debug, Clone)]
pub struct Joining {
    /// The book.
    pub file: PathBuf,
    /// Whose book it should be, and whose rows are taken besides those of known nodes.
    pub keys: Vec<PublicKey>,
    /// The nodes of the settings, for a house that is opened here; a server has its own.
    pub nodes: Vec<Node>,
    /// Whether its rows are read whole, instead of by what they do for the own predictions.
    pub read_all: bool,
}

/// What verbs may ask about books.
pub trait BookDoor {
    /// Joins the rows of a book, as `POST …/books` does.
    fn join(&self, name: &str, wish: &Joining) -> Result<Value>;
}

impl BookDoor for Remote {
    fn join(&self, name: &str, wish: &Joining) -> Result<Value> {
        // Said here with the file's name; the server has only bytes.
        books::open(&wish.file)?;
        let shown = wish.file.display();
        let bytes = std::fs::metadata(&wish.file).map_or(0, |file| file.len());
        if bytes > SENT_MAX {
            return Err(Error::invalid(format!(
                "{shown} has {bytes} bytes, and at most {SENT_MAX} are sent to a server; join it \
                 where the identity lives, while no server has its data directory open"
            )));
        }
        let bytes =
            std::fs::read(&wish.file).map_err(|e| Error::io(format!("reading {shown}"), e))?;
        let keys: Vec<String> = wish.keys.iter().map(ToString::to_string).collect();
        let mut query = vec![("read_all", wish.read_all.to_string())];
        if !keys.is_empty() {
            query.push(("key", keys.join(",")));
        }
        let path = remote::of(name, "/books");
        remote::parse(&self.send_bytes(Method::POST, &path, &query, &bytes)?)
    }
}

impl BookDoor for Local {
    fn join(&self, name: &str, wish: &Joining) -> Result<Value> {
        self.house().record(name)?;
        let book = books::open(&wish.file)?;
        let note = format!("{} of {}", book.digest(), book.config().name);
        self.audited("join", name, Some(note), |_| {
            let syncs = self.syncs()?;
            let (nodes, given) = (wish.nodes.clone(), wish.keys.clone());
            let trust = Trust { own: syncs.node(), nodes, given };
            books::join(&syncs, &book, name, &trust, wish.read_all)
        })
    }
}

impl Local {
    /// Exchanges of this house, in a life that is this process.
    pub(super) fn syncs(&self) -> Result<Syncs> {
        let house = self.shared();
        Syncs::open(house, crate::node::of_dir(house.dir())?, &[], crate::config::Sync::default())
    }
}

/// What can be done about peers without a server.
pub(super) fn without_server(local: &Local, name: &str, what: &str, wish: &Value) -> Result<Value> {
    let house = local.house();
    house.record(name)?;
    let Some(peer) = wish["peer"].as_str().filter(|_| what == "/peers/retract") else {
        let told = "peers exchange through a server, and none runs over this data directory; \
                    start `her serve`";
        return Err(Error::new(ErrorKind::Unavailable, told));
    };
    local.audited("retract", name, Some(format!("what {peer} contributed")), |_| {
        let gone = local.syncs()?.retract(name, peer)?;
        Ok(serde_json::json!({ "retracted": gone.to_string() }))
    })
}
