//! The list of twelve ways out, tried for real by the process that is locked up.
//!
//! A try that works is undone at once, and what could not be undone is not tried where no layer is
//! in force: a copy must not suffer from being asked how safe it is.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

/// What became of one try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Try {
    /// What was tried.
    pub name: &'static str,
    /// True when the system refused it.
    pub denied: bool,
    /// The system's words, or what happened instead.
    pub how: String,
}

impl Try {
    /// The try as JSON.
    pub fn to_json(&self) -> Value {
        json!({ "escape": self.name, "denied": self.denied, "how": self.how })
    }
}

/// Where the tries begin.
pub struct Cell<'a> {
    /// The directory that may be read.
    pub dir: &'a Path,
    /// A file in it that the tries are about, whose bytes are known.
    pub file: &'a str,
    /// Those bytes.
    pub bytes: &'a [u8],
    /// Where the process listens, for one that connects to it; a port that nobody serves will do.
    pub addr: SocketAddr,
    /// True when a layer is in force that should deny what can't be undone.
    pub held: bool,
}

/// The names of all tries, in order.
pub const NAMES: [&str; 12] = [
    "open for write",
    "create beside",
    "create in /tmp",
    "read /etc/passwd",
    "unlink",
    "rename",
    "chmod",
    "reopen through /proc/self/fd",
    "connect out",
    "bind a new port",
    "exec",
    "write to a map",
];

/// Tries all of them, or only the one of this name.
pub fn try_out(cell: &Cell<'_>, only: Option<&str>) -> Vec<Try> {
    let path = cell.dir.join(cell.file);
    let tries: [&dyn Fn() -> io::Result<()>; 12] = [
        &|| OpenOptions::new().write(true).open(&path).map(drop),
        &|| create(&cell.dir.join("escaped")),
        &|| create(&PathBuf::from("/tmp").join(format!("her-escaped-{}", std::process::id()))),
        &|| File::open("/etc/passwd").and_then(|mut f| f.read(&mut [0; 16])).map(drop),
        &|| fs::remove_file(&path).map(|()| restore(&path, cell.bytes)),
        &|| {
            let away = path.with_extension("away");
            fs::rename(&path, &away).map(|()| drop(fs::rename(&away, &path)))
        },
        &|| chmod(&path),
        &|| {
            let file = File::open(&path)?;
            let again = format!("/proc/self/fd/{}", file.as_raw_fd());
            OpenOptions::new().write(true).open(again).map(drop)
        },
        &|| TcpStream::connect_timeout(&cell.addr, Duration::from_secs(1)).map(drop),
        &|| TcpListener::bind(("127.0.0.1", 0)).map(drop),
        &|| Command::new("/bin/true").status().map(drop),
        &|| write_to_map(&path),
    ];
    let lasting = ["unlink", "rename"];
    let both = NAMES.into_iter().zip(tries).filter(|(name, _)| only.is_none_or(|o| o == *name));
    both.map(|(name, attempt)| {
        if !cell.held && lasting.contains(&name) {
            let how = "not tried: no layer is in force that would deny it".to_owned();
            return Try { name, denied: false, how };
        }
        told(name, attempt())
    })
    .collect()
}

fn told(name: &'static str, done: io::Result<()>) -> Try {
    match done {
        Ok(()) => Try { name, denied: false, how: "it worked".into() },
        Err(e) => {
            let denied = matches!(e.kind(), ErrorKind::PermissionDenied);
            let how = if denied { e.to_string() } else { format!("not denied, but: {e}") };
            Try { name, denied, how }
        }
    }
}

fn create(path: &Path) -> io::Result<()> {
    File::create_new(path)?;
    fs::remove_file(path)
}

/// Puts the file back as it was.
fn restore(path: &Path, bytes: &[u8]) {
    let put = fs::write(path, bytes)
        .and_then(|()| fs::set_permissions(path, Permissions::from_mode(0o444)));
    if let Err(e) = put {
        eprintln!("error: {} was taken away by a try and can't be put back: {e}", path.display());
    }
}

fn chmod(path: &Path) -> io::Result<()> {
    let as_it_is = fs::metadata(path)?.permissions();
    fs::set_permissions(path, Permissions::from_mode(0o644))?;
    fs::set_permissions(path, as_it_is)
}

#[cfg(target_os = "linux")]
fn write_to_map(path: &Path) -> io::Result<()> {
    super::map::write_to_map(path)
}

#[cfg(not(target_os = "linux"))]
fn write_to_map(_: &Path) -> io::Result<()> {
    Err(io::Error::new(ErrorKind::Unsupported, "maps are tried on Linux only"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tries can work: outside of a cell they do, and leave everything as it was.
    #[test]
    fn nothing_is_denied_to_a_free_process() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("file"), "bytes").unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let cell = Cell {
            dir: dir.path(),
            file: "file",
            bytes: b"bytes",
            addr: listener.local_addr().unwrap(),
            held: true,
        };
        let tries = try_out(&cell, None);
        assert_eq!(tries.iter().map(|t| t.name).collect::<Vec<_>>(), NAMES);
        for t in &tries {
            assert!(!t.denied && t.how == "it worked", "{t:?}");
            assert_eq!(try_out(&cell, Some(t.name)), std::slice::from_ref(t));
        }
        assert_eq!(try_out(&cell, Some("fly")), []);
        assert_eq!(fs::read(dir.path().join("file")).unwrap(), b"bytes");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        let free = Cell { held: false, ..cell };
        let tried = try_out(&free, None);
        assert!(tried.iter().any(|t| t.how.starts_with("not tried")), "{tried:?}");
    }
}
