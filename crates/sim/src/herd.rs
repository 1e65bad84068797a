//! The identities: a few bytes each, for there are millions of them.

use crate::file::Identities;
use crate::rng::Rng;

/// Where somebody has never been.
pub(crate) const NOWHERE: u32 = u32::MAX;
/// It is on its way, or being taken over.
pub(crate) const MOVING: u8 = 1;
/// A move held its learning up for longer than [`LONG_MS`].
pub(crate) const HELD: u8 = 2;
/// It had no owner for a time, for its region was lost.
pub(crate) const CUT: u8 = 4;
/// A pause that people notice, in milliseconds.
pub(crate) const LONG_MS: f64 = 50.0;

/// All identities, each at its number.
pub(crate) struct Herd {
    /// The node that owns it.
    pub node: Vec<u32>,
    /// Its place in that node's list.
    pub slot: Vec<u32>,
    /// The node that owned it before, or [`NOWHERE`].
    pub before: Vec<u32>,
    /// When it came to its node, in milliseconds; 0 when it was born there.
    pub arrived: Vec<u32>,
    /// Its state, as a level of [`Levels`].
    pub size: Vec<u8>,
    pub flags: Vec<u8>,
    /// A bit for each rule that has a gate at work over it.
    pub watched: Vec<u16>,
}

impl Herd {
    pub fn new(count: usize) -> Self {
        Self {
            node: vec![NOWHERE; count],
            slot: vec![0; count],
            before: vec![NOWHERE; count],
            arrived: vec![0; count],
            size: vec![0; count],
            flags: vec![0; count],
            watched: vec![0; count],
        }
    }

    pub fn count(&self, flag: u8) -> u64 {
        self.flags.iter().filter(|flags| *flags & flag != 0).count() as u64
    }

    pub fn is(&self, id: u32, flag: u8) -> bool {
        self.flags[id as usize] & flag != 0
    }

    pub fn mark(&mut self, id: u32, flag: u8) {
        self.flags[id as usize] |= flag;
    }

    pub fn unmark(&mut self, id: u32, flag: u8) {
        self.flags[id as usize] &= !flag;
    }
}

/// What a node keeps of each identity beside its number: its rate's level, the region that it was
/// born in, and the level of its wait on people. Those who have the same differ in nothing that a
/// rule can see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key(pub u16);

impl Key {
    pub fn new(rate: u8, home: u8, wait: u8) -> Self {
        Self(u16::from(rate) | u16::from(home) << 8 | u16::from(wait) << 12)
    }

    pub fn rate(self) -> usize {
        usize::from(self.0 & 0xff)
    }

    pub fn home(self) -> usize {
        usize::from(self.0 >> 8 & 0xf)
    }

    pub fn wait(self) -> usize {
        usize::from(self.0 >> 12)
    }

    pub fn with_rate(self, rate: u8) -> Self {
        Self(self.0 & 0xff00 | u16::from(rate))
    }
}

/// The numbers that levels stand for. Sums of rates are of whole thousandths, so that they are
/// exact in any order.
pub(crate) struct Levels {
    /// Thousandths of an update a second.
    pub rate: [u64; 256],
    /// Bytes.
    pub size: [u64; 256],
    /// The figure `io_wait_ratio`.
    pub wait: [f64; 16],
    /// Levels of the rate by which the logarithm's draw is stretched.
    stretch: f64,
}

impl Levels {
    pub fn new(of: &Identities) -> Self {
        let between = |least: f64, most: f64, share: f64| least * libm::pow(most / least, share);
        let middle = |i: usize, n: usize| (i as f64 + 0.5) / n as f64;
        let (rate, size, wait) = (of.rate, of.state_kib, of.io_wait_ratio);
        let mut levels = Self {
            rate: std::array::from_fn(|i| {
                (between(rate.least, rate.most, middle(i, 256)) * 1e3).round() as u64
            }),
            size: std::array::from_fn(|i| {
                (between(size.least, size.most, middle(i, 256)) * 1024.0) as u64
            }),
            wait: std::array::from_fn(|i| between(wait.least, wait.most, middle(i, 16))),
            stretch: 256.0 / (rate.tail * libm::log(rate.most / rate.least)),
        };
        levels.rate[255] = (rate.most * 1e3).round() as u64;
        levels
    }

    /// A rate's level: the logarithm of a Pareto draw is an exponential one.
    pub fn draw_rate(&self, rng: &mut Rng) -> u8 {
        (rng.gap() * self.stretch).min(255.0) as u8
    }
}
