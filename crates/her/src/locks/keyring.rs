//! The tokens of a data directory: a file of hashes, and what a server remembers of it.
//!
//! The file is replaced as a whole. A server looks at it twice a second, so that a token that is
//! made or revoked beside it counts within a second. A file that can't be read opens nothing: the
//! token of the file `token` is what is left then.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use her_identity::format::{TOKENS_FILE, TOKENS_LOCK_FILE, TOKENS_VERSION};
use her_identity::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use super::files;
use super::token::{FIRST, Token, Wish, id_of};

/// Tokens of one data directory.
const TOKENS_MAX: usize = 1024;
/// How often a server looks at the file.
pub(crate) const LOOK: Duration = Duration::from_millis(500);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    format: u16,
    tokens: Vec<Token>,
}

/// The tokens that a data directory's file holds; none without a file.
pub(crate) fn read(dir: &Path) -> Result<Vec<Token>> {
    let path = dir.join(TOKENS_FILE);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(Error::io(format!("reading {}", path.display()), e)),
    };
    let bad = |why: String| {
        Error::new(ErrorKind::Corrupt, format!("{} can't be read: {why}", path.display()))
    };
    let written: Written = serde_json::from_slice(&bytes).map_err(|e| bad(e.to_string()))?;
    if written.format > TOKENS_VERSION {
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!("{} is of format {}; a newer her reads it", path.display(), written.format),
        ));
    }
    for token in &written.tokens {
        token.check().map_err(|e| bad(e.message))?;
    }
    Ok(written.tokens)
}

/// Makes a token; what is given is its text, which is told this once.
pub(crate) fn make(dir: &Path, wish: &Wish, now_ms: u64) -> Result<(Token, String)> {
    change(dir, |tokens| {
        // Those that are over make room; the audit log remembers them.
        if tokens.len() >= TOKENS_MAX {
            tokens.retain(|t| !t.is_over(now_ms));
        }
        if tokens.len() >= TOKENS_MAX {
            return Err(Error::invalid(format!(
                "there are {TOKENS_MAX} tokens already; revoke one with `her token revoke ID`"
            )));
        }
        let (token, text) = loop {
            let made = Token::new(
                Wish {
                    scopes: wish.scopes.clone(),
                    identities: wish.identities.clone(),
                    note: wish.note.clone(),
                    ..*wish
                },
                now_ms,
            )?;
            if tokens.iter().all(|t| t.id != made.0.id) {
                break made;
            }
        };
        tokens.push(token.clone());
        Ok((token, text))
    })
}

/// Ends a token.
pub(crate) fn revoke(dir: &Path, id: &str) -> Result<Token> {
    if id == FIRST {
        return Err(Error::invalid(
            "the first token lies in the file 'token'; remove that file and start the server \
             again, and it makes another",
        ));
    }
    change(dir, |tokens| {
        let Some(at) = tokens.iter().position(|t| t.id == id) else {
            return Err(Error::new(
                ErrorKind::NotFound,
                format!("there is no token {id:?}; `her token list` tells all"),
            ));
        };
        Ok(tokens.remove(at))
    })
}

fn change<T>(dir: &Path, work: impl FnOnce(&mut Vec<Token>) -> Result<T>) -> Result<T> {
    let made = std::fs::create_dir_all(dir);
    made.map_err(|e| Error::io(format!("making the data directory {}", dir.display()), e))?;
    let held = files::lock(dir, TOKENS_LOCK_FILE)?;
    let mut tokens = read(dir)?;
    let done = work(&mut tokens)?;
    write(dir, tokens)?;
    drop(held);
    Ok(done)
}

/// Replaces the file; whoever does it holds the lock.
pub(super) fn write(dir: &Path, tokens: Vec<Token>) -> Result<()> {
    let written = Written { format: TOKENS_VERSION, tokens };
    let text = serde_json::to_string_pretty(&written)
        .map_err(|e| Error::new(ErrorKind::Internal, format!("writing tokens: {e}")))?;
    files::write_private(dir, TOKENS_FILE, format!("{text}\n").as_bytes())
}

/// What tells one content of a file from another without reading it.
type Stamp = Option<(u64, i64, i64, u64)>;

/// The tokens as a server knows them.
pub(crate) struct Keyring {
    dir: PathBuf,
    first: Arc<Token>,
    known: RwLock<Known>,
}

struct Known {
    stamp: Stamp,
    tokens: Vec<Arc<Token>>,
}

