//! Directories that are written once and then only read: what an identity leaves behind.
//!
//! Such a directory is for other processes to open, so it lies on the machine's own disk.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Disk, DiskFile, DiskLock, RealDisk};
use crate::error::{Error, Result};
use crate::format::temp_file;

/// A file as it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// Its path inside the directory, with `/` between parts.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// BLAKE3 of its content, in hex.
    pub blake3: String,
}

/// A directory being written under another name; it appears whole, or not at all.
pub struct Whole {
    dir: PathBuf,
    temp: PathBuf,
    /// Says that this process writes it: what an earlier one left half done is nobody's.
    lock: File,
    sealed: Vec<Sealed>,
    done: bool,
}

impl Whole {
    /// Begins a directory that will be `dir`. `WouldBlock` when somebody else is at it.
    pub fn begin(dir: &Path) -> io::Result<Self> {
        let name = dir.file_name().and_then(|name| name.to_str()).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, "the directory has no name of its own")
        })?;
        let dir = match dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            Some(_) => dir.to_owned(),
            None => Path::new(".").join(name),
        };
        let parent = dir.parent().unwrap_or(Path::new("."));
        RealDisk.create_dir(parent)?;
        let temp = dir.with_file_name(temp_file(name));
        match DirBuilder::new().mode(0o700).create(&temp) {
            Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(e),
            _ => {}
        }
        let lock = File::open(&temp)?;
        lock.try_lock().map_err(io::Error::from)?;
        for entry in fs::read_dir(&temp)? {
            let path = entry?.path();
            if path.is_dir() { fs::remove_dir_all(&path)? } else { fs::remove_file(&path)? }
        }
        Ok(Self { dir, temp, lock, sealed: Vec::new(), done: false })
    }

    /// Where the files lie for now.
    pub fn path(&self) -> &Path {
        &self.temp
    }

    /// What was written so far.
    pub fn sealed(&self) -> &[Sealed] {
        &self.sealed
    }

    /// Writes the file `name`, durably and for reading only.
    pub fn file(
        &mut self,
        name: &str,
        fill: impl FnOnce(&mut dyn Write) -> Result<()>,
    ) -> Result<&Sealed> {
        let path = self.temp.join(name);
        let failed = |e| Error::io(format!("writing {}", path.display()), e);
        let open = || {
            if let Some(parent) = path.parent() {
                DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
            }
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)
        };
        let to = BufWriter::new(open().map_err(failed)?);
        let mut out = Hashing { to, hasher: blake3::Hasher::new(), bytes: 0 };
        fill(&mut out)?;
        let file = out.to.into_inner().map_err(|e| failed(e.into_error()))?;
        file.set_permissions(Permissions::from_mode(0o444))
            .and_then(|()| file.sync_all())
            .map_err(failed)?;
        let blake3 = out.hasher.finalize().to_hex().to_string();
        self.sealed.push(Sealed { name: name.to_owned(), bytes: out.bytes, blake3 });
        Ok(&self.sealed[self.sealed.len() - 1])
    }

    /// Gives the directory its name. `DirectoryNotEmpty` when something has it already.
    pub fn finish(mut self) -> io::Result<()> {
        sync_tree(&self.temp)?;
        fs::rename(&self.temp, &self.dir)?;
        self.done = true;
        RealDisk.sync_dir(self.dir.parent().unwrap_or(Path::new(".")))
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        if !self.done {
            // Half of it helps nobody; what can't be removed is removed by the next who begins.
            let _ = fs::remove_dir_all(&self.temp);
        }
        let _ = self.lock.unlock();
    }
}

/// Makes the names in a directory durable, and in those below it.
fn sync_tree(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_tree(&entry.path())?;
        }
    }
    RealDisk.sync_dir(dir)
}

struct Hashing {
    to: BufWriter<File>,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.to.write(bytes)?;
        self.hasher.update(&bytes[..n]);
        self.bytes += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Length and BLAKE3 of a file as it is.
pub fn look(dir: &Path, name: &str) -> io::Result<Sealed> {
    let mut file = File::open(dir.join(name))?;
    let (mut hasher, mut buffer, mut bytes) = (blake3::Hasher::new(), vec![0; 256 * 1024], 0);
    loop {
        let n = file.read(&mut buffer)?;
        if n == 0 {
            let blake3 = hasher.finalize().to_hex().to_string();
            return Ok(Sealed { name: name.to_owned(), bytes, blake3 });
        }
        hasher.update(&buffer[..n]);
        bytes += n as u64;
    }
}

/// The paths of all files below `dir`, with `/` between parts, sorted.
pub fn files(dir: &Path) -> io::Result<Vec<String>> {
    fn walk(dir: &Path, above: &str, found: &mut Vec<String>) -> io::Result<()> {
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            let name = format!("{above}{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                walk(&entry.path(), &format!("{name}/"), found)?;
            } else {
                found.push(name);
            }
        }
        Ok(())
    }
    let mut found = Vec::new();
    walk(dir, "", &mut found)?;
    found.sort();
    Ok(found)
}

/// The machine's own disk for those who only read: every change is refused here already.
#[derive(Debug, Default, Clone, Copy)]
pub struct ReadOnly;

fn refused<T>() -> io::Result<T> {
    Err(io::Error::new(io::ErrorKind::ReadOnlyFilesystem, "what was left behind is only read"))
}

impl Disk for ReadOnly {
    fn create_dir(&self, _: &Path) -> io::Result<()> {
        refused()
    }

    fn create(&self, _: &Path) -> io::Result<Arc<dyn DiskFile>> {
        refused()
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        // Not opened to write: the system refuses that of what this gives as well.
        Ok(Arc::new(File::open(path)?))
    }

    fn rename(&self, _: &Path, _: &Path) -> io::Result<()> {
        refused()
    }

    fn remove(&self, _: &Path) -> io::Result<()> {
        refused()
    }

    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        refused()
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        RealDisk.list(dir)
    }

    fn free_bytes(&self, dir: &Path) -> io::Result<u64> {
        RealDisk.free_bytes(dir)
    }

    fn lock(&self, _: &Path) -> io::Result<Box<dyn DiskLock>> {
        refused()
    }
}
