//! `RollingROCAUC` and `ExactROCAUC`: the exact area under the receiver operating characteristic
//! over the last `window_size` events.
//!
//! It is the share of the pairs of a positive and a negative event in which the positive one got
//! the higher probability, a tie counting half. The two differ in the size of their window only:
//! 1,000, River's, and 10,000.
//!
//! **Shape** classes in, a share of `[0, 1]` out; 0 while the window does not hold both sorts.
//! **Cost** 9 bytes an event of the window; nothing but a write per event, and one sort of the
//! window when asked. Weights are not looked at. **Errors** a window of 0, or above 10⁷ events.
//!
//! ```
//! use her_learn::{Catalog, Label};
//! use her_learn::metrics::{self, Observation};
//! let spec = serde_json::json!({"ExactROCAUC": {"window_size": 3}});
//! let mut auc = metrics::build(&spec, &Catalog::builtin())?;
//! let classes = [Label::Bool(false), Label::Bool(true)];
//! for (y, p) in [(1, 0.1), (0, 0.3), (1, 0.3), (0, 0.2)] {
//!     let proba = [1.0 - p, p];
//!     auc.update(Observation::Class { y, proba: &proba, predicted: 0, classes: &classes }, 1.0);
//! }
//! assert_eq!(auc.get(), 0.75);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Fawcett, T., 2006. An introduction to ROC analysis. River,
//! `metrics/rolling_roc_auc.py`, which orders tied probabilities by their arrival instead.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// The largest window.
pub const WINDOW_MAX: usize = 10_000_000;

/// Probabilities and truths of the last events.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Window(VecDeque<(f64, bool)>);

impl Window {
    fn push(&mut self, p: f64, y: bool, size: usize) {
        if self.0.len() >= size {
            self.0.pop_front();
        }
        self.0.push_back((p, y));
    }

    /// Removes the oldest equal event.
    fn remove(&mut self, p: f64, y: bool) {
        if let Some(at) = self.0.iter().position(|e| *e == (p, y)) {
            self.0.remove(at);
        }
    }

    fn auc(&self) -> f64 {
        let mut sorted: Vec<(f64, bool)> = self.0.iter().copied().collect();
        sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let (mut below, mut pairs, mut positives) = (0.0, 0.0, 0.0);
        for tied in sorted.chunk_by(|a, b| a.0 == b.0) {
            let positive = tied.iter().filter(|e| e.1).count() as f64;
            let negative = tied.len() as f64 - positive;
            pairs += positive * (below + negative / 2.0);
            below += negative;
            positives += positive;
        }
        super::ratio(pairs, positives * below)
    }
}

macro_rules! metric {
    ($module:ident, $ty:ident, $name:literal, $summary:literal, $size:literal) => {
        #[doc = concat!($summary, ".")]
        pub mod $module {
            use super::{WINDOW_MAX, Window};
            use crate::error::{Error, Result};
            use crate::metrics::{Metric, Observation, PosVal};

            crate::params! {
                #[doc = concat!("Parameters of [`", $name, "`].")]
                pub struct Params {
                    /// How many events the window holds.
                    window_size: usize = $size,
                    /// The class that counts as positive: true, false, an integer or a string.
                    pos_val: PosVal = PosVal::default(),
                }
            }

            #[doc = concat!($summary, ".")]
            #[derive(Debug, Clone)]
            pub struct $ty {
                params: Params,
                state: Window,
            }

            crate::estimator! { $ty in "metrics" as Metric, version 1, name $name, $summary,
                        example = serde_json::json!({ $name: { "window_size": 100 } }),
            merge = local "a figure is about one peer's own predictions",
                    }

            impl $ty {
                /// A metric that has seen nothing.
                pub fn new(params: Params) -> Result<Self> {
                    if !(1..=WINDOW_MAX).contains(&params.window_size) {
                        return Err(Error::new(format!(
                            "window_size must lie between 1 and {WINDOW_MAX}, got {}",
                            params.window_size
                        )));
                    }
                    Ok(Self { params, state: Window::default() })
                }
            }

            impl Metric for $ty {
                #[inline]
                fn update(&mut self, seen: Observation<'_>, _w: f64) {
                    if let Some(seen) = self.params.pos_val.look(seen) {
                        self.state.push(seen.p, seen.y, self.params.window_size);
                    }
                }

                fn revert(&mut self, seen: Observation<'_>, _w: f64) {
                    if let Some(seen) = self.params.pos_val.look(seen) {
                        self.state.remove(seen.p, seen.y);
                    }
                }

                fn reverts(&self) -> bool {
                    true
                }

                fn get(&self) -> f64 {
                    self.state.auc()
                }

                fn of_values(&self) -> bool {
                    false
                }

                fn requires_labels(&self) -> bool {
                    false
                }

                fn bigger_is_better(&self) -> bool {
                    true
                }
            }
        }
    };
}

metric!(
    rolling,
    RollingROCAUC,
    "RollingROCAUC",
    "The exact area under the ROC curve over the last 1,000 events",
    1_000
);
metric!(
    exact,
    ExactROCAUC,
    "ExactROCAUC",
    "The exact area under the ROC curve over the last 10,000 events",
    10_000
);
