//! A past version from birth: decode the journal's frames, predict, score, learn.

use std::path::Path;

use her_identity::Result;

use super::dense;
use super::meter::{Line, Meter};
use super::room::{Room, events};
use crate::client::feed::{CHUNK, Feed};

const EVENTS: usize = 256_000;

pub fn measure(data: &Path) -> Result<Vec<Line>> {
    let dense = dense::load(data, 10)?;
    let room = Room::new(data)?;
    let house = room.house(true)?;
    let mut feed = Feed::new(&house, "bench");
    for at in (0..EVENTS).step_by(CHUNK) {
        feed.push(vec![0; CHUNK], events(&house, &dense, at, at + CHUNK), &mut |_, _| {})?;
    }
    feed.finish(&mut |_, _| {})?;
    let mut meter = Meter::of_work("her");
    for _ in 0..2 {
        meter.part(|| {
            let state = house.at("bench", EVENTS as u64 + 1)?;
            Ok(state.figures().learned)
        })?;
    }
    house.close();
    Ok(vec![meter.line()])
}