impl Keyring {
    /// The tokens of a directory, and the first one with this text.
    pub fn open(dir: &Path, first: &str) -> Result<Self> {
        let stamp = stamp(dir);
        let tokens = read(dir)?.into_iter().map(Arc::new).collect();
        let known = RwLock::new(Known { stamp, tokens });
        Ok(Self { dir: dir.to_owned(), first: Arc::new(Token::first(first)), known })
    }

    /// Reads the file again if it is another one; true when tokens may have ended.
    pub fn look(&self) -> bool {
        let now = stamp(&self.dir);
        if self.known.read().unwrap_or_else(PoisonError::into_inner).stamp == now {
            return false;
        }
        let tokens = read(&self.dir).unwrap_or_else(|e| {
            eprintln!("warning: {e}; until it is mended only the first token opens");
            Vec::new()
        });
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        *known = Known { stamp: now, tokens: tokens.into_iter().map(Arc::new).collect() };
        true
    }

    /// The token of this text, over or not.
    pub fn find(&self, text: &[u8]) -> Option<Arc<Token>> {
        let named = id_of(text).and_then(|id| self.named(id)).filter(|t| t.is(text));
        // Compared in any case: how long it takes tells nothing of what was found.
        let first = self.first.is(text).then(|| Arc::clone(&self.first));
        named.or(first)
    }

    /// The token of a name.
    pub fn named(&self, id: &str) -> Option<Arc<Token>> {
        if id == FIRST {
            return Some(Arc::clone(&self.first));
        }
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.tokens.iter().find(|t| t.id == id).cloned()
    }

    /// Those tokens of the file that are picked.
    pub fn pick(&self, wanted: impl Fn(&Token) -> bool) -> Vec<Arc<Token>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.tokens.iter().filter(|token| wanted(token)).cloned().collect()
    }

    /// True while a token that was found opens what it did.
    pub fn still(&self, token: &Token, now_ms: u64) -> bool {
        !token.is_over(now_ms) && self.named(&token.id).is_some_and(|known| *known == *token)
    }

    /// True when a token's time ended between two moments.
    pub fn one_ended(&self, from_ms: u64, to_ms: u64) -> bool {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.tokens.iter().any(|t| t.is_over(to_ms) && !t.is_over(from_ms))
    }

    /// What the keys of sessions are made of.
    pub fn first_hash(&self) -> &str {
        self.first.hash()
    }
}

fn stamp(dir: &Path) -> Stamp {
    let meta = std::fs::metadata(dir.join(TOKENS_FILE)).ok()?;
    Some((meta.ino(), meta.mtime(), meta.mtime_nsec(), meta.len()))
}

#[cfg(test)]
mod tests {
    use super::super::token::wish;
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_server_notices_what_is_made_and_revoked() {
        let dir = tempfile::tempdir().unwrap();
        let ring = Keyring::open(dir.path(), "her_first_text_of_old").unwrap();
        assert!(!ring.look());
        let (token, text) = make(dir.path(), &wish(&["read"], &["*"]), 1).unwrap();
        assert!(ring.find(text.as_bytes()).is_none());
        assert!(ring.look() && !ring.look());
        let found = ring.find(text.as_bytes()).unwrap();
        assert_eq!(*found, token);
        assert!(ring.still(&found, 9));
        assert!(ring.find(format!("{text}0").as_bytes()).is_none());
        let mode = std::fs::metadata(dir.path().join(TOKENS_FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        revoke(dir.path(), &token.id).unwrap();
        assert!(ring.look() && !ring.still(&found, 9));
        assert!(ring.find(text.as_bytes()).is_none());
        assert_eq!(ring.find(b"her_first_text_of_old").unwrap().id, FIRST);
        assert_eq!(revoke(dir.path(), &token.id).unwrap_err().kind, ErrorKind::NotFound);
        assert_eq!(revoke(dir.path(), FIRST).unwrap_err().kind, ErrorKind::Invalid);
    }

    #[test]
    fn a_broken_file_opens_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let (_, text) = make(dir.path(), &wish(&["read"], &["*"]), 1).unwrap();
        let ring = Keyring::open(dir.path(), "her_first_text_of_old").unwrap();
        std::fs::write(dir.path().join(TOKENS_FILE), "{\"format\":1,\"tokens\":[{}]}").unwrap();
        assert!(ring.look());
        assert!(ring.find(text.as_bytes()).is_none());
        assert!(ring.find(b"her_first_text_of_old").is_some());
        assert_eq!(read(dir.path()).unwrap_err().kind, ErrorKind::Corrupt);
        std::fs::write(dir.path().join(TOKENS_FILE), "{\"format\":9,\"tokens\":[]}").unwrap();
        assert_eq!(read(dir.path()).unwrap_err().kind, ErrorKind::Unsupported);
    }
}
