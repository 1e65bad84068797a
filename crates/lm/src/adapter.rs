//! What an identity learns on top of a base: for every linear map two narrow ones, of which the
//! second is learned.
//!
//! The map `W x` becomes `W x + B (A x)`. `A` (`rank × columns`) comes from a seed and never
//! changes, `B` (`rows × rank`) begins as nothing. So adapters of one seed add: the sum of two `B`s
//! does what both do, and only `B` has to be kept and sent.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use serde::{Deserialize, Serialize};

use crate::config::{Config, Site};
use crate::error::{Result, wrong};

/// The widest adapter.
pub const RANK_MAX: usize = 64;

/// Which adapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// How wide, 1 to [`RANK_MAX`].
    pub rank: usize,
    /// What `A` is drawn from.
    pub seed: u64,
}

/// An adapter for a base of one shape.
#[derive(Clone)]
pub struct Adapter {
    spec: Spec,
    shapes: [(usize, usize); 7],
    layers: usize,
    /// Never changes: all adapters of one spec share it.
    down: Arc<[f32]>,
    up: Vec<f32>,
}

/// SplitMix64: the next of a seed's numbers.
pub(crate) fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Two numbers of a standard normal distribution (Box and Muller).
fn normal(state: &mut u64) -> [f64; 2] {
    let mut unit = || ((split_mix(state) >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
    let length = (-2.0 * libm::log(unit())).sqrt();
    let angle = std::f64::consts::TAU * unit();
    [length * libm::cos(angle), length * libm::sin(angle)]
}

/// What `A` follows from: the shapes of a layer's maps, how many layers, and the spec.
type Drawn = ([(usize, usize); 7], usize, Spec);

/// `A` of all maps. It is held in memory once, however many identities stand on it.
fn drawn(of: Drawn) -> Arc<[f32]> {
    static KNOWN: Mutex<Vec<(Drawn, Weak<[f32]>)>> = Mutex::new(Vec::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.retain(|(_, down)| down.strong_count() > 0);
    let found = known.iter().find(|(other, _)| *other == of);
    if let Some(down) = found.and_then(|(_, down)| down.upgrade()) {
        return down;
    }
    let (shapes, layers, spec) = of;
    let (mut state, mut down) = (spec.seed, Vec::new());
    for _ in 0..layers {
        for (_, columns) in shapes {
            let spread = 1.0 / (columns as f64).sqrt();
            let end = down.len() + spec.rank * columns;
            while down.len() < end {
                down.extend(normal(&mut state).map(|x| (x * spread) as f32));
            }
            down.truncate(end);
        }
    }
    let down: Arc<[f32]> = down.into();
    known.push((of, Arc::downgrade(&down)));
    down
}

impl Adapter {
    /// An adapter that has learned nothing.
    pub fn new(config: &Config, spec: Spec) -> Result<Self> {
        if spec.rank == 0 || spec.rank > RANK_MAX {
            return wrong(format!(
                "the rank is {}, but must be within 1 and {RANK_MAX}",
                spec.rank
            ));
        }
        let shapes = Site::ALL.map(|site| config.shape(site));
        let down = drawn((shapes, config.layers, spec));
        let rows: usize = shapes.iter().map(|(rows, _)| rows).sum();
        let up = vec![0.0; config.layers * rows * spec.rank];
        Ok(Self { spec, shapes, layers: config.layers, down, up })
    }

    /// Which adapter this is.
    pub fn spec(&self) -> Spec {
        self.spec
    }

    /// Refuses a base of another shape.
    pub(crate) fn fits(&self, config: &Config) -> Result<()> {
        if self.layers == config.layers && self.shapes == Site::ALL.map(|site| config.shape(site)) {
            return Ok(());
        }
        wrong("the adapter was made for a base of another shape: use it with its own base")
    }

    /// Where a map's numbers lie among those of all maps, of which each has `of` numbers a rank.
    fn place(
        &self,
        layer: usize,
        site: Site,
        of: impl Fn(&(usize, usize)) -> usize,
    ) -> std::ops::Range<usize> {
        let (before, here) = self.shapes.split_at(site as usize);
        let each: usize = self.shapes.iter().map(&of).sum();
        let start = layer * each + before.iter().map(&of).sum::<usize>();
        start * self.spec.rank..(start + of(&here[0])) * self.spec.rank
    }

    /// `A` of a map: `rank × columns`.
    pub fn down(&self, layer: usize, site: Site) -> &[f32] {
        &self.down[self.place(layer, site, |shape| shape.1)]
    }

    /// `B` of a map: `rows × rank`.
    pub fn up(&self, layer: usize, site: Site) -> &[f32] {
        &self.up[self.up_place(layer, site)]
    }

    /// Where the `B` of a map lies among all that is learned.
    pub(crate) fn up_place(&self, layer: usize, site: Site) -> std::ops::Range<usize> {
        self.place(layer, site, |shape| shape.0)
    }

    /// All that is learned, layer by layer and map by map.
    pub fn learned(&self) -> &[f32] {
        &self.up
    }

    /// The same, to change it.
    pub fn learned_mut(&mut self) -> &mut [f32] {
        &mut self.up
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_is_held_once_and_goes_with_the_last_who_uses_it() {
        let shapes = [(3, 5); 7];
        let spec = Spec { rank: 2, seed: 987_654_321 };
        let one = drawn((shapes, 2, spec));
        assert!(Arc::ptr_eq(&one, &drawn((shapes, 2, spec))));
        let others =
            [(shapes, 3, spec), (shapes, 2, Spec { seed: 1, ..spec }), ([(3, 6); 7], 2, spec)];
        for other in others {
            assert!(!Arc::ptr_eq(&one, &drawn(other)), "{other:?}");
        }
        let (gone, bits) = (Arc::downgrade(&one), one.to_vec());
        drop(one);
        assert!(gone.upgrade().is_none());
        assert_eq!(*drawn((shapes, 2, spec)), bits[..]);
    }
}
