//! Whom a client believes over TLS.

use std::path::Path;
use std::sync::Arc;

use her_identity::{Error, Result};
use tokio_rustls::rustls::crypto::ring;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};

/// Where systems keep the certificates that they trust, besides what `SSL_CERT_FILE` says.
const USUAL: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
];

/// The certificates of this machine. Those that are not there are missed when one is needed.
pub fn of_machine(url: &str) -> TlsConfig {
    // Reading them takes a while, and most servers are of this machine.
    if !url.starts_with("https:") {
        return config(Vec::new());
    }
    let named = std::env::var("SSL_CERT_FILE").ok().filter(|file| !file.is_empty());
    let found = match named {
        Some(file) => certificates(Path::new(&file)).ok(),
        None => USUAL.iter().find_map(|file| certificates(Path::new(file)).ok()),
    };
    config(found.unwrap_or_default())
}

/// The certificates of a file.
pub fn of_file(file: &Path) -> Result<TlsConfig> {
    certificates(file).map(config)
}

fn certificates(file: &Path) -> Result<Vec<Certificate<'static>>> {
    let bytes = std::fs::read(file)
        .map_err(|e| Error::io(format!("reading the certificates of {}", file.display()), e))?;
    let found: Vec<_> = parse_pem(&bytes)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(found)) => Some(found),
            _ => None,
        })
        .collect();
    if found.is_empty() {
        return Err(Error::invalid(format!("{} holds no certificate in PEM", file.display())));
    }
    Ok(found)
}

fn config(roots: Vec<Certificate<'static>>) -> TlsConfig {
    TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(Arc::new(ring::default_provider()))
        .root_certs(RootCerts::Specific(Arc::new(roots)))
        .build()
}
