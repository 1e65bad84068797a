//! What an identity remembers that is most like a query: one place for server, command line and
//! books.
//!
//! Two kinds of identities remember: a `Memory` keeps the vectors of texts, images and sounds, a
//! `LanguageModel` what it was told, with vectors of its base.

use std::sync::Arc;

use her_encode::Modality;
use her_identity::turn::State;
use her_identity::{Error, House, Result};
use her_lm::{LanguageModel, Shared};
use her_recall::{Found, Memory, Recall};
use serde_json::{Value, json};

use crate::encoders::space_of;

/// Memories that are told unless a number is given, and the most of them.
pub const K: u64 = 10;
/// See [`K`].
pub const K_MAX: u64 = 100;

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// A plain text, or a data URL such as `data:image/png;base64,…`.
    pub query: String,
    /// How many memories are told at most, 1 to [`K_MAX`].
    pub k: u64,
    /// Of which modality they are to be: `text`, `image` or `audio`; none for all in the query's
    /// space.
    pub modality: Option<String>,
}

impl Question {
    fn checked(&self) -> Result<Option<Modality>> {
        if !(1..=K_MAX).contains(&self.k) {
            return Err(Error::invalid(format!("k must be 1 to {K_MAX}, got {}", self.k)));
        }
        let modality = self.modality.as_deref().map(str::parse::<Modality>).transpose();
        modality.map_err(|e| Error::invalid(e.0))
    }

    /// As `POST …/nearest` takes it.
    pub fn to_json(&self, at: Option<u64>) -> Value {
        json!({ "query": self.query, "k": self.k, "modality": self.modality, "at": at })
    }
}

/// What an identity remembers at a version, to be asked beside its learner.
pub struct Memories {
    version: u64,
    kind: Kind,
}

enum Kind {
    Parts(Recall),
    Told(Arc<Shared>, Arc<her_lm::Memory>),
}

impl Memories {
    /// Of a state; none where it is of a model that keeps no memories.
    pub fn of(state: &State) -> Option<Self> {
        let root = state.model().root();
        let kind = match (Memory::of(root), LanguageModel::of(root)) {
            (Some(memory), _) => Kind::Parts(memory.recall()),
            (None, Some(model)) => {
                Kind::Told(Arc::clone(model.shared()), Arc::clone(model.memory()))
            }
            (None, None) => return None,
        };
        Some(Self { version: state.version(), kind })
    }

    /// Of an identity, as it is or as it was.
    pub fn of_identity(house: &House, name: &str, at: Option<u64>) -> Result<Self> {
        let found = match at {
            Some(version) => Self::of(&house.at(name, version)?),
            None => house.look(name, |identity| Self::of(identity.state()))?,
        };
        found.ok_or_else(|| nothing(name))
    }

    /// Whether a question costs a pass of a model.
    pub fn is_slow(&self) -> bool {
        match &self.kind {
            Kind::Parts(recall) => recall.is_slow(),
            Kind::Told(..) => true,
        }
    }

    /// The answer, as `POST …/nearest` gives it.
    pub fn nearest(&self, asked: &Question) -> Result<Value> {
        let modality = asked.checked()?;
        let most = asked.k as usize;
        let (of, space, nearest) = match &self.kind {
            Kind::Parts(recall) => {
                let found =
                    recall.nearest(&asked.query, modality, most).map_err(|e| invalid(&e))?;
                let nearest: Vec<Value> = found.found.iter().map(part).collect();
                (found.modality, String::from(found.space), nearest)
            }
            Kind::Told(shared, memory) => {
                let query = words(&asked.query, modality)?;
                let found = memory.recall(&shared.model, &query, most);
                let found = found.map_err(|e| Error::invalid(e.to_string()))?;
                (Modality::Text, space_of(&shared.digest), found.iter().map(said).collect())
            }
        };
        Ok(json!({
            "version": self.version, "modality": of.name(), "space": space, "nearest": nearest,
        }))
    }

