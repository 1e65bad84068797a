//! What of a message is taken and what is sent, within the bounds that the settings give peers.

use std::collections::BTreeMap;

use her_identity::Result;
use her_identity::sync::{Origin, Part, Shared};

use super::quota::{Used, Way};
use super::{Pact, Syncs, clip, lived, lock, name_of, rows};

/// Messages or parts, and why others are not among them.
type Admitted<T> = (Vec<T>, Vec<String>);

impl Syncs {
    /// What of a message is taken: what the day's quota has room for, is signed by who it is from,
    /// and is within the bounds of rows. `shared` is what the identity has.
    pub(super) fn admit(
        &self,
        pact: &Pact,
        shared: Option<&Shared>,
        parts: Vec<Vec<u8>>,
        contract: &[u8; 32],
    ) -> Result<Admitted<Part>> {
        let identity = &pact.identity;
        let (fit, over) = self.within(Way::From, pact, parts);
        let (mut taken, mut refused) = (Vec::new(), Vec::new());
        for bytes in fit {
            let known = |node| self.nodes.knows(node);
            let (part, why) = rows::checked(std::slice::from_ref(&bytes), contract, known);
            for part in &part {
                self.merits.came(identity, part.origin.peer, bytes.len());
            }
            taken.extend(part);
            refused.extend(why);
        }
        let merge = self.house.look(identity, |identity| identity.state().model().merge())?;
        let (taken, clipped) = clip::judge(&self.bounds, merge, shared, taken);
        refused.extend(clipped);
        refused.extend(over);
        Ok((taken, refused))
    }

    /// What somebody with this vector is sent: what it misses, as far as the day's quota goes.
    pub(super) fn offer(
        &self,
        pact: &Pact,
        shared: &Shared,
        theirs: &BTreeMap<Origin, u64>,
        contract: &[u8; 32],
        by_events: bool,
    ) -> Result<Admitted<Vec<u8>>> {
        let name = &pact.identity;
        let (parts, mut untold) = if by_events {
            lived::missing(&self.house, name, shared, theirs, &self.key)?
        } else {
            self.missing(name, shared, theirs, contract)?
        };
        let (parts, over) = self.within(Way::To, pact, parts);
        untold.extend(over);
        Ok((parts, untold))
    }

    fn within(&self, way: Way, pact: &Pact, parts: Vec<Vec<u8>>) -> (Vec<Vec<u8>>, Option<String>) {
        let (peer, bound) = (name_of(pact), (self.wall(), self.bounds.bytes_per_day));
        let mut known = lock(&self.known);
        let quota = known.quotas.entry((pact.identity.clone(), peer.clone())).or_default();
        quota.split(way, parts, bound, &peer)
    }

    /// What a peer used of its quota.
    pub fn used(&self, identity: &str, peer: &str) -> Used {
        let at = (identity.to_owned(), peer.to_owned());
        let mut quota = lock(&self.known).quotas.get(&at).cloned().unwrap_or_default();
        quota.used(self.wall(), self.bounds.bytes_per_day)
    }
}
