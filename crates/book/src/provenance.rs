//! Where a book comes from, as an in-toto statement about its other layers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::error::{Fault, Flaw};
use crate::oci::{from_json, to_json};

const STATEMENT: &str = "https://in-toto.io/Statement/v1";
/// The type of the predicate that [`Provenance`] is.
pub const PREDICATE: &str = "urn:heraclitus:book:provenance:v1";
const SIGNED: &str = "urn:heraclitus:book:signature:v1";
/// Origins of a version vector, parents, classes of data.
pub const LIST_MAX: usize = 65_536;
/// Length of a text in it, in bytes.
pub const TEXT_MAX: usize = 4096;

/// The part of a journal from which the model was learned.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Range {
    /// The first event's sequence number.
    pub first: u64,
    /// The last event's.
    pub last: u64,
    /// The digest of the journal's chain at the last, as its writer writes it.
    pub head: String,
}

/// Where a book comes from: which events, on whose authority, by which program.
///
/// ```
/// use her_book::Provenance;
/// let provenance = Provenance {
///     identity: "0b5e".into(),
///     events: 120,
///     code: "her 0.1.0".into(),
///     licence: Some("CC-BY-4.0".into()),
///     ..Provenance::default()
/// };
/// assert!(provenance.parents.is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Provenance {
    /// The identity that learned.
    pub identity: String,
    /// Which events of its journal.
    pub journal: Range,
    /// How far the book goes for each origin that it learned from.
    pub version_vector: BTreeMap<String, u64>,
    /// The books that this one was made from, by their digests.
    pub parents: Vec<Digest>,
    /// The program that learned and wrote.
    pub code: String,
    /// How many events were learned.
    pub events: u64,
    /// Under which terms the book may be used, as an SPDX expression or a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// What those whose data it is have agreed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<String>,
    /// Kinds of data that went in, such as `conversation` or `public`.
    pub data_classes: Vec<String>,
}

impl Provenance {
    pub(crate) fn check(&self) -> Result<(), Flaw> {
        let lists = [self.version_vector.len(), self.parents.len(), self.data_classes.len()];
        if let Some(long) = lists.into_iter().find(|n| *n > LIST_MAX) {
            let found = format!("a list of the provenance has {long} entries");
            return Err(Flaw::input(found, format!("a book takes {LIST_MAX}")));
        }
        let optional = self.licence.iter().chain(&self.consent);
        let single = [&self.identity, &self.journal.head, &self.code];
        let texts = single.into_iter().chain(optional).chain(&self.data_classes);
        let mut texts = texts.chain(self.version_vector.keys());
        if let Some(text) = texts.find(|text| text.len() > TEXT_MAX) {
            let found = format!("a text of the provenance has {} bytes", text.len());
            return Err(Flaw::input(found, format!("say it in {TEXT_MAX}")));
        }
        if self.journal.first > self.journal.last {
            let Range { first, last, .. } = self.journal;
            let found = format!("the journal's range ends at {last} and begins at {first}");
            return Err(Flaw::input(found, "hand in the first event's number first"));
        }
        Ok(())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Statement<P> {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Subject>,
    predicate_type: String,
    predicate: P,
}

#[derive(PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Subject {
    name: String,
    digest: BTreeMap<String, String>,
}

impl Subject {
    fn new(name: impl Into<String>, digest: &Digest) -> Self {
        let digest = BTreeMap::from([("sha256".to_owned(), digest.hex())]);
        Self { name: name.into(), digest }
    }
}

fn statement<P>(subject: Vec<Subject>, predicate_type: &str, predicate: P) -> Statement<P> {
    let (kind, predicate_type) = (STATEMENT.into(), predicate_type.into());
    Statement { kind, subject, predicate_type, predicate }
}

fn subjects(layers: &[(String, Digest)]) -> Vec<Subject> {
    layers.iter().map(|(name, digest)| Subject::new(name, digest)).collect()
}

/// The statement about these layers.
pub(crate) fn write(provenance: &Provenance, layers: &[(String, Digest)]) -> Vec<u8> {
    to_json(&statement(subjects(layers), PREDICATE, provenance))
}

/// What the statement says; it must be about these layers, no more and no fewer.
pub(crate) fn read(bytes: &[u8], layers: &[(String, Digest)]) -> Result<Provenance, Flaw> {
    let odd = |what: &str| Flaw::damaged(Fault::Format, what.to_owned());
    let read: Statement<Provenance> = from_json(bytes)?;
    if read.kind != STATEMENT || read.predicate_type != PREDICATE {
        return Err(odd("this is no in-toto statement of a book's provenance"));
    }
    if read.subject != subjects(layers) {
        return Err(odd("the provenance is of other layers than the book's"));
    }
    Ok(read.predicate)
}

/// What is signed: that this manifest is the signer's.
pub(crate) fn signed(manifest: &Digest) -> Vec<u8> {
    let empty = BTreeMap::<String, String>::new();
    to_json(&statement(vec![Subject::new("book", manifest)], SIGNED, empty))
}
