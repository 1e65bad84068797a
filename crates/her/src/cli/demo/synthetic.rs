//! A drifting stream that is made, not measured. Event `i` depends on `i` alone, so that a second
//! run can go on anywhere.

use std::sync::Arc;

use her_identity::event::What;
use her_identity::{Error, Result};
use her_learn::row::{Kind, Shape};
use her_learn::{Row, Target, math};

const NAMES: [&str; 8] = ["depth", "speed", "hour", "rain", "wind", "warmth", "light", "boats"];
/// Events after which the world changes.
pub const CHANGES_EVERY: u64 = 10_000;

/// The generator.
pub struct River {
    shape: Arc<Shape>,
}

/// A well-mixed number for each `(event, place)`.
fn mixed(i: u64, place: u64) -> u64 {
    let mut z = i.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ place.wrapping_mul(0xd1b5_4a32_d192_ed03);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The same as a number from 0 to 1.
fn uniform(i: u64, place: u64) -> f64 {
    (mixed(i, place) >> 11) as f64 / (1_u64 << 53) as f64
}

impl River {
    /// The generator.
    pub fn new() -> Result<Self> {
        let columns = NAMES.iter().map(|&name| (name, Kind::Number));
        let shape = Shape::new(columns).map_err(|e| Error::invalid(e.to_string()))?;
        Ok(Self { shape: Arc::new(shape) })
    }

    /// Event number `i`, from 0.
    pub fn event(&self, i: u64) -> What {
        let mut row = Row::new(Arc::clone(&self.shape));
        let world = i / CHANGES_EVERY;
        let mut z = 0.0;
        for j in 0..NAMES.len() as u64 {
            let v = 2.0 * uniform(i, j) - 1.0;
            z += v * (8.0 * uniform(world, 100 + j) - 4.0);
            // Rounded as a gauge would, and on a scale of its own.
            row.push_number((v * 1000.0).round() / 1000.0 * (1 + j) as f64);
        }
        let p = 1.0 / (1.0 + math::exp(-1.5 * z));
        What::Learn { row, target: Target::Bool(uniform(i, 99) < p), weight: 1.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_depends_on_its_number_alone() {
        let (a, b) = (River::new().unwrap(), River::new().unwrap());
        let _ = b.event(5);
        assert_eq!(a.event(12_345), b.event(12_345));
        assert_ne!(a.event(1), a.event(2));
        let yes = (0..1000)
            .filter(|&i| matches!(a.event(i), What::Learn { target: Target::Bool(true), .. }));
        assert!((300..700).contains(&yes.count()));
    }
}
