//! The register: for each identity that ever departed, one cell (owner, epoch) on the disk of its
//! home. Linearizable because one process holds the house, and writes whole files, synced.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::Node;
use crate::disk::{self, Disk};
use crate::error::{Error, ErrorKind, Result};
use crate::format::{REGISTER_DIR, REGISTER_VERSION, register_file};
use crate::journal::IdentityId;

/// Who may append, and under which number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cell {
    /// The owner.
    pub owner: Node,
    /// Grows with every change of the cell.
    pub epoch: u64,
}

/// What a node knows of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The cell is here.
    Here(Cell),
    /// It was handed over to this node.
    Handed(Node),
    /// It was never here.
    Unknown,
}

/// The file of a cell.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CellFile {
    format: u16,
    cell: Cell,
    /// Where the cell was handed to; from when this is written, this file decides nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    handed: Option<Node>,
}

/// The cells whose home is this house. Few: one for each identity that departed from here.
pub struct Register {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    one_at_a_time: Mutex<()>,
}

impl Register {
    /// The register of a house in `dir`, which is created with the first cell.
    pub fn new(disk: Arc<dyn Disk>, dir: &Path) -> Self {
        Self { disk, dir: dir.join(REGISTER_DIR), one_at_a_time: Mutex::default() }
    }

    /// What is known of a cell.
    pub fn get(&self, id: IdentityId) -> Result<Standing> {
        Ok(match self.load(id)? {
            None => Standing::Unknown,
            Some(CellFile { handed: Some(to), .. }) => Standing::Handed(to),
            Some(CellFile { cell, .. }) => Standing::Here(cell),
        })
    }

    /// A new cell, or one that comes back to its former home; durable when this returns. A cell
    /// that is here already stays as it is and is given. Refused for one that was handed on from
    /// here since: whoever gets a cell owns the identity, so each handing has a higher epoch.
    pub fn take(&self, id: IdentityId, cell: Cell) -> Result<Cell> {
        let _turn = self.turn();
        match self.load(id)? {
            Some(CellFile { handed: None, cell, .. }) => return Ok(cell),
            Some(file) if cell.epoch <= file.cell.epoch => return Err(unknown(id)),
            _ => {}
        }
        self.store(id, &CellFile { format: REGISTER_VERSION, cell, handed: None })?;
        Ok(cell)
    }

    /// The owner becomes `owner` and the epoch the next one, if the epoch is `expected`. Gives
    /// what the cell holds after it, or what it holds instead. Durable when this returns.
    pub fn cas(
        &self,
        id: IdentityId,
        expected: u64,
        owner: Node,
    ) -> Result<std::result::Result<Cell, Cell>> {
        let _turn = self.turn();
        let mut file = self.here(id)?;
        if file.cell.epoch != expected {
            return Ok(Err(file.cell));
        }
        file.cell = Cell { owner, epoch: expected + 1 };
        #[cfg(feature = "testing")]
        crate::fault::at("register:write");
        self.store(id, &file)?;
        #[cfg(feature = "testing")]
        crate::fault::at("register:written");
        Ok(Ok(file.cell))
    }

    /// An operator's word: this owner, under an epoch above all that were seen.
    pub fn force(&self, id: IdentityId, owner: Node, above: u64) -> Result<Cell> {
        let _turn = self.turn();
        let there = self.load(id)?.map_or(0, |file| file.cell.epoch);
        let cell = Cell { owner, epoch: there.max(above) + 1 };
        self.store(id, &CellFile { format: REGISTER_VERSION, cell, handed: None })?;
        Ok(cell)
    }

    /// Hands a cell to another node in two steps, so that no two homes ever decide: first this
    /// house decides no more; then the other takes it ([`take`](Self::take)). Repeatable.
    pub fn hand(&self, id: IdentityId, to: Node) -> Result<Cell> {
        let _turn = self.turn();
        let Some(mut file) = self.load(id)? else { return Err(unknown(id)) };
        if file.handed.is_none() {
            file.handed = Some(to);
            self.store(id, &file)?;
        }
        if file.handed == Some(to) { Ok(file.cell) } else { Err(unknown(id)) }
    }

