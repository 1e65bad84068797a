//! TLS in front of the routes: a certificate and its key from files, read at the start.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use her_identity::{Error, ErrorKind, Result};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

use crate::config::Tls;

/// What makes TLS of a connection; none when no certificate is set.
pub(super) fn acceptor(tls: &Tls) -> Result<Option<TlsAcceptor>> {
    let (Some(cert), Some(key)) = (&tls.cert_file, &tls.key_file) else { return Ok(None) };
    let bad = |path: &Path, why: String| {
        Error::new(ErrorKind::Invalid, format!("{}: {why}", path.display()))
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect)
        .map_err(|e| bad(cert, format!("no certificate in PEM (tls.cert_file): {e}")))?;
    let secret = PrivateKeyDer::from_pem_file(key)
        .map_err(|e| bad(key, format!("no private key in PEM (tls.key_file): {e}")))?;
    crate::locks::first::warn_if_open("key", key);
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::new(ErrorKind::Internal, format!("preparing TLS: {e}")))?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(|e| {
            bad(cert, format!("this certificate and {} do not fit: {e}", key.display()))
        })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}

/// Agrees with a client, within the time that the head of a request may take; why not is the
/// client's business.
pub(super) async fn agree(
    acceptor: &TlsAcceptor,
    stream: TcpStream,
    limit: Duration,
) -> Option<TlsStream<TcpStream>> {
    tokio::time::timeout(limit, acceptor.accept(stream)).await.ok()?.ok()
}
