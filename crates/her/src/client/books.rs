//! Writing and joining books through either door.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use her_book::PublicKey;
use her_identity::migrate::Node;
use her_identity::{Error, ErrorKind, Result};
use serde_json::{Value, json};
use ureq::http::Method;

use super::local::Local;
use super::remote::{self, Remote};
use crate::books::write::Wish;
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

/// What is to be written, and where.
#[derive(Debug, Clone)]
pub struct Writing {
    /// Of the identity.
    pub book: Wish,
    /// The edition before.
    pub parent: Option<PathBuf>,
    /// A file that is not there yet.
    pub out: PathBuf,
}

/// What verbs may ask about books.
pub trait BookDoor {
    /// Writes a book, as `POST …/books/write` does; says what is in it.
    fn write(&self, name: &str, wish: &Writing) -> Result<Value>;

    /// Joins the rows of a book, as `POST …/books` does.
    fn join(&self, name: &str, wish: &Joining) -> Result<Value>;
}

/// A book as bytes for a server. What is wrong with it is said here, with the file's name: the
/// server has only bytes.
fn sent(file: &Path) -> Result<Vec<u8>> {
    books::open(file)?;
    let shown = file.display();
    let bytes = std::fs::metadata(file).map_or(0, |file| file.len());
    if bytes > SENT_MAX {
        return Err(Error::invalid(format!(
            "{shown} has {bytes} bytes, and at most {SENT_MAX} are sent to a server; do this \
             where the identity lives, while no server has its data directory open"
        )));
    }
    std::fs::read(file).map_err(|e| Error::io(format!("reading {shown}"), e))
}

/// Puts a book that came where it shall be, once it is known to have come whole.
fn kept(bytes: &[u8], digest: &Value, out: &Path) -> Result<()> {
    let io = |what: &str| format!("{what} {}", out.display());
    let parent = out.parent().filter(|dir| !dir.as_os_str().is_empty());
    let dir = parent.unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(dir).map_err(|e| Error::io(io("writing"), e))?;
    let written = file.write_all(bytes).and_then(|()| file.as_file().sync_all());
    written.map_err(|e| Error::io(io("writing"), e))?;
    if books::open(file.path())?.digest().to_string() != digest.as_str().unwrap_or_default() {
        return Err(Error::new(ErrorKind::Unavailable, "another book came than the server wrote"));
    }
    file.persist_noclobber(out).map_err(|e| Error::io(io("writing"), e.error)).map(drop)
}

impl BookDoor for Remote {
    fn write(&self, name: &str, wish: &Writing) -> Result<Value> {
        let parent = wish.parent.as_deref().map(sent).transpose()?.unwrap_or_default();
        let Wish { at, codec, licence } = &wish.book;
        let mut query = Vec::new();
        query.extend(at.map(|at| ("at", at.to_string())));
        query.extend(codec.map(|codec| ("codec", codec.name().to_owned())));
        query.extend(licence.clone().map(|licence| ("licence", licence)));
        let path = remote::of(name, "/books/write");
        let (bytes, told) = self.send_for_book(&path, &query, &parent)?;
        let mut told = remote::parse(&told)?;
        kept(&bytes, &told["digest"], &wish.out)?;
        told["file"] = json!(wish.out);
        Ok(told)
    }

    fn join(&self, name: &str, wish: &Joining) -> Result<Value> {
        let bytes = sent(&wish.file)?;
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
    fn write(&self, name: &str, wish: &Writing) -> Result<Value> {
        self.house().record(name)?;
        let parent = wish.parent.as_deref().map(books::open).transpose()?;
        self.audited("write_book", name, Some(wish.out.display().to_string()), |house| {
            let (syncs, of) = (self.syncs()?, (name, &wish.book));
            let mut told = books::write::write(&syncs, house, of, &wish.out, parent.as_ref())?;
            told["file"] = json!(wish.out);
            Ok(told)
        })
    }

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
        Ok(json!({ "retracted": gone.to_string() }))
    })
}
