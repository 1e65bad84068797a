//! Predictions one at a time, while the same identity learns as fast as it can.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use her_identity::{House, Result};

use super::dense::{self, Dense};
use super::meter::{Line, Meter};
use super::room::{Room, events};
use crate::client::feed::{CHUNK, Feed};

const PREDICTIONS: usize = 3_000;

pub fn measure(data: &Path) -> Result<Vec<Line>> {
    let dense = dense::load(data, 10)?;
    let room = Room::new(data)?;
    let house = room.house(false)?;
    let done = AtomicBool::new(false);
    let line = std::thread::scope(|scope| {
        let learner = scope.spawn(|| learn(&house, &dense, &done));
        let line = predict(&house, &dense);
        done.store(true, Ordering::Relaxed);
        match learner.join() {
            Ok(learned) => learned.and(line),
            Err(_) => line,
        }
    })?;
    house.close();
    Ok(vec![line])
}

fn learn(house: &House, dense: &Dense, done: &AtomicBool) -> Result<()> {
    let mut feed = Feed::new(house, "bench");
    let mut at = 0;
    while !done.load(Ordering::Relaxed) {
        feed.push(vec![0; CHUNK], events(house, dense, at, at + CHUNK), &mut |_, _| {})?;
        at += CHUNK;
    }
    feed.finish(&mut |_, _| {})
}

fn predict(house: &House, dense: &Dense) -> Result<Line> {
    let mut meter = Meter::of_waiting("her");
    let mut latencies = Vec::with_capacity(PREDICTIONS);
    for i in 0..PREDICTIONS {
        // A person or a page asks now and then; asking without a pause would measure the queue.
        std::thread::sleep(Duration::from_millis(1));
        let (row, _) = dense.row(i);
        let start = meter.now_ns();
        meter.part(|| house.predict_wait("bench", row).map(|_| 1))?;
        latencies.push(meter.now_ns() - start);
    }
    Ok(meter.line().with_p99(&mut latencies))
}
