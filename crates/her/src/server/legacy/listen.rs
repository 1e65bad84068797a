//! Where a copy listens: an address or a Unix socket, taken before the process is locked up.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};

use her_identity::{Error, Result};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use super::Asked;
use crate::config::Settings;

/// What is listened at.
pub(super) enum Listener {
    Tcp(TcpListener, SocketAddr),
    Unix(UnixListener, PathBuf),
}

/// Who came in.
pub(super) enum Caller {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Listener {
    /// Takes the place. An address that other machines reach needs a token.
    pub async fn bind(settings: &Settings, asked: &Asked, tls: bool) -> Result<Self> {
        if let Some(path) = &asked.socket {
            if tls {
                return Err(Error::invalid(
                    "a Unix socket speaks without TLS; leave out --socket, or the certificate",
                ));
            }
            return unix(path).await;
        }
        let addr = settings.listen;
        if !addr.ip().is_loopback() && asked.token.is_none() {
            return Err(Error::invalid(format!(
                "{addr} is reached by other machines, and no token guards it; give one with \
                 --token-file FILE or HER_TOKEN"
            )));
        }
        let listener = TcpListener::bind(addr).await;
        let listener = listener.map_err(|e| super::super::listen_error(addr, e))?;
        let addr = listener.local_addr().map_err(|e| Error::io("asking for the address", e))?;
        Ok(Self::Tcp(listener, addr))
    }

    /// The next who comes, and from where.
    pub async fn accept(&self) -> io::Result<(Caller, IpAddr)> {
        match self {
            Self::Tcp(listener, _) => {
                let (stream, from) = listener.accept().await?;
                // Answers leave when they are ready.
                let _ = stream.set_nodelay(true);
                Ok((Caller::Tcp(stream), from.ip().to_canonical()))
            }
            Self::Unix(listener, _) => {
                let (stream, _) = listener.accept().await?;
                Ok((Caller::Unix(stream), Ipv4Addr::LOCALHOST.into()))
            }
        }
    }

    /// The address, if it has one.
    pub fn addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(_, addr) => Some(*addr),
            Self::Unix(..) => None,
        }
    }

    /// True when only this machine reaches it by an address.
    pub fn is_loopback(&self) -> bool {
        self.addr().is_some_and(|addr| addr.ip().is_loopback())
    }

    /// What clients are told.
    pub fn url(&self, tls: bool) -> String {
        match self {
            Self::Tcp(_, addr) => format!("{}://{addr}", if tls { "https" } else { "http" }),
            Self::Unix(_, path) => format!("unix:{}", path.display()),
        }
    }
}

/// A socket that its owner may use. One that nobody listens at any more is taken over: a process
/// that is locked up can't take its own away.
async fn unix(path: &Path) -> Result<Listener> {
    let io = |e| Error::io(format!("listening at {}", path.display()), e);
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|m| m.file_type().is_socket());
    if is_socket && UnixStream::connect(path).await.is_err() {
        std::fs::remove_file(path).map_err(io)?;
    }
    let listener = UnixListener::bind(path).map_err(io)?;
    let owner_only = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(path, owner_only).map_err(io)?;
    Ok(Listener::Unix(listener, path.to_owned()))
}
