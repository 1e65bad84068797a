//! Exchanges that begin with the first who asks for them: a server that knows no other node has no
//! key until a book is joined.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use her_identity::{House, Result};

use super::{Syncs, lock};

/// The versions at which a process found its identities: what they had learned until then, a
/// former life of theirs has to tell.
#[derive(Debug, Clone, Default)]
pub(crate) struct Began(BTreeMap<String, u64>);

impl Began {
    /// The versions as they are: asked for before anything is learned.
    pub fn now(house: &House) -> Self {
        // One that is damaged, or has left, tells so when it is asked for.
        let head = |name: String| Some((house.head(&name).ok()?.seq, name));
        let found = house.names().into_iter().filter_map(head);
        Self(found.map(|(version, name)| (name, version)).collect())
    }

    /// The version of an identity; none of one that came later.
    pub(super) fn version(&self, identity: &str) -> Option<u64> {
        self.0.get(identity).copied()
    }
}

/// The exchanges of a server, from when they are needed.
pub(crate) struct Late {
    house: Arc<House>,
    began: Began,
    made: Mutex<Option<Arc<Syncs>>>,
}

impl Late {
    /// Of a house that was opened just now, with its exchanges if they have begun already.
    pub fn new(house: &Arc<House>, made: Option<Arc<Syncs>>) -> Self {
        let began = if made.is_some() { Began::default() } else { Began::now(house) };
        Self { house: Arc::clone(house), began, made: Mutex::new(made) }
    }

    /// The exchanges; with a key of this node that is made if there is none.
    pub fn get(&self) -> Result<Arc<Syncs>> {
        let mut made = lock(&self.made);
        if let Some(syncs) = &*made {
            return Ok(Arc::clone(syncs));
        }
        let key = crate::node::of_dir(self.house.dir())?;
        let syncs = Arc::new(Syncs::since(&self.house, key, self.began.clone())?);
        *made = Some(Arc::clone(&syncs));
        Ok(syncs)
    }
}
