//! A house for one measurement, in a directory that goes with it.

use std::path::{Path, PathBuf};

use her_identity::event::{Birth, Event, What};
use her_identity::house::Config;
use her_identity::{Error, House, Result};
use her_learn::Catalog;
use serde_json::json;

use super::dense::Dense;

/// The directory; removed with everything in it when it goes.
pub struct Room {
    pub dir: PathBuf,
}

impl Room {
    /// A new directory below `parent`: the disk that is to be measured.
    pub fn new(parent: &Path) -> Result<Self> {
        let dir = parent.join(format!("her-bench-{}", std::process::id()));
        std::fs::create_dir_all(&dir)
            .map_err(|e| Error::io(format!("making {}", dir.display()), e))?;
        Ok(Self { dir })
    }

    /// A house in it, of one learner, with the identity `bench`. Without snapshots on the way, if
    /// `replayed`: then the past has to be replayed from birth.
    pub fn house(&self, replayed: bool) -> Result<House> {
        let config = Config { shards: 1, ..Config::new(self.dir.join("house")) };
        let house = House::open(config, Catalog::builtin())?;
        let mut spec = json!({ "model": ["StandardScaler", "LogisticRegression"] });
        if replayed {
            spec["snapshot_every"] = u64::MAX.into();
        }
        house.create("bench", &Birth::from_json(&spec)?)?;
        Ok(house)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

/// Event `i` of the stream, to be learned.
pub fn event(house: &House, dense: &Dense, i: usize) -> Event {
    let (row, target) = dense.row(i);
    house.event(What::Learn { row, target, weight: 1.0 })
}

/// Events `from..to`.
pub fn events(house: &House, dense: &Dense, from: usize, to: usize) -> Vec<Event> {
    (from..to).map(|i| event(house, dense, i)).collect()
}
