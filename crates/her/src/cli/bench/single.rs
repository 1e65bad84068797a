//! Requests of one event each, many clients at a time; and one stream in chunks.

use std::path::Path;
use std::sync::mpsc::{Sender, channel};

use her_identity::{Error, House, Result};

use super::dense;
use super::meter::{Line, Meter};
use super::room::{Room, event, events};
use crate::client::feed::{CHUNK, Feed};

/// Clients that wait for their answer at one time.
const CLIENTS: usize = 256;
const RUN_NS: u64 = 3_000_000_000;

pub fn requests(data: &Path) -> Result<Vec<Line>> {
    let dense = dense::load(data, 10)?;
    let room = Room::new(data)?;
    let house = room.house(false)?;
    let mut meter = Meter::of_waiting("her");
    let (tell, told) = channel();
    let start = meter.now_ns();
    let mut latencies = Vec::with_capacity(1 << 20);
    let clock = her_identity::clock::RealClock::new();
    let now = || her_identity::clock::Clock::monotonic_ns(&clock);
    let mut at = 0;
    let send = |at: &mut usize, since: u64, tell: &Sender<(u64, bool)>| -> Result<()> {
        let tell = tell.clone();
        let one = vec![event(&house, &dense, *at)];
        *at += 1;
        house.submit(
            "bench",
            one,
            Box::new(move |r| {
                let _ = tell.send((since, r.is_ok()));
            }),
        )
    };
    meter.part(|| {
        for _ in 0..CLIENTS {
            send(&mut at, now(), &tell)?;
        }
        let mut done = 0_u64;
        while done < CLIENTS as u64 || now() - start < RUN_NS {
            let (since, fine) = told.recv().map_err(|_| closed())?;
            if !fine {
                return Err(closed());
            }
            let time = now();
            latencies.push(time - since);
            done += 1;
            send(&mut at, time, &tell)?;
        }
        Ok(done)
    })?;
    close(house);
    Ok(vec![meter.line().with_p99(&mut latencies)])
}

fn closed() -> Error {
    Error::new(her_identity::ErrorKind::Internal, "a request got no answer")
}

fn close(house: House) {
    house.close();
}

pub fn stream(data: &Path) -> Result<Vec<Line>> {
    let dense = dense::load(data, 10)?;
    let room = Room::new(data)?;
    let house = room.house(false)?;
    let mut meter = Meter::of_waiting("her");
    let clock = her_identity::clock::RealClock::new();
    meter.part(|| {
        let (mut n, mut at) = (0, 0);
        let mut feed = Feed::new(&house, "bench");
        let mut told = |_, told: Result<_>| n += u64::from(told.is_ok());
        while her_identity::clock::Clock::monotonic_ns(&clock) < RUN_NS {
            feed.push(vec![0; CHUNK], events(&house, &dense, at, at + CHUNK), &mut told)?;
            at += CHUNK;
        }
        feed.finish(&mut told)?;
        Ok(n)
    })?;
    house.close();
    Ok(vec![meter.line()])
}
