//! One token: what it opens, and until when.
//!
//! Its text is `her_<id>_<secret>`. The secret is 256 random bits, so a plain hash of the text
//! keeps it as well as a slow one would; the text itself is told once and kept nowhere.

use her_identity::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::fmt::Write;
use subtle::ConstantTimeEq;

use super::scope::{Scope, Scopes};

/// The name of the token in the file `token`, which may do everything.
pub(crate) const FIRST: &str = "first";

/// Patterns of one token, and bytes of one of them.
const PATTERNS_MAX: usize = 32;
const PATTERN_BYTES_MAX: usize = 64;
const NOTE_BYTES_MAX: usize = 128;

/// What a token may take; none is no bound of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Quota {
    /// Requests in a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_s: Option<u32>,
    /// Events in a second: learned, remembered or labelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updates_per_s: Option<u32>,
    /// Identities of its patterns that may exist when it makes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identities_max: Option<u32>,
    /// Bytes of state that the identities of its patterns may have when it adds to them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Bytes of journal that they may have, all branches together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journal_bytes: Option<u64>,
}

/// A token as its file has it: everything but its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Token {
    pub id: String,
    /// BLAKE3 of the whole text.
    hash: String,
    scopes: Vec<String>,
    /// Patterns of the identities that it is for; `*` stands for any text.
    pub identities: Vec<String>,
    pub created_ms: u64,
    /// From when on it opens nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    #[serde(default)]
    pub quota: Quota,
}

/// What a new token is to be.
pub(crate) struct Wish {
    pub scopes: Vec<String>,
    pub identities: Vec<String>,
    pub expires_ms: Option<u64>,
    pub note: String,
    pub quota: Quota,
}

impl Token {
    /// A new token and its text, which nobody can tell again.
    pub fn new(wish: Wish, now_ms: u64) -> Result<(Self, String)> {
        let mut random = [0u8; 36];
        getrandom::fill(&mut random).map_err(|e| {
            Error::new(ErrorKind::Unavailable, format!("the system gives no random numbers: {e}"))
        })?;
        let mut hex = String::with_capacity(2 * random.len());
        for byte in random {
            // Writing into a string does not fail.
            let _ = write!(hex, "{byte:02x}");
        }
        let (id, secret) = hex.split_at(8);
        let text = format!("her_{id}_{secret}");
        let token = Self {
            id: id.to_owned(),
            hash: blake3::hash(text.as_bytes()).to_hex().to_string(),
            scopes: wish.scopes,
            identities: wish.identities,
            created_ms: now_ms,
            expires_ms: wish.expires_ms,
            note: wish.note,
            quota: wish.quota,
        };
        token.check()?;
        Ok((token, text))
    }

    /// The token of the file `token`.
    pub fn first(text: &str) -> Self {
        Self {
            id: FIRST.to_owned(),
            hash: blake3::hash(text.as_bytes()).to_hex().to_string(),
            scopes: vec![Scope::Admin.name().to_owned()],
            identities: vec!["*".to_owned()],
            created_ms: 0,
            expires_ms: None,
            note: "the file token".to_owned(),
            quota: Quota::default(),
        }
    }

    /// What a client may do whom another node let in, as far as one identity goes. It is found in
    /// no file: its hash is of nothing that could be sent.
    pub fn of_node(id: String, scopes: Vec<String>, identity: &str) -> Self {
        Self { id, scopes, identities: vec![identity.to_owned()], ..Self::first("") }
    }

    /// Refuses what no token can be.
    pub fn check(&self) -> Result<()> {
        self.scopes()?;
        blake3::Hash::from_hex(&self.hash)
            .map_err(|_| Error::invalid(format!("token {}: its hash is no hash", self.id)))?;
        if self.identities.is_empty() || self.identities.len() > PATTERNS_MAX {
            return Err(Error::invalid(format!(
                "a token is for 1 to {PATTERNS_MAX} patterns of identities, got {}; '*' is all",
                self.identities.len()
            )));
        }
        if let Some(long) =
            self.identities.iter().find(|p| p.is_empty() || p.len() > PATTERN_BYTES_MAX)
        {
            return Err(Error::invalid(format!(
                "the pattern {long:?} must have 1 to {PATTERN_BYTES_MAX} bytes"
            )));
        }
        if self.note.len() > NOTE_BYTES_MAX {
            return Err(Error::invalid(format!(
                "the note has {} bytes; it may have {NOTE_BYTES_MAX}",
                self.note.len()
            )));
        }
        Ok(())
    }

