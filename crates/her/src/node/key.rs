//! A node's own key: made once, kept in its data directory, shown by `her node`.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use her_identity::format::NODE_KEY_FILE;
use her_identity::migrate::Node;
use her_identity::{Error, ErrorKind, Result};
use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use tokio_rustls::rustls::SignatureScheme;
use tokio_rustls::rustls::crypto::ring::sign::any_eddsa_type;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;

/// What precedes the 32 bytes of an Ed25519 key in its `SubjectPublicKeyInfo` (RFC 8410, 4).
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0];

/// A node's key pair.
#[derive(Clone)]
pub struct Key {
    /// The public half, by which others know the node.
    pub node: Node,
    pub(super) certified: Arc<CertifiedKey>,
}

impl Key {
    /// This node's signature over a message.
    pub fn sign(&self, message: &[u8]) -> Result<Box<[u8; 64]>> {
        let failed = || Error::new(ErrorKind::Internal, "this node's key does not sign");
        let signer = self.certified.key.choose_scheme(&[SignatureScheme::ED25519]);
        let signed = signer.ok_or_else(failed)?.sign(message).map_err(|_| failed())?;
        signed.try_into().map(|signature: [u8; 64]| Box::new(signature)).map_err(|_| failed())
    }
}

/// Whether a signature over a message is a node's.
pub fn has_signed(node: Node, message: &[u8], signature: &[u8; 64]) -> bool {
    UnparsedPublicKey::new(&ED25519, node.0).verify(message, signature).is_ok()
}

/// The key of a data directory; made there when there is none. The file can be read by its owner
/// only: whoever has it is this node.
pub fn of_dir(dir: &Path) -> Result<Key> {
    let path = dir.join(NODE_KEY_FILE);
    let pkcs8 = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => make(dir, &path)?,
        Err(e) => return Err(Error::io(format!("reading {}", path.display()), e)),
    };
    crate::locks::first::warn_if_open("key", &path);
    let damaged = |why: String| {
        let what =
            format!("{} is no Ed25519 key ({why}); restore it from a backup", path.display());
        Error::new(ErrorKind::Corrupt, what)
    };
    let pair = Ed25519KeyPair::from_pkcs8(&pkcs8).map_err(|e| damaged(e.to_string()))?;
    let mut public = [0; 32];
    public.copy_from_slice(pair.public_key().as_ref());
    let node = Node(public);
    let signer =
        any_eddsa_type(&PrivatePkcs8KeyDer::from(pkcs8)).map_err(|e| damaged(e.to_string()))?;
    let spki = CertificateDer::from(spki_of(node));
    Ok(Key { node, certified: Arc::new(CertifiedKey::new(vec![spki], signer)) })
}

fn make(dir: &Path, path: &Path) -> Result<Vec<u8>> {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
        .map_err(|_| Error::new(ErrorKind::Unavailable, "the system gives no random numbers"))?;
    let io = |e| Error::io(format!("writing {}", path.display()), e);
    std::fs::create_dir_all(dir).map_err(io)?;
    // Of two that start at once, one makes it; the other is told so and reads it next time.
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path).map_err(io)?;
    file.write_all(pkcs8.as_ref()).and_then(|()| file.sync_all()).map_err(io)?;
    std::fs::File::open(dir).and_then(|dir| dir.sync_all()).map_err(io)?;
    Ok(pkcs8.as_ref().to_vec())
}

/// The `SubjectPublicKeyInfo` of a node.
pub(super) fn spki_of(node: Node) -> Vec<u8> {
    [&SPKI_PREFIX[..], &node.0].concat()
}

/// The node of a `SubjectPublicKeyInfo`, if it is an Ed25519 key.
pub(super) fn node_of(spki: &[u8]) -> Option<Node> {
    spki.strip_prefix(&SPKI_PREFIX)?.try_into().ok().map(Node)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_key_is_made_once_and_is_its_owners() {
        let dir = tempfile::tempdir().unwrap();
        let key = of_dir(dir.path()).unwrap();
        assert_eq!(of_dir(dir.path()).unwrap().node, key.node);
        let mode = std::fs::metadata(dir.path().join(NODE_KEY_FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(node_of(&spki_of(key.node)), Some(key.node));
        assert_eq!(node_of(&[0; 44]), None);
        let signature = key.sign(b"what I know").unwrap();
        assert!(has_signed(key.node, b"what I know", &signature));
        assert!(!has_signed(key.node, b"what I knew", &signature));
        assert!(!has_signed(Node([7; 32]), b"what I know", &signature));
        std::fs::write(dir.path().join(NODE_KEY_FILE), b"no key").unwrap();
        assert_eq!(of_dir(dir.path()).err().unwrap().kind, ErrorKind::Corrupt);
    }
}
