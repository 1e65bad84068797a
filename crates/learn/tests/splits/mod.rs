//! How a stream is split between peers, and when they exchange: for the laws of merging here, and
//! for the comparison with other ways of merging (`crates/identity/examples/averages.rs`).

use her_learn::Target;
use her_learn::stream::Event;

use super::recordings;

/// In how many peers a stream is split.
pub const PEERS: [usize; 3] = [2, 4, 16];

/// A number that looks like chance, and is the same each time.
pub fn mix(i: u64) -> u64 {
    let z = i.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z ^ (z >> 32)
}

/// A stream's events in another order, each order by a seed.
pub fn shuffled(name: &str, n: usize, seed: u64) -> Vec<Event> {
    let mut events: Vec<(u64, Event)> = recordings::stream(name, n)
        .into_iter()
        .enumerate()
        .map(|(i, event)| (mix((seed << 32) + i as u64), event))
        .collect();
    events.sort_by_key(|&(key, _)| key);
    events.into_iter().map(|(_, event)| event).collect()
}

/// How a stream is split between peers.
#[derive(Debug, Clone, Copy)]
pub enum Split {
    /// By chance.
    Alike,
    /// Nine of ten events go to the half of the peers that has their label.
    Labels,
    /// By the size of the features: each peer sees another range of them.
    Shifted,
}

impl Split {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Alike, Self::Labels, Self::Shifted];
}

fn label(event: &Event) -> u64 {
    u64::from(event.target == Some(Target::Bool(true)))
}

/// How large an event's features are, by which peers see other ranges.
fn size(event: &Event) -> u64 {
    let numbers = event.row.numbers().iter().enumerate().map(|(i, v)| v * (i + 1) as f64);
    let letters: usize = event.row.texts().map(str::len).sum();
    (numbers.sum::<f64>() * 1e3) as u64 + letters as u64
}

/// The peer of each event.
pub fn split(events: &[Event], peers: usize, how: Split) -> Vec<usize> {
    let n = peers as u64;
    let by_chance = |i: usize| (mix(77 + i as u64) % n) as usize;
    match how {
        Split::Alike => (0..events.len()).map(by_chance).collect(),
        Split::Labels => {
            let of = |i: usize| {
                if mix(i as u64).is_multiple_of(10) {
                    return by_chance(i);
                }
                let half = n / 2;
                (label(&events[i]) * half + mix(5 + i as u64) % half) as usize
            };
            (0..events.len()).map(of).collect()
        }
        Split::Shifted => {
            let mut order: Vec<usize> = (0..events.len()).collect();
            order.sort_by_key(|&i| (size(&events[i]), mix(i as u64)));
            let mut of = vec![0; events.len()];
            for (rank, &i) in order.iter().enumerate() {
                of[i] = rank * peers / events.len();
            }
            of
        }
    }
}

/// After how many events peers exchange: each time when such a share of what was learned so far is
/// new, and at least eight events; and at the end.
pub fn rounds(events: usize, share: f64) -> Vec<usize> {
    let (mut all, mut next) = (Vec::new(), 8);
    while next < events {
        all.push(next);
        next += (next as f64 * share).max(8.0) as usize;
    }
    all.push(events);
    all
}
