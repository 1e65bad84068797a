//! `server.json`: how programs on this machine find the server of a data directory.

use std::fs;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use her_identity::{Error, Result};

const NAME: &str = "server.json";

/// Written once the server listens, whole or not at all.
pub(super) fn write(
    dir: &Path,
    mut addr: SocketAddr,
    cert: Option<&Path>,
    started_ms: u64,
) -> Result<()> {
    // What listens everywhere is reached by loopback.
    match addr.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => addr.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => addr.set_ip(Ipv6Addr::LOCALHOST.into()),
        IpAddr::V4(_) | IpAddr::V6(_) => {}
    }
    let scheme = if cert.is_some() { "https" } else { "http" };
    let text = serde_json::json!({
        "url": format!("{scheme}://{addr}"),
        "ca": cert,
        "pid": std::process::id(),
        "started_ms": started_ms,
    });
    let draft = dir.join("server.json.new");
    let written = fs::File::create(&draft)
        .and_then(|mut file| file.write_all(format!("{text}\n").as_bytes()))
        .and_then(|()| fs::rename(&draft, dir.join(NAME)));
    written.map_err(|e| Error::io(format!("writing {NAME} in {}", dir.display()), e))
}

/// Removed when the server ends; one that was killed leaves it behind, its pid tells.
pub(super) fn remove(dir: &Path) {
    let _ = fs::remove_file(dir.join(NAME));
}
