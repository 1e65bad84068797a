//! Bytes that an identity takes, in a house of many.

use std::path::Path;

use her_identity::event::Birth;
use her_identity::{Error, Result};
use serde_json::json;

use super::dense;
use super::meter::{Line, Meter};
use super::room::{Room, events};

const IDENTITIES: usize = 10_000;
const EVENTS_EACH: usize = 300;

pub fn measure(data: &Path) -> Result<Vec<Line>> {
    let dense = dense::load(data, 10)?;
    // Memory is measured, not the disk: one that forgets is quicker where there is one.
    let shared = Path::new("/dev/shm");
    let room = Room::new(if shared.is_dir() { shared } else { data })?;
    let house = room.house(false)?;
    let birth = Birth::from_json(&json!(["StandardScaler", "LogisticRegression"]))?;
    let untold = || Error::invalid("this system does not tell how much memory a process holds");
    let before = crate::resident::bytes().ok_or_else(untold)?;
    let mut meter = Meter::of_waiting("her");
    for i in 0..IDENTITIES {
        let name = format!("bench-{i}");
        house.create(&name, &birth)?;
        // Past the shadow's freezing, so that everything an identity holds is there.
        let some = events(&house, &dense, i, i + EVENTS_EACH);
        meter.part(|| Ok(house.submit_wait(&name, some)?.len() as u64))?;
    }
    let grown = crate::resident::bytes().ok_or_else(untold)?.saturating_sub(before);
    drop(house);
    Ok(vec![meter.line().with_bytes(grown as f64 / IDENTITIES as f64)])
}
