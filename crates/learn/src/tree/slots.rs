//! A number cut into slots of equal width, with the target's moments in each: River's
//! `QOSplitter`.

use serde::{Deserialize, Serialize};

use super::moments::Moments;

/// Slots of one number; values beyond them are not counted.
const SLOTS_MAX: usize = 65_536;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Slot {
    /// The largest whole number not above the value divided by the radius.
    at: f64,
    x_n: f64,
    x_mean: f64,
    y: Moments,
}

/// Sorted by place.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct SlotTable(Vec<Slot>);

impl SlotTable {
    pub fn bytes(&self) -> usize {
        self.0.len() * size_of::<Slot>()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn update(&mut self, radius: f64, x: f64, y: f64, w: f64) {
        let place = (x / radius).floor();
        let found = self.0.binary_search_by(|slot| slot.at.total_cmp(&place));
        let at = match found {
            Ok(at) => at,
            Err(_) if self.0.len() >= SLOTS_MAX => return,
            Err(at) => {
                let slot = Slot { at: place, x_n: 0.0, x_mean: 0.0, y: Moments::default() };
                self.0.insert(at, slot);
                at
            }
        };
        let slot = &mut self.0[at];
        slot.x_n += w;
        slot.x_mean += w / slot.x_n * (x - slot.x_mean);
        slot.y.update(y, w);
    }

    /// Lends each threshold between two slots. As in River, the left side has the upper slot too.
    pub fn each(&self, before: &Moments, mut lend: impl FnMut(f64, [Moments; 2])) {
        let mut passed = Moments::default();
        let mut last: Option<f64> = None;
        for slot in &self.0 {
            passed = passed.plus(&slot.y);
            if let Some(last) = last {
                lend(f64::midpoint(last, slot.x_mean), [passed, before.minus(&passed)]);
            }
            last = Some(slot.x_mean);
        }
    }

    /// The target's moments of all slots together: what River starts a left child with.
    pub fn all(&self) -> Moments {
        self.0.iter().fold(Moments::default(), |sum, slot| sum.plus(&slot.y))
    }

    /// The slots, and the target's moments in each.
    pub fn slots(&self) -> impl Iterator<Item = (f64, Moments)> {
        self.0.iter().map(|slot| (slot.at, slot.y))
    }
}
