//! How a page keeps a token: a cookie that its scripts can't read.
//!
//! The cookie holds the token's name and an end, sealed with a key that is made of the first
//! token; the token itself is not in it. So a session lives through a restart, needs no memory,
//! and ends with its token, with the first token, or with its own time.

use subtle::ConstantTimeEq;

use super::keyring::Keyring;
use super::token::Token;

/// How long a session lasts.
pub(crate) const LASTS_S: u64 = 7 * 24 * 3600;

/// The value of a cookie that stands for a token.
pub(crate) fn seal(ring: &Keyring, token: &Token, now_ms: u64) -> String {
    let ends = now_ms + LASTS_S * 1000;
    format!("{}.{ends}.{}", token.id, mac(ring, token, ends).to_hex())
}

/// The token that a cookie stands for, over or not; none once the cookie's own time is over.
pub(crate) fn open(ring: &Keyring, value: &str, now_ms: u64) -> Option<std::sync::Arc<Token>> {
    let mut parts = value.split('.');
    let (id, ends, seal) = (parts.next()?, parts.next()?, parts.next()?);
    let ends: u64 = ends.parse().ok().filter(|at| *at > now_ms && parts.next().is_none())?;
    let token = ring.named(id)?;
    let seal = blake3::Hash::from_hex(seal).ok()?;
    let ours = mac(ring, &token, ends);
    bool::from(seal.as_bytes().ct_eq(ours.as_bytes())).then_some(token)
}

fn mac(ring: &Keyring, token: &Token, ends: u64) -> blake3::Hash {
    let key = blake3::derive_key("her 1 session of a page", ring.first_hash().as_bytes());
    let text = format!("{} {ends} {}", token.id, token.hash());
    blake3::keyed_hash(&key, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::super::keyring::{make, revoke};
    use super::super::token::wish;
    use super::*;

    #[test]
    fn a_session_is_its_token_until_one_of_them_ends() {
        let dir = tempfile::tempdir().unwrap();
        let (token, _) = make(dir.path(), wish(&["read"], &["*"]), 1).unwrap();
        let ring = Keyring::open(dir.path(), "her_first").unwrap();
        let value = seal(&ring, &token, 0);
        assert_eq!(open(&ring, &value, 5).unwrap().id, token.id);
        assert!(open(&ring, &value, LASTS_S * 1000).is_none());
        assert!(open(&ring, &value.replacen(&token.id, "first", 1), 5).is_none());
        assert!(open(&ring, &value.replacen(".604", ".704", 1), 5).is_none());
        assert!(open(&ring, &format!("{value}.x"), 5).is_none());
        assert!(open(&ring, "", 5).is_none());
        let other = Keyring::open(dir.path(), "her_second").unwrap();
        assert!(open(&other, &value, 5).is_none());
        revoke(dir.path(), &token.id).unwrap();
        ring.look();
        assert!(open(&ring, &value, 5).is_none());
    }
}
