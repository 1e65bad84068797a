//! What layers there are, how they are called, and their media types: said once.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::error::{Fault, Flaw};

/// The formats that this crate reads, in the manifest's annotation [`VERSION_KEY`]. It writes the
/// oldest one that holds a book's layers: see [`version_of`].
pub(crate) const VERSIONS: [&str; 2] = ["1", "2"];
pub(crate) const VERSION_KEY: &str = "heraclitus.book.version";
pub(crate) const REF_NAME_KEY: &str = "org.opencontainers.image.ref.name";
/// By which name an OCI tool asks for the book within the file.
pub(crate) const REF_NAME: &str = "book";
pub(crate) const FILEPATH_KEY: &str = "org.cncf.model.filepath";
pub(crate) const METADATA_KEY: &str = "org.cncf.model.file.metadata+json";

pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(crate) const EMPTY: &str = "application/vnd.oci.empty.v1+json";
pub(crate) const MODEL: &str = "application/vnd.cncf.model.manifest.v1+json";
pub(crate) const CONFIG: &str = "application/vnd.cncf.model.config.v1+json";
pub(crate) const ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";

/// Delta layers are numbered from 1 to this.
pub const DELTAS_MAX: u32 = 999_999;
/// Length of a modality's name, in bytes.
pub const MODALITY_MAX: usize = 32;

/// A layer by what it holds. The order is that of the manifest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `contract.json`: what the model is, so that readers know what can be done with it.
    Contract,
    /// `base.safetensors`: the weights to which deltas are added.
    Base,
    /// `delta-001.safetensors` and so on: what was learned since.
    Delta(u32),
    /// `dictionary.arrow`: names of features, classes and tokens.
    Dictionary,
    /// `memory/<modality>.safetensors`: vectors of remembered things.
    Vectors(String),
    /// `memory/<modality>.arrow`: their ids and times.
    Rows(String),
    /// `contributions.arrow`: what each origin contributed, for others to join.
    Contributions,
    /// `state.bin`: the exact state, in a form of its writer's.
    State,
    /// `provenance.json`: an in-toto statement of where all this comes from.
    Provenance,
}

impl Kind {
    /// The name of the one file in the layer.
    pub fn file_name(&self) -> String {
        match self {
            Self::Contract => "contract.json".into(),
            Self::Base => "base.safetensors".into(),
            Self::Delta(n) => format!("delta-{n:03}.safetensors"),
            Self::Dictionary => "dictionary.arrow".into(),
            Self::Vectors(modality) => format!("memory/{modality}.safetensors"),
            Self::Rows(modality) => format!("memory/{modality}.arrow"),
            Self::Contributions => "contributions.arrow".into(),
            Self::State => "state.bin".into(),
            Self::Provenance => "provenance.json".into(),
        }
    }

    /// The layer's media type: ModelPack's, and our own for contributions and the state.
    pub fn media_type(&self) -> &'static str {
        match self {
            Self::Base | Self::Delta(_) => "application/vnd.cncf.model.weight.v1.tar+zstd",
            Self::Contract | Self::Dictionary => {
                "application/vnd.cncf.model.weight.config.v1.tar+zstd"
            }
            Self::Vectors(_) | Self::Rows(_) => "application/vnd.cncf.model.dataset.v1.tar+zstd",
            Self::Contributions => "application/vnd.heraclitus.contributions.v1.tar+zstd",
            Self::State => "application/vnd.heraclitus.state.v1.tar+zstd",
            Self::Provenance => "application/vnd.cncf.model.doc.v1.tar+zstd",
        }
    }

    /// The kind of a file name; every other name is refused, so that none leads anywhere.
    pub(crate) fn parse(name: &str) -> Result<Self, Flaw> {
        let kind = match name {
            "contract.json" => Some(Self::Contract),
            "base.safetensors" => Some(Self::Base),
            "dictionary.arrow" => Some(Self::Dictionary),
            "contributions.arrow" => Some(Self::Contributions),
            "state.bin" => Some(Self::State),
            "provenance.json" => Some(Self::Provenance),
            _ => parse_numbered(name).or_else(|| parse_memory(name)),
        };
        // Only one spelling of each: `delta-0001` is `delta-001`, and is not its name.
        kind.filter(|kind| kind.file_name() == name).ok_or_else(|| {
            let shown: String = name.chars().take(100).collect();
            let found = format!("a layer is called {shown:?}, which is no layer of a book");
            Flaw::new(Fault::Path, found, "do not unpack this file; ask for it where it came from")
        })
    }
}

/// The format of a book with these layers.
pub(crate) fn version_of<'k>(mut kinds: impl Iterator<Item = &'k Kind>) -> &'static str {
    VERSIONS[usize::from(kinds.any(|kind| *kind == Kind::Contributions))]
}

fn parse_numbered(name: &str) -> Option<Kind> {
    let digits = name.strip_prefix("delta-")?.strip_suffix(".safetensors")?;
    let number = digits.parse().ok().filter(|n| (1..=DELTAS_MAX).contains(n))?;
    Some(Kind::Delta(number))
}

fn parse_memory(name: &str) -> Option<Kind> {
    let (modality, ending) = name.strip_prefix("memory/")?.split_once('.')?;
    check_modality(modality).ok()?;
    match ending {
        "safetensors" => Some(Kind::Vectors(modality.into())),
        "arrow" => Some(Kind::Rows(modality.into())),
        _ => None,
    }
}

/// A modality is part of a file's name.
pub(crate) fn check_modality(modality: &str) -> Result<(), Flaw> {
    let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-' || c == b'_';
    let fine = (1..=MODALITY_MAX).contains(&modality.len()) && modality.bytes().all(plain);
    if fine {
        return Ok(());
    }
    let shown: String = modality.chars().take(40).collect();
    let remedy = format!("call it with 1 to {MODALITY_MAX} of a-z, 0-9, `-` and `_`");
    Err(Flaw::input(format!("a modality is called {shown:?}"), remedy))
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file_name())
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.file_name())
    }
}