    fn here(&self, id: IdentityId) -> Result<CellFile> {
        self.load(id)?.filter(|file| file.handed.is_none()).ok_or_else(|| unknown(id))
    }

    fn load(&self, id: IdentityId) -> Result<Option<CellFile>> {
        let path = self.dir.join(register_file(id));
        let bytes = match disk::read_whole(&*self.disk, &path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(Error::io(format!("reading {}", path.display()), e)),
        };
        let file: CellFile = serde_json::from_slice(&bytes).map_err(|e| {
            Error::new(
                ErrorKind::Corrupt,
                format!(
                    "{} can't be read ({e}); find out where the identity lives, then `her adopt` it \
                     there",
                    path.display()
                ),
            )
        })?;
        if file.format == 0 || file.format > REGISTER_VERSION {
            let path = path.display().to_string();
            return Err(Error::unsupported(&path, "register", file.format, REGISTER_VERSION));
        }
        Ok(Some(file))
    }

    fn store(&self, id: IdentityId, file: &CellFile) -> Result<()> {
        let bytes = serde_json::to_vec_pretty(file).expect("plain data");
        self.disk
            .create_dir(&self.dir)
            .and_then(|()| disk::write_whole(&*self.disk, &self.dir, &register_file(id), &[&bytes]))
            .map_err(|e| Error::io(format!("writing the register's cell of {id}"), e))
    }

    fn turn(&self) -> std::sync::MutexGuard<'_, ()> {
        self.one_at_a_time.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unknown(id: IdentityId) -> Error {
    Error::not_found(format!("this node is not the home of identity {id}'s register"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::FaultyDisk;

    const A: Node = Node([1; 32]);
    const B: Node = Node([2; 32]);
    const ID: IdentityId = IdentityId([7; 16]);

    #[test]
    fn one_of_those_who_expect_the_same_epoch_succeeds() {
        let disk = Arc::new(FaultyDisk::new());
        let register = Register::new(disk.clone(), Path::new("/h"));
        assert_eq!(register.get(ID).unwrap(), Standing::Unknown);
        assert_eq!(register.cas(ID, 0, A).unwrap_err().kind, ErrorKind::NotFound);
        let first = Cell { owner: A, epoch: 3 };
        assert_eq!(register.take(ID, first).unwrap(), first);
        assert_eq!(register.take(ID, Cell { owner: B, epoch: 9 }).unwrap(), first);
        let second = Cell { owner: B, epoch: 4 };
        assert_eq!(register.cas(ID, 3, B).unwrap(), Ok(second));
        assert_eq!(register.cas(ID, 3, A).unwrap(), Err(second));
        let again = Register::new(disk, Path::new("/h"));
        assert_eq!(again.get(ID).unwrap(), Standing::Here(second));
        assert_eq!(again.force(ID, A, 10).unwrap(), Cell { owner: A, epoch: 11 });
    }

    #[test]
    fn a_cell_that_was_handed_over_decides_nothing() {
        let register = Register::new(Arc::new(FaultyDisk::new()), Path::new("/h"));
        let cell = register.take(ID, Cell { owner: B, epoch: 3 }).unwrap();
        assert_eq!(register.hand(ID, B).unwrap(), cell);
        assert_eq!(register.hand(ID, B).unwrap(), cell);
        assert!(register.hand(ID, A).is_err());
        assert_eq!(register.get(ID).unwrap(), Standing::Handed(B));
        assert!(register.cas(ID, 3, A).is_err());
        assert!(register.take(ID, cell).is_err(), "it was handed on since");
        let back = Cell { owner: A, epoch: 8 };
        assert_eq!(register.take(ID, back).unwrap(), back);
        assert_eq!(register.get(ID).unwrap(), Standing::Here(back));
    }
}
