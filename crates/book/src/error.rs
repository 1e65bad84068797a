//! What is wrong with a book: which file, where in it, what was found and what to do.

use std::fmt;
use std::path::{Path, PathBuf};

/// The kinds of refusal, for programs; people read the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The operating system could not read or write.
    Io,
    /// What the caller handed in can not become a book.
    Input,
    /// The file ends before it should.
    Truncated,
    /// This is no book.
    NotABook,
    /// A book of a later format.
    Version,
    /// A name that leads out of the book, or that no book has.
    Path,
    /// Bytes that do not have the digest by which they are named.
    Digest,
    /// A blob or layer that is named and not there.
    Missing,
    /// Bytes that belong to nothing that is named.
    Extra,
    /// More than the reader's limits allow.
    TooLarge,
    /// Content that could be written in one way only, and is written otherwise.
    NotCanonical,
    /// A layer whose content is not of its format.
    Format,
    /// Nobody signed.
    Unsigned,
    /// A signature that is not of the key which it names.
    Signature,
    /// Signed, by nobody who is trusted.
    UnknownSigner,
}

/// Why a book was refused or not written. The text names the file, the place in it, what was found
/// and what to do about it.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    fault: Fault,
    file: PathBuf,
    place: String,
    found: String,
    remedy: String,
}

/// `Result` with this crate's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The kind of refusal.
    pub fn fault(&self) -> Fault {
        self.0.fault
    }

    /// The book's file.
    pub fn file(&self) -> &Path {
        &self.0.file
    }

    /// The part of the book: a layer's name, a blob, `index.json`, a byte's offset.
    pub fn place(&self) -> &str {
        &self.0.place
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { file, place, found, remedy, .. } = &*self.0;
        write!(f, "{}: {place}: {found}; {remedy}", file.display())
    }
}

impl std::error::Error for Error {}

/// An error before the file and the place are known.
#[derive(Debug)]
pub(crate) struct Flaw {
    pub fault: Fault,
    pub found: String,
    pub remedy: String,
}

/// What to do about bytes that changed on their way.
pub(crate) const FETCH_AGAIN: &str = "fetch the book again from where it came";

impl Flaw {
    pub fn new(fault: Fault, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { fault, found: found.into(), remedy: remedy.into() }
    }

    /// Content of a book that is not as it should be.
    pub fn damaged(fault: Fault, found: impl Into<String>) -> Self {
        Self::new(fault, found, FETCH_AGAIN)
    }

    /// A number beyond a limit.
    pub fn too_large(what: &str, found: u64, limit: u64, knob: &str) -> Self {
        let found = format!("{what} {found}, and the limit is {limit}");
        let remedy = format!("raise `{knob}` in the limits if you trust where the book came from");
        Self::new(Fault::TooLarge, found, remedy)
    }

    /// Something that a caller handed in.
    pub fn input(found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(Fault::Input, found, remedy)
    }

    pub fn io(error: &std::io::Error) -> Self {
        Self::new(Fault::Io, error.to_string(), "look at the disk, the path and its permissions")
    }

    pub fn at(self, file: &Path, place: impl Into<String>) -> Error {
        let Self { fault, found, remedy } = self;
        Error(Box::new(Inner { fault, file: file.to_owned(), place: place.into(), found, remedy }))
    }
}