    /// The memories as layers of a book, one for each modality and space.
    pub fn layers(&self) -> Vec<her_book::Memory> {
        let mut layers: Vec<her_book::Memory> = match &self.kind {
            Kind::Parts(recall) => recall.stores().iter().map(layer).collect(),
            Kind::Told(shared, memory) => vec![layer_of_words(shared, memory)],
        };
        layers.retain(|layer| !layer.is_empty());
        for at in 1..layers.len() {
            let before = layers[..at].iter().filter(|other| other.modality == layers[at].modality);
            let nth = before.count() + 1;
            if nth > 1 {
                layers[at].modality = format!("{}-{nth}", layers[at].modality);
            }
        }
        layers
    }
}

/// How many memories a `Memory` has of each modality, for its card; none for other models.
pub fn counts(state: &State) -> Option<Value> {
    let recall = Memory::of(state.model().root())?.recall();
    let count = |store: &her_recall::Store| {
        json!({
            "modality": store.modality(), "space": store.space(), "dims": store.dims(),
            "memories": store.len(),
        })
    };
    Some(recall.stores().iter().map(count).collect())
}

/// What is told of an identity that keeps no memories.
fn nothing(name: &str) -> Error {
    Error::not_found(format!(
        "{name} keeps no memories; one that does is made by her new NAME --spec '\"Memory\"'"
    ))
}

fn invalid(e: &her_learn::Error) -> Error {
    Error::invalid(e.to_string())
}

fn part(found: &Found<'_>) -> Value {
    let item = found.item;
    json!({
        "id": item.id, "modality": found.modality, "similarity": found.similarity,
        "time_ms": item.time_ms(), "told": item.told(), "text": item.text,
    })
}

fn said(found: &her_lm::memory::Found<'_>) -> Value {
    json!({
        "id": id_of(found.text), "modality": Modality::Text.name(), "similarity": found.score,
        "meaning": found.meaning, "words": found.words, "role": found.role,
        "order": found.order, "text": found.text,
    })
}

/// The query of a language model: a text, however it comes.
fn words(query: &str, modality: Option<Modality>) -> Result<String> {
    let (of, bytes) = her_encode::part(query).map_err(|e| Error::invalid(e.0))?;
    if let Some(other) = modality.into_iter().chain([of]).find(|m| *m != Modality::Text) {
        return Err(Error::invalid(format!(
            "a language model remembers texts and is asked with texts, not with {other}"
        )));
    }
    String::from_utf8(bytes.into_owned()).map_err(|e| Error::invalid(format!("query: {e}")))
}

/// As a `Memory` makes it of a text.
fn id_of(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex()[..32].to_owned()
}

fn layer(store: &her_recall::Store) -> her_book::Memory {
    let mut q = Vec::with_capacity(store.len() * store.dims());
    let (mut steps, mut ids, mut at_ms) = (Vec::new(), Vec::new(), Vec::new());
    for item in store.items() {
        q.extend_from_slice(&item.vector.numbers);
        steps.push(item.vector.step);
        ids.push(item.id.to_string());
        at_ms.push(item.time_ms());
    }
    her_book::Memory {
        modality: store.modality().to_owned(),
        space: store.space().to_owned(),
        anchors: None,
        dims: store.dims(),
        q,
        scales: her_book::Scales::F32(steps),
        ids: told_apart(ids),
        at_ms,
    }
}

fn layer_of_words(shared: &Shared, memory: &her_lm::Memory) -> her_book::Memory {
    let dims = shared.model.base.config.width;
    let (mut q, mut steps, mut ids) = (Vec::new(), Vec::new(), Vec::new());
    for (text, vector, step) in memory.vectors().filter(|(_, vector, _)| vector.len() == dims) {
        q.extend_from_slice(vector);
        steps.push(step);
        ids.push(id_of(text));
    }
    let at_ms = vec![0; ids.len()];
    let (scales, ids) = (her_book::Scales::F32(steps), told_apart(ids));
    let (modality, space) = (Modality::Text.name().to_owned(), space_of(&shared.digest));
    her_book::Memory { modality, space, anchors: None, dims, q, scales, ids, at_ms }
}

/// Ids are unique in a book: of equal ones, the second and later have their number behind them.
fn told_apart(ids: Vec<String>) -> Vec<String> {
    let mut met = std::collections::BTreeMap::<String, u64>::new();
    let apart = ids.into_iter().map(|id| {
        let nth = met.entry(id.clone()).or_default();
        *nth += 1;
        if *nth > 1 { format!("{id}#{nth}") } else { id }
    });
    apart.collect()
}
