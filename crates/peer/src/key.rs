//! Names of machines: Ed25519 keys. A node's key in its data directory is its key here too.

use std::fmt;
use std::str::FromStr;

use ring::signature::{Ed25519KeyPair, KeyPair};

use crate::{Error, Result};

/// A machine's public key, by which others know it. Its text is 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub [u8; 32]);

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Key {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || Error::Invalid(format!("`{text}` is no key: give 64 hexadecimal digits"));
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let mut key = [0; 32];
        for (byte, at) in key.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| wrong())?;
        }
        Ok(Self(key))
    }
}

/// Up to where an Ed25519 key in PKCS #8 is the same in both versions (RFC 8410, 7; RFC 5958);
/// the seed follows. The first two bytes hold the length, the fifth the version.
const PKCS8_ONE: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// A machine's secret key. It shows its public half only.
#[derive(Clone)]
pub struct Secret {
    seed: [u8; 32],
    key: Key,
}

impl Secret {
    /// The key of a seed of 32 random bytes.
    pub fn from_seed(seed: [u8; 32]) -> Result<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed)
            .map_err(|e| Error::Invalid(format!("the seed makes no Ed25519 key: {e}")))?;
        let mut key = [0; 32];
        key.copy_from_slice(pair.public_key().as_ref());
        Ok(Self { seed, key: Key(key) })
    }

    /// The key in a PKCS #8 document, as nodes keep theirs.
    ///
    /// Errors when it is no Ed25519 key, or when a public half that it holds is another's.
    pub fn from_pkcs8(document: &[u8]) -> Result<Self> {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(document);
        let pair = pair.map_err(|e| Error::Invalid(format!("no Ed25519 key in PKCS #8: {e}")))?;
        let same = document.get(5..16) == Some(&PKCS8_ONE[5..]);
        let seed = document.get(16..48).filter(|_| same).and_then(|seed| seed.try_into().ok());
        let Some(seed) = seed else {
            let what = "the PKCS #8 document is laid out in a way that nodes do not write";
            return Err(Error::Invalid(what.to_owned()));
        };
        let secret = Self::from_seed(seed)?;
        if secret.key.0 != pair.public_key().as_ref() {
            return Err(Error::Invalid("the PKCS #8 document's halves do not agree".to_owned()));
        }
        Ok(secret)
    }

    /// The public half.
    pub fn key(&self) -> Key {
        self.key
    }

    pub(crate) fn seed(&self) -> &[u8; 32] {
        &self.seed
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the secret of {}", self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::rand::SystemRandom;

    #[test]
    fn a_nodes_key_is_its_key_here() {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
        let secret = Secret::from_pkcs8(document.as_ref()).unwrap();
        assert_eq!(&secret.key().0, pair.public_key().as_ref());
        let first = [&PKCS8_ONE[..], secret.seed()].concat();
        assert_eq!(Secret::from_pkcs8(&first).unwrap().key(), secret.key());
        let link = iroh::SecretKey::from_bytes(secret.seed()).public();
        assert_eq!(link.as_bytes(), &secret.key().0);
        assert_eq!(format!("{secret:?}"), format!("the secret of {}", secret.key()));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        for cut in 0..document.as_ref().len() {
            assert!(Secret::from_pkcs8(&document.as_ref()[..cut]).is_err(), "{cut}");
        }
        let mut other = document.as_ref().to_vec();
        other[20] ^= 1;
        assert!(Secret::from_pkcs8(&other).is_err());
    }

    #[test]
    fn keys_are_read_as_they_are_written() {
        let key = Secret::from_seed([7; 32]).unwrap().key();
        assert_eq!(key.to_string().parse::<Key>().unwrap(), key);
        for wrong in ["", "ab", &"g".repeat(64), &"+f".repeat(32), &"é".repeat(32)] {
            assert!(wrong.parse::<Key>().is_err(), "{wrong}");
        }
    }
}
