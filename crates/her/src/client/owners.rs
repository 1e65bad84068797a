//! Where identities have moved to, as the servers that they left tell it.
//!
//! A server answers 421 and names the owner to a client that says `Her-Follow`. The client asks
//! there from then on, with the same token. An owner that does not know the token, or that would
//! be asked without TLS where the first server has it, is left alone: then the first server hands
//! requests on, as it does for clients that cannot follow.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

/// Moves that one request follows.
pub const HOPS: usize = 4;

/// Identities whose owners are kept; when there are more, all are found out again.
const KNOWN_MAX: usize = 4_096;

/// Whom to ask about an identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// The server that the client was given, or where the identity moved to.
    Owner(String),
    /// The server that the client was given; it is to hand the request on.
    HandsOn(String),
}

/// The owners that one client has heard of.
pub struct Owners {
    /// The server that the client was given.
    base: String,
    known: Mutex<BTreeMap<String, Whom>>,
}

impl Owners {
    pub fn new(base: &str) -> Self {
        Self { base: base.to_owned(), known: Mutex::default() }
    }

    /// Whom to ask for a path; who asks for no identity asks the server it was given.
    pub fn of(&self, path: &str) -> Whom {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let heard = identity(path).and_then(|name| known.get(name).cloned());
        heard.unwrap_or_else(|| Whom::Owner(self.base.clone()))
    }

    /// A server said 421: whom to ask instead.
    pub fn moved(&self, path: &str, answer: &[u8]) -> Whom {
        let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
        let url = answer["owner"]["url"].as_str().map(|url| url.trim_end_matches('/'));
        let safe = |url: &&str| url.starts_with("https://") || !self.base.starts_with("https://");
        match url.filter(safe) {
            Some(url) => self.keep(path, Whom::Owner(url.to_owned())),
            None => self.refused(path),
        }
    }

    /// The owner does not take our token: the first server is asked to hand requests on.
    pub fn refused(&self, path: &str) -> Whom {
        self.keep(path, Whom::HandsOn(self.base.clone()))
    }

    /// The owner does not answer: the next request asks where it began.
    pub fn lost(&self, path: &str) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        identity(path).and_then(|name| known.remove(name));
    }

    fn keep(&self, path: &str, whom: Whom) -> Whom {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KNOWN_MAX {
            known.clear();
        }
        if let Some(name) = identity(path) {
            known.insert(name.to_owned(), whom.clone());
        }
        whom
    }
}

/// The name in the path of an identity, as it is written there.
pub fn identity(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("/v1/identities/")?;
    rest.split(['/', '?']).next().filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(url: &Value) -> Vec<u8> {
        json!({ "owner": { "node": "n", "url": url } }).to_string().into_bytes()
    }

    #[test]
    fn an_owner_is_asked_until_it_refuses_or_is_lost() {
        let owners = Owners::new("http://a");
        let (first, path) = (Whom::Owner("http://a".into()), "/v1/identities/sam/learn?n=1");
        assert_eq!(owners.of(path), first);
        let there = Whom::Owner("http://b:1".into());
        assert_eq!(owners.moved(path, &answer(&json!("http://b:1/"))), there);
        assert_eq!(owners.of("/v1/identities/sam"), there);
        assert_eq!(owners.of("/v1/identities/eva"), first);
        assert_eq!(owners.of("/v1/identities"), first);
        owners.lost(path);
        assert_eq!(owners.of(path), first);
        let handed = Whom::HandsOn("http://a".into());
        assert_eq!(owners.refused(path), handed);
        assert_eq!(owners.of(path), handed);
    }

    #[test]
    fn a_token_that_came_by_tls_leaves_by_tls_only() {
        let owners = Owners::new("https://a");
        let path = "/v1/identities/sam";
        let handed = Whom::HandsOn("https://a".into());
        assert_eq!(owners.moved(path, &answer(&json!("http://b"))), handed);
        assert_eq!(owners.moved(path, &answer(&Value::Null)), handed);
        assert_eq!(owners.moved(path, b"no JSON"), handed);
        let there = Whom::Owner("https://b".into());
        assert_eq!(owners.moved(path, &answer(&json!("https://b"))), there);
    }
}
