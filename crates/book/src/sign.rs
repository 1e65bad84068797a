//! Signatures: a DSSE envelope over an in-toto statement that names the book's manifest.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{
    self, ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair as _, UnparsedPublicKey,
};
use serde::{Deserialize, Serialize};

use crate::digest::{hex, unhex};
use crate::error::{FETCH_AGAIN, Fault, Flaw};
use crate::oci::{from_json, to_json};

const PAYLOAD: &str = "application/vnd.in-toto+json";
/// Signatures of a book.
pub const SIGNATURES_MAX: usize = 8;

/// A key that signs. Never written anywhere.
pub struct SigningKey(Pair);

enum Pair {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
}

impl SigningKey {
    /// An Ed25519 key as PKCS #8, as a node keeps its own.
    ///
    /// # Errors
    /// Bytes that are no such key.
    pub fn ed25519(pkcs8: &[u8]) -> Result<Self, String> {
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8);
        pair.map(|pair| Self(Pair::Ed25519(pair))).map_err(|e| format!("no Ed25519 key: {e}"))
    }

    /// An Ed25519 key from its 32 secret bytes.
    pub fn ed25519_seed(seed: &[u8; 32]) -> Result<Self, String> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed);
        pair.map(|pair| Self(Pair::Ed25519(pair))).map_err(|e| format!("no Ed25519 key: {e}"))
    }

    /// A P-256 key as PKCS #8. Its signatures hold a random number: two books of one content that
    /// are signed with it differ in the signature, and in nothing else.
    ///
    /// # Errors
    /// Bytes that are no such key.
    pub fn p256(pkcs8: &[u8]) -> Result<Self, String> {
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8, &random);
        pair.map(|pair| Self(Pair::P256(pair))).map_err(|e| format!("no P-256 key: {e}"))
    }

    /// The key by which its signatures are known.
    pub fn public(&self) -> PublicKey {
        match &self.0 {
            Pair::Ed25519(pair) => PublicKey::Ed25519(pair.public_key().as_ref().to_vec()),
            Pair::P256(pair) => PublicKey::P256(pair.public_key().as_ref().to_vec()),
        }
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Flaw> {
        match &self.0 {
            Pair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Pair::P256(pair) => {
                let signed = pair.sign(&SystemRandom::new(), message);
                let failed = |_| Flaw::input("the P-256 key did not sign", "try it again");
                signed.map(|signed| signed.as_ref().to_vec()).map_err(failed)
            }
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public())
    }
}

/// A key by which a signature is known, written `ed25519:` or `p256:` and hexadecimal digits.
///
/// ```
/// use her_book::{PublicKey, SigningKey};
/// let key = SigningKey::ed25519_seed(&[7; 32])?.public();
/// assert_eq!(key.to_string().parse::<PublicKey>()?, key);
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum PublicKey {
    /// 32 bytes.
    Ed25519(Vec<u8>),
    /// A point without compression, 65 bytes.
    P256(Vec<u8>),
}

impl PublicKey {
    fn verifies(&self, message: &[u8], signed: &[u8]) -> bool {
        let verified = match self {
            Self::Ed25519(key) => {
                UnparsedPublicKey::new(&signature::ED25519, key).verify(message, signed)
            }
            Self::P256(key) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key).verify(message, signed)
            }
        };
        verified.is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ed25519(key) => write!(f, "ed25519:{}", hex(key)),
            Self::P256(key) => write!(f, "p256:{}", hex(key)),
        }
    }
}

impl FromStr for PublicKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let key = match text.split_once(':') {
            Some(("ed25519", digits)) => {
                unhex(digits).filter(|key| key.len() == 32).map(Self::Ed25519)
            }
            Some(("p256", digits)) => {
                unhex(digits).filter(|key| key.len() == 65 && key[0] == 4).map(Self::P256)
            }
            _ => None,
        };
        key.ok_or_else(|| {
            let shown: String = text.chars().take(140).collect();
            format!("{shown:?} is no key: `ed25519:` and 64 digits, or `p256:` and 130, are")
        })
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> Self {
        key.to_string()
    }
}

