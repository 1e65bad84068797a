//! Who may be a peer, and who is one now: one lock for both, so that nobody slips in between.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use iroh::endpoint::{Connection, VarInt};

use crate::wire::End;
use crate::{Key, LinkFigures};

/// Connections that one key may have: one that each side began. A later one takes the place of the
/// oldest, which is a machine's that died and came back.
const CONNECTIONS_OF_KEY: usize = 2;

#[derive(Debug, Default)]
struct Inner {
    allowed: BTreeSet<Key>,
    open: BTreeMap<Key, Vec<Connection>>,
}

/// The list of peers and their connections.
#[derive(Debug, Default)]
pub(super) struct Roster {
    inner: Mutex<Inner>,
    refused: AtomicU64,
}

impl Roster {
    pub(super) fn new(allowed: impl IntoIterator<Item = Key>) -> Self {
        let inner = Inner { allowed: allowed.into_iter().collect(), open: BTreeMap::new() };
        Self { inner: Mutex::new(inner), refused: AtomicU64::new(0) }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn allows(&self, key: Key) -> bool {
        self.inner().allowed.contains(&key)
    }

    pub(super) fn allow(&self, key: Key) {
        self.inner().allowed.insert(key);
    }

    /// Takes the key off and closes what it has.
    pub(super) fn revoke(&self, key: Key) {
        let mut inner = self.inner();
        inner.allowed.remove(&key);
        for connection in inner.open.remove(&key).unwrap_or_default() {
            end(&connection, End::NotAllowed, "this key was taken off the list of peers");
        }
    }

    /// Notes a connection; false when its key is not on the list.
    pub(super) fn enter(&self, key: Key, connection: &Connection) -> bool {
        let mut inner = self.inner();
        if !inner.allowed.contains(&key) {
            return false;
        }
        let open = inner.open.entry(key).or_default();
        if open.len() == CONNECTIONS_OF_KEY {
            let why = "two newer connections of the same key took its place";
            end(&open.remove(0), End::Busy, why);
        }
        open.push(connection.clone());
        true
    }

    pub(super) fn leave(&self, key: Key, connection: &Connection) {
        let mut inner = self.inner();
        let Some(open) = inner.open.get_mut(&key) else { return };
        open.retain(|held| held.stable_id() != connection.stable_id());
        if open.is_empty() {
            inner.open.remove(&key);
        }
    }

    pub(super) fn refuse(&self, connection: &Connection, why: End, reason: &str) {
        self.count_refused();
        end(connection, why, reason);
    }

    pub(super) fn count_refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn figures(&self) -> LinkFigures {
        let connections = self.inner().open.values().map(|open| open.len() as u64).sum();
        LinkFigures { connections, refused: self.refused.load(Ordering::Relaxed) }
    }
}

/// Closes a connection with words for the other side.
pub(super) fn end(connection: &Connection, why: End, reason: &str) {
    connection.close(VarInt::from_u32(why as u32), reason.as_bytes());
}
