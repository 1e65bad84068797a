//! Files that only their owner reads.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use her_identity::format::temp_file;
use her_identity::{Error, Result};

/// Writes a whole file that only its owner reads; after a crash it is the old one or the new one.
pub fn write_private(dir: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let draft = dir.join(temp_file(name));
    let write = || {
        // One that a crash left behind may have other rights.
        match std::fs::remove_file(&draft) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        let mut file = private().write(true).create_new(true).open(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&draft, dir.join(name))?;
        File::open(dir)?.sync_all()
    };
    write().map_err(|e| Error::io(format!("writing {}", dir.join(name).display()), e))
}

/// Options of a file that only its owner reads.
pub fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

/// Waits until this process alone changes the files that `name` stands for.
pub fn lock(dir: &Path, name: &str) -> Result<File> {
    let path = dir.join(name);
    let taken = private().create(true).append(true).open(&path).and_then(|file| {
        file.lock()?;
        Ok(file)
    });
    taken.map_err(|e| Error::io(format!("locking {}", path.display()), e))
}
