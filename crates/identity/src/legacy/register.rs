//! The register of a house: which copies were left, where, and for whom.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Left, Owner};
use crate::disk::{self, Disk};
use crate::error::{Error, ErrorKind, Result};
use crate::format::{LEGACY_FILE, RECORD_VERSION};
use crate::house::{check_format, hex, parse};
use crate::journal::IdentityId;

/// Copies that a register holds.
const COPIES_MAX: usize = 4096;

/// One copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copied {
    /// The name of who left it.
    pub name: String,
    /// The branch.
    #[serde(with = "hex")]
    pub identity: IdentityId,
    /// The version that it answers by.
    pub version: u64,
    /// The epoch of that version.
    pub epoch: u64,
    /// Where it lies.
    pub dir: PathBuf,
    /// BLAKE3 of its manifest, in hex.
    pub manifest: String,
    /// Where the identity lives on, if that was told.
    pub owner: Option<Owner>,
    /// When it was left, in milliseconds since 1970.
    pub left_ms: u64,
}

#[derive(Serialize, Deserialize)]
struct Register {
    format: u16,
    copies: Vec<Copied>,
}

/// Every copy, oldest first.
pub(crate) fn read(disk: &dyn Disk, house: &Path) -> Result<Vec<Copied>> {
    let path = house.join(LEGACY_FILE);
    match disk::read_whole(disk, &path) {
        Ok(bytes) => {
            let register: Register = parse(&path, &bytes)?;
            check_format(&path, register.format)?;
            Ok(register.copies)
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(e) => Err(Error::io(format!("reading {}", path.display()), e)),
    }
}

/// Writes a copy down, once. The caller sees to it that one is written at a time.
pub(crate) fn add(disk: &dyn Disk, house: &Path, left: &Left) -> Result<()> {
    let mut copies = read(disk, house)?;
    let manifest = &left.manifest;
    let copy = Copied {
        name: manifest.name.clone(),
        identity: manifest.identity,
        version: manifest.version,
        epoch: manifest.epoch,
        dir: left.dir.clone(),
        manifest: left.digest.clone(),
        owner: manifest.owner.clone(),
        left_ms: manifest.left_ms,
    };
    if copies.contains(&copy) {
        return Ok(());
    }
    // Whatever lay there before was taken away by hand: this one lies there now.
    copies.retain(|other| other.dir != copy.dir);
    if copies.len() >= COPIES_MAX {
        return Err(Error::new(
            ErrorKind::Full,
            format!(
                "{} holds {COPIES_MAX} copies, which is the most; the copy lies in {}, take old \
                 lines out of the register and leave it again",
                house.join(LEGACY_FILE).display(),
                left.dir.display()
            ),
        ));
    }
    copies.push(copy);
    let register = Register { format: RECORD_VERSION, copies };
    let bytes = serde_json::to_vec_pretty(&register).expect("plain data");
    disk::write_whole(disk, house, LEGACY_FILE, &[&bytes])
        .map_err(|e| Error::io(format!("writing {}", house.join(LEGACY_FILE).display()), e))
}