impl TryFrom<String> for PublicKey {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// Whose books are believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedKeys(BTreeSet<PublicKey>);

impl TrustedKeys {
    /// Whether this key is among them.
    pub fn contains(&self, key: &PublicKey) -> bool {
        self.0.contains(key)
    }
}

impl FromIterator<PublicKey> for TrustedKeys {
    fn from_iter<I: IntoIterator<Item = PublicKey>>(keys: I) -> Self {
        Self(keys.into_iter().collect())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Envelope {
    payload: String,
    payload_type: String,
    signatures: Vec<Signature>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signature {
    keyid: PublicKey,
    sig: String,
}

/// What is signed in truth: DSSE's pre-authentication encoding.
fn encoded(payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {PAYLOAD} {} ", PAYLOAD.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

/// The envelope around a payload, signed by all these keys.
pub(crate) fn envelope(payload: &[u8], keys: &[&SigningKey]) -> Result<Vec<u8>, Flaw> {
    let message = encoded(payload);
    let mut sorted: Vec<&SigningKey> = keys.to_vec();
    sorted.sort_by_key(|key| key.public());
    sorted.dedup_by_key(|key| key.public());
    if sorted.len() > SIGNATURES_MAX {
        let found = format!("{} keys are to sign", sorted.len());
        return Err(Flaw::input(found, format!("a book takes {SIGNATURES_MAX}")));
    }
    if !sorted.iter().any(|key| matches!(key.0, Pair::Ed25519(_))) {
        let remedy = "sign with an Ed25519 key too: every reader knows it";
        return Err(Flaw::input("only P-256 keys are to sign", remedy));
    }
    let sign = |key: &&SigningKey| {
        let sig = STANDARD.encode(key.sign(&message)?);
        Ok(Signature { keyid: key.public(), sig })
    };
    let signatures = sorted.iter().map(sign).collect::<Result<_, Flaw>>()?;
    let payload = STANDARD.encode(payload);
    Ok(to_json(&Envelope { payload, payload_type: PAYLOAD.into(), signatures }))
}

/// Who signed this payload. Each signature is checked by the key that it names, trusted or not: one
/// that is not of its key is refused.
pub(crate) fn signers(envelope: &[u8], payload: &[u8]) -> Result<Vec<PublicKey>, Flaw> {
    let odd = |what: String| Flaw::new(Fault::Signature, what, FETCH_AGAIN);
    let envelope: Envelope = from_json(envelope)?;
    if envelope.payload_type != PAYLOAD || envelope.payload != STANDARD.encode(payload) {
        return Err(odd("the signature is of another book".into()));
    }
    let keys: Vec<PublicKey> = envelope.signatures.iter().map(|s| s.keyid.clone()).collect();
    let ordered = keys.windows(2).all(|pair| pair[0] < pair[1]);
    if !ordered || keys.is_empty() || keys.len() > SIGNATURES_MAX {
        return Err(odd(format!(
            "{} signatures, sorted and of different keys, are not here",
            keys.len()
        )));
    }
    let message = encoded(payload);
    for signature in &envelope.signatures {
        let signed = STANDARD.decode(&signature.sig).unwrap_or_default();
        if !signature.keyid.verifies(&message, &signed) {
            return Err(odd(format!("a signature is not of {}", signature.keyid)));
        }
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn p256() -> SigningKey {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        SigningKey::p256(pkcs8.as_ref()).unwrap()
    }

    #[test]
    fn both_sorts_of_keys_sign_and_each_signature_is_checked() {
        let (first, second) = (SigningKey::ed25519_seed(&[1; 32]).unwrap(), p256());
        let written = envelope(b"payload", &[&second, &first, &first]).unwrap();
        let found = signers(&written, b"payload").unwrap();
        assert_eq!(found, [first.public(), second.public()]);
        assert_eq!(signers(&written, b"another").unwrap_err().fault, Fault::Signature);
        let text = String::from_utf8(written).unwrap();
        let other = SigningKey::ed25519_seed(&[2; 32]).unwrap().public().to_string();
        let forged = text.replace(&first.public().to_string(), &other);
        let flaw = signers(forged.as_bytes(), b"payload").unwrap_err();
        assert!(flaw.found.contains(&other), "{}", flaw.found);
        assert_eq!(envelope(b"x", &[&second]).unwrap_err().fault, Fault::Input);
    }

    #[test]
    fn keys_have_one_spelling() {
        let key = SigningKey::ed25519_seed(&[1; 32]).unwrap().public().to_string();
        assert!(key.to_uppercase().parse::<PublicKey>().is_err());
        assert!(key[..key.len() - 1].parse::<PublicKey>().is_err());
        assert!(key.replace("ed25519", "p256").parse::<PublicKey>().is_err());
        let key = p256().public();
        assert_eq!(key.to_string().parse::<PublicKey>().unwrap(), key);
    }
}
