//! Other nodes: the tables `[nodes.NAME]` of settings files.

use her_identity::{Error, Result};
use serde::Deserialize;

use crate::node::Peer;

/// Nodes that one node knows.
const NODES_MAX: usize = 256;
/// Bytes of a node's name.
const NAME_MAX: usize = 64;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    key: String,
    at: String,
    url: Option<String>,
}

/// Refuses what can't be a node's name: it is part of texts such as NODE/IDENTITY.
pub(crate) fn check_name(name: &str) -> std::result::Result<(), &'static str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.len() > NAME_MAX || !name.chars().all(plain) {
        return Err("a node's name has letters, digits, '-', '_' and '.', at most 64");
    }
    Ok(())
}

/// The port of a host and a port.
pub(crate) fn port_of(at: &str) -> Option<u16> {
    let (host, port) = at.rsplit_once(':')?;
    if host.is_empty() { None } else { port.parse().ok() }
}

/// Reads the tables; one of a name that is known already replaces it.
pub(super) fn read(place: &str, table: &toml::Table, into: &mut Vec<Peer>) -> Result<()> {
    for (name, value) in table {
        let wrong = |why: &str| Error::invalid(format!("{place}: nodes.{name}: {why}"));
        check_name(name).map_err(wrong)?;
        let entry: Entry =
            value.clone().try_into().map_err(|e: toml::de::Error| wrong(e.message()))?;
        let key = entry.key.parse().map_err(|e: Error| wrong(&e.message))?;
        if port_of(&entry.at).is_none() {
            return Err(wrong("at must be a host and a port, such as 10.0.0.2:7401"));
        }
        if let Some(other) = into.iter().find(|peer| peer.key == key && peer.name != *name) {
            return Err(wrong(&format!("nodes.{} has the same key", other.name)));
        }
        into.retain(|peer| peer.name != *name);
        into.push(Peer { name: name.clone(), key, at: Some(entry.at), url: entry.url });
    }
    if into.len() > NODES_MAX {
        return Err(Error::invalid(format!("{place}: more than {NODES_MAX} nodes")));
    }
    Ok(())
}
