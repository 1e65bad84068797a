//! A state as bytes and back.

use her_learn::estimator::Any;
use her_learn::{Catalog, Frozen, Model, saved};
use serde::{Deserialize, Serialize};

use super::recent::{self, Recent};
use super::spread::Spread;
use super::{Clients, Pending, State};
use crate::error::{Error, ErrorKind, Result};
use crate::event::Birth;
use crate::figures::{Figures, More};
use crate::sync::{Pieces, Shared, Together};

#[derive(Serialize, Deserialize)]
struct Saved {
    birth: String,
    version: u64,
    #[serde(with = "serde_bytes")]
    model: Vec<u8>,
    #[serde(with = "serde_bytes")]
    shadow: Option<Vec<u8>>,
    #[serde(with = "serde_bytes")]
    detector: Vec<u8>,
    figures: Figures,
    clients: Clients,
    #[serde(with = "serde_bytes")]
    pending: Vec<u8>,
    frozen: bool,
}

/// What came to states after their first format. It follows the rest, and only where there is
/// something of it: a state that has none keeps its bytes.
#[derive(Serialize, Deserialize)]
struct Later {
    figures: More,
    recent: Option<recent::Saved>,
}

/// Follows in a state whose newest event was to take the resting form.
const RESTING: u8 = 1;
/// Follows in a state that exchanges with peers, before what it shares with them.
const SHARED: u8 = 2;
/// Follows in a state that reads peers as their mean, or has weighed whether to, before that.
const TOGETHER: u8 = 4;
/// Follows in a state that has pieces of an exchange, before those.
const PIECES: u8 = 3;

impl State {
    /// The exact state as bytes: equal states give equal bytes.
    pub fn save(&self) -> Vec<u8> {
        let saved = Saved {
            // JSON keeps a spec's objects readable; postcard cannot hold free-form values.
            birth: serde_json::to_string(&self.birth).expect("a birth is plain data"),
            version: self.version,
            model: self.model.save(),
            shadow: self.shadow.as_ref().map(Frozen::save),
            detector: saved::save(&*self.detector as &dyn her_learn::estimator::Estimator),
            figures: self.figures.clone(),
            clients: self.clients.clone(),
            pending: self.pending.save(),
            frozen: self.frozen,
        };
        let bytes = postcard::to_allocvec(&saved).expect("a state is plain data");
        let later = Later { figures: self.figures.more.clone(), recent: self.recent.save() };
        let short = later.figures == More::default() && later.recent.is_none() && !self.resting;
        if short && self.shared.is_none() && self.pieces.is_empty() {
            return bytes;
        }
        let mut bytes = postcard::to_extend(&later, bytes).expect("a state is plain data");
        if self.resting {
            bytes.push(RESTING);
        }
        if let Some(shared) = &self.shared {
            bytes.push(SHARED);
            let both = (shared.save(), self.weighed.save());
            bytes = postcard::to_extend(&both, bytes).expect("a state is plain data");
            if shared.together != Together::default() {
                bytes.push(TOGETHER);
                bytes = postcard::to_extend(&shared.together.save(), bytes)
                    .expect("a state is plain data");
            }
        }
        if !self.pieces.is_empty() {
            bytes.push(PIECES);
            let pieces = (self.pieces.of, self.pieces.bytes.as_slice());
            bytes = postcard::to_extend(&pieces, bytes).expect("a state is plain data");
        }
        bytes
    }

    /// What a saved state was made of, without the rest of it.
    pub(crate) fn birth_of(bytes: &[u8]) -> Result<Birth> {
        let damaged = |e: String| Error::new(ErrorKind::Corrupt, format!("snapshot: {e}"));
        let (birth, _) =
            postcard::take_from_bytes::<String>(bytes).map_err(|e| damaged(e.to_string()))?;
        serde_json::from_str(&birth).map_err(|e| damaged(e.to_string()))
    }

    /// A state from the bytes of [`save`](Self::save).
    pub fn load(bytes: &[u8], catalog: &Catalog) -> Result<Self> {
        let damaged =
            |e: &dyn std::fmt::Display| Error::new(ErrorKind::Corrupt, format!("snapshot: {e}"));
        let (mut s, rest) = postcard::take_from_bytes::<Saved>(bytes).map_err(|e| damaged(&e))?;
        let (mut recent, mut resting) = (Recent::default(), false);
        let (mut shared, mut weighed) = (None, Recent::default());
        let mut pieces = Pieces::default();
        if !rest.is_empty() {
            let (later, mut rest): (Later, _) =
                postcard::take_from_bytes(rest).map_err(|e| damaged(&e))?;
            if let [RESTING, more @ ..] = rest {
                (resting, rest) = (true, more);
            }
            if let [SHARED, more @ ..] = rest {
                type Both = (crate::sync::Saved, Option<recent::Saved>);
                let (both, more) =
                    postcard::take_from_bytes::<Both>(more).map_err(|e| damaged(&e))?;
                let mut loaded = Shared::load(both.0)?;
                weighed = both.1.as_ref().map_or(Ok(weighed), Recent::load)?;
                rest = more;
                if let [TOGETHER, more @ ..] = rest {
                    let together;
                    (together, rest) = postcard::take_from_bytes(more).map_err(|e| damaged(&e))?;
                    loaded.together = Together::load(together);
                }
                shared = Some(Box::new(loaded));
            }
            if let [PIECES, more @ ..] = rest {
                let (came, more): ((u32, Vec<u8>), _) =
                    postcard::take_from_bytes(more).map_err(|e| damaged(&e))?;
                pieces = Pieces { of: came.0, bytes: came.1 };
                rest = more;
            }
            if !rest.is_empty() {
                return Err(damaged(&"more follows than is known"));
            }
            s.figures.more = later.figures;
            recent = later.recent.as_ref().map_or(Ok(recent), Recent::load)?;
        }
        let birth: Birth = serde_json::from_str(&s.birth).map_err(|e| damaged(&e))?;
        let shadow = s.shadow.map(|b| Frozen::load(&b, catalog)).transpose();
        let detector = match saved::load(&s.detector, &catalog.builder()) {
            Ok(Any::DriftDetector(d)) => d,
            Ok(_) => return Err(damaged(&"the drift detector is something else")),
            Err(e) => return Err(damaged(&e)),
        };
        Ok(Self {
            catalog: catalog.clone(),
            birth,
            version: s.version,
            model: Model::load(&s.model, catalog).map_err(|e| damaged(&e))?,
            shadow: shadow.map_err(|e| damaged(&e))?,
            detector,
            figures: s.figures,
            clients: s.clients,
            pending: Pending::load(&s.pending)?,
            recent,
            frozen: s.frozen,
            resting,
            shared,
            weighed,
            spread: Spread::default(),
            lesson: None,
            pieces,
        })
    }
}
