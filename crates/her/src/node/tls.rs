//! TLS 1.3 between nodes: both sides show raw public keys, and the lists decide.

use std::sync::Arc;

use her_identity::migrate::Node;
use her_identity::{Error, ErrorKind, Result};
use tokio_rustls::rustls::client::AlwaysResolvesClientRawPublicKeys;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{
    WebPkiSupportedAlgorithms, ring, verify_tls13_signature_with_raw_key,
};
use tokio_rustls::rustls::pki_types::{
    CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime,
};
use tokio_rustls::rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use tokio_rustls::rustls::server::{AlwaysResolvesServerRawPublicKeys, NoServerSessionStorage};
use tokio_rustls::rustls::version::TLS13;
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, Error as TlsError,
    ServerConfig, SignatureScheme,
};

use super::guests::Guests;
use super::key::{self, Key};

/// Who may be on the other side.
#[derive(Debug)]
enum Who {
    /// Those who are let in now.
    Guests(Arc<Guests>),
    /// The node that was called.
    Only(Node),
}

#[derive(Debug)]
struct Listed {
    who: Who,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Listed {
    fn new(who: Who) -> Arc<Self> {
        let algorithms = ring::default_provider().signature_verification_algorithms;
        Arc::new(Self { who, algorithms })
    }

    fn check(&self, spki: &CertificateDer<'_>) -> std::result::Result<(), TlsError> {
        let is_listed = key::node_of(spki).is_some_and(|node| match &self.who {
            Who::Guests(guests) => guests.right(node).is_some(),
            Who::Only(wanted) => *wanted == node,
        });
        if is_listed {
            Ok(())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify(
        &self,
        message: &[u8],
        spki: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, TlsError> {
        let spki = SubjectPublicKeyInfoDer::from(spki.as_ref());
        verify_tls13_signature_with_raw_key(message, &spki, signed, &self.algorithms)
    }
}

/// TLS 1.2 knows no raw keys and is not spoken.
fn old() -> TlsError {
    TlsError::General("nodes speak TLS 1.3".to_owned())
}

impl ServerCertVerifier for Listed {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> std::result::Result<ServerCertVerified, TlsError> {
        self.check(end_entity).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, TlsError> {
        Err(old())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, TlsError> {
        self.verify(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

impl ClientCertVerifier for Listed {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> std::result::Result<ClientCertVerified, TlsError> {
        self.check(end_entity).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, TlsError> {
        Err(old())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, TlsError> {
        self.verify(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

fn preparing(e: &TlsError) -> Error {
    Error::new(ErrorKind::Internal, format!("preparing TLS between nodes: {e}"))
}

/// The side that listens; only these nodes come in.
pub(super) fn server(key: &Key, guests: Arc<Guests>) -> Result<Arc<ServerConfig>> {
    let mine = Arc::new(AlwaysResolvesServerRawPublicKeys::new(Arc::clone(&key.certified)));
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13])
        .map_err(|e| preparing(&e))?
        .with_client_cert_verifier(Listed::new(Who::Guests(guests)))
        .with_cert_resolver(mine);
    // A session that is resumed does not ask again who it is: the list may have changed.
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    Ok(Arc::new(config))
}

/// The side that asks; the other must be this node.
pub(super) fn client(key: &Key, node: Node) -> Result<Arc<ClientConfig>> {
    let mine = Arc::new(AlwaysResolvesClientRawPublicKeys::new(Arc::clone(&key.certified)));
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13])
        .map_err(|e| preparing(&e))?
        .dangerous()
        .with_custom_certificate_verifier(Listed::new(Who::Only(node)))
        .with_client_cert_resolver(mine);
    Ok(Arc::new(config))
}
