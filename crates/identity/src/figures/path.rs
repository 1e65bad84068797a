//! The way of the weights: how far they went, how far they are from where they were.
//!
//! The weights are seen through a fixed random projection onto 16 directions (entries ±1/4 from a
//! hash of the weight's key), which keeps lengths to within about a quarter, whatever the number of
//! weights (Johnson and Lindenstrauss, 1984; Achlioptas, 2003). Its first two coordinates are the
//! picture.

use her_learn::Model;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const DIRECTIONS: usize = 16;

/// The projected way of a weight vector.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Path {
    /// Events until the next look: at least 64, and at least the number of weights.
    wait: u64,
    looks: u64,
    start: [f64; DIRECTIONS],
    now: [f64; DIRECTIONS],
    length: f64,
    points: Vec<(f64, f64)>,
    every: u64,
}

impl Path {
    /// The largest number of points that are kept of the way.
    pub const POINTS: usize = 256;

    /// Takes note of the model after an event. Looks at the weights now and then, so that the
    /// cost is at most about one operation an event and weight.
    pub fn update(&mut self, model: &Model) {
        if self.wait > 0 {
            self.wait -= 1;
            return;
        }
        let mut seen = [0.0; DIRECTIONS];
        let mut count = 0_u64;
        model.weights(&mut |key, w| {
            count += 1;
            let class = u64::from(key.class.map_or(0, |c| c + 1));
            let feature = u64::from(key.feature.map_or(0, |f| f + 1));
            let bits = mix(class << 32 | feature);
            for (i, s) in seen.iter_mut().enumerate() {
                *s += if bits >> i & 1 == 0 { 0.25 * w } else { -0.25 * w };
            }
        });
        self.wait = count.max(64) - 1;
        if count == 0 {
            return;
        }
        if self.looks == 0 {
            self.start = seen;
        } else {
            self.length += distance(&seen, &self.now);
        }
        self.now = seen;
        self.note_point();
        self.looks += 1;
    }

    fn note_point(&mut self) {
        self.every = self.every.max(1);
        if !self.looks.is_multiple_of(self.every) {
            return;
        }
        self.points.push((self.now[0], self.now[1]));
        if self.points.len() == Self::POINTS {
            let mut keep = false;
            self.points.retain(|_| {
                keep = !keep;
                keep
            });
            self.every *= 2;
        }
    }

    /// Length of the way so far.
    pub fn length(&self) -> f64 {
        self.length
    }

    /// Distance from the first look to the last.
    pub fn displacement(&self) -> f64 {
        distance(&self.start, &self.now)
    }

    /// The path for people and charts; null for models without weights.
    pub fn to_json(&self) -> Value {
        if self.looks == 0 {
            return Value::Null;
        }
        json!({
            "length": self.length(),
            "displacement": self.displacement(),
            "points": self.points,
        })
    }
}

fn distance(a: &[f64; DIRECTIONS], b: &[f64; DIRECTIONS]) -> f64 {
    a.iter().zip(b).map(|(x, y)| (x - y) * (x - y)).sum::<f64>().sqrt()
}

/// SplitMix64's finaliser.
fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
