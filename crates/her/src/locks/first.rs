//! The token of the file `token`, which opens everything: made at the first start.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use her_identity::{Error, ErrorKind, Result};

/// Bytes that a token has at least.
const TOKEN_BYTES_MIN: usize = 20;

/// The token in a file; made there when there is none.
pub(crate) fn token(path: &Path) -> Result<String> {
    match std::fs::read_to_string(path) {
        Ok(text) => {
            warn_if_open("token", path);
            let token = text.trim();
            let fine =
                token.len() >= TOKEN_BYTES_MIN && token.bytes().all(|b| b.is_ascii_graphic());
            fine.then(|| token.to_owned()).ok_or_else(|| {
                Error::invalid(format!(
                    "{} must hold a token of at least {TOKEN_BYTES_MIN} visible ASCII characters; \
                     remove the file and a new one is made",
                    path.display()
                ))
            })
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => make_token(path),
        Err(e) => Err(Error::io(format!("reading the token {}", path.display()), e)),
    }
}

/// Warns when others may read a secret.
pub(crate) fn warn_if_open(what: &str, path: &Path) {
    let mode = std::fs::metadata(path).map_or(0, |m| m.permissions().mode() & 0o777);
    if mode & 0o077 != 0 {
        eprintln!(
            "warning: others on this machine may read the {what} {} (mode {mode:o}); chmod 600 it",
            path.display()
        );
    }
}

fn make_token(path: &Path) -> Result<String> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes).map_err(|e| {
        Error::new(ErrorKind::Unavailable, format!("the system gives no random numbers: {e}"))
    })?;
    let token = format!("her_{}", blake3::Hash::from(bytes).to_hex());
    let io = |e| Error::io(format!("writing the token {}", path.display()), e);
    let open = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file: File = open.map_err(io)?;
    file.write_all(format!("{token}\n").as_bytes()).and_then(|()| file.sync_all()).map_err(io)?;
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_made_once_and_read_by_its_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        let made = token(&path).unwrap();
        assert_eq!((made.len(), token(&path).unwrap()), (4 + 64, made));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(&path, "short").unwrap();
        assert!(token(&path).unwrap_err().message.contains("at least 20"));
    }
}