    /// What it may do.
    pub fn scopes(&self) -> Result<Scopes> {
        Scopes::parse(self.scopes.iter().map(String::as_str))
    }

    /// The names of what it may do.
    pub fn scope_names(&self) -> Vec<String> {
        self.scopes.clone()
    }

    /// True for the text that it was made with; takes the same time whatever is wrong.
    pub fn is(&self, text: &[u8]) -> bool {
        let ours = blake3::Hash::from_hex(&self.hash).unwrap_or(blake3::Hash::from([0; 32]));
        blake3::hash(text).as_bytes().ct_eq(ours.as_bytes()).into()
    }

    /// What tells this token from a later one of the same name.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// True from its last moment on.
    pub fn is_over(&self, now_ms: u64) -> bool {
        self.expires_ms.is_some_and(|at| at <= now_ms)
    }

    /// True when an identity is one of its own.
    pub fn is_for(&self, identity: &str) -> bool {
        self.identities.iter().any(|pattern| matches(pattern, identity))
    }

    /// True when every identity is one of its own.
    pub fn is_for_all(&self) -> bool {
        self.identities.iter().any(|pattern| pattern == "*")
    }

    /// What may be told of it: everything but the hash.
    pub fn shown(&self) -> serde_json::Value {
        serde_json::json!({
            "id": self.id,
            "scopes": self.scopes,
            "identities": self.identities,
            "created_ms": self.created_ms,
            "expires_ms": self.expires_ms,
            "note": self.note,
            "quota": self.quota,
        })
    }
}

/// The id in a token's text, if it has one.
pub(crate) fn id_of(text: &[u8]) -> Option<&str> {
    let (id, secret) = std::str::from_utf8(text).ok()?.strip_prefix("her_")?.split_once('_')?;
    (!secret.is_empty()).then_some(id)
}

/// True when a text is of a pattern, in which `*` stands for any text and all else for itself.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        // The first place of each is the best one: it leaves most for those that follow.
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
pub(crate) fn wish(scopes: &[&str], identities: &[&str]) -> Wish {
    Wish {
        scopes: scopes.iter().map(ToString::to_string).collect(),
        identities: identities.iter().map(ToString::to_string).collect(),
        expires_ms: None,
        note: String::new(),
        quota: Quota::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_take_what_they_say() {
        let check = |pattern, yes: &[&str], no: &[&str]| {
            for text in yes {
                assert!(matches(pattern, text), "{pattern} {text}");
            }
            for text in no {
                assert!(!matches(pattern, text), "{pattern} {text}");
            }
        };
        check("*", &["", "sam"], &[]);
        check("sam", &["sam"], &["", "sa", "samantha", "xsam"]);
        check("team-*", &["team-", "team-a"], &["team", "ateam-a"]);
        check("*-eu", &["a-eu", "-eu"], &["a-eux", "eu"]);
        check("a*b*c", &["abc", "axbxc", "abbcc"], &["ab", "acb", "abcd"]);
        check("aa*aa", &["aaaa", "aaxaa"], &["aaa", "aa"]);
    }

    #[test]
    fn a_token_is_itself_only() {
        let (token, text) = Token::new(wish(&["learn"], &["a*"]), 5).unwrap();
        assert_eq!(text.len(), 4 + 8 + 1 + 64);
        assert_eq!(id_of(text.as_bytes()), Some(token.id.as_str()));
        assert!(token.is(text.as_bytes()) && !token.is(b"") && !token.is(&text.as_bytes()[1..]));
        assert!(!serde_json::to_string(&token).unwrap().contains(&text[13..]));
        assert!(token.is_for("abe") && !token.is_for("bob") && !token.is_for_all());
        for (scopes, identities) in [(vec![], vec!["*"]), (vec!["x"], vec!["*"])] {
            assert!(Token::new(wish(&scopes, &identities), 0).is_err());
        }
        assert!(Token::new(wish(&["read"], &[]), 0).is_err());
        assert!(Token::new(wish(&["read"], &[""]), 0).is_err());
    }

    #[test]
    fn a_token_ends_with_its_time() {
        let ends = Wish { expires_ms: Some(10), ..wish(&["read"], &["*"]) };
        let (token, _) = Token::new(ends, 5).unwrap();
        assert!(!token.is_over(9) && token.is_over(10));
    }
}
