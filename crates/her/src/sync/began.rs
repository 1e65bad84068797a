//! Where a process found its identities.

use std::collections::BTreeMap;

use her_identity::House;

/// The versions at which a process found its identities: what they had learned until then, a
/// former life of theirs has to tell.
#[derive(Debug, Clone, Default)]
pub(super) struct Began(BTreeMap<String, u64>);

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
