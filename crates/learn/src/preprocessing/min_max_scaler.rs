//! `MinMaxScaler`: the range of each feature becomes 0 to 1.
//!
//! `z = (x − min) / (max − min)`, with the smallest and the largest number of the feature so far,
//! or of its newest `window_size` numbers. A feature that was never learned from, or whose range
//! is a single number, becomes 0. A number outside of the range leaves 0 to 1.
//!
//! **Shape** any numbers in, the same names out; texts pass through. **Cost** 16 bytes a feature,
//! one division a number. A window costs up to 32 bytes a number in it. **Errors** none.
//!
//! ```
//! use her_learn::Catalog;
//! use her_learn::{Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let mut model = Model::new(&json!(["MinMaxScaler", "LinearRegression"]), &Catalog::builtin())?;
//! let (mut s, mut p) = (Scratch::default(), Prediction::default());
//! for i in 0..500 {
//!     let x = Row::from_json(&json!({"a": f64::from(i % 7) * 1e6}))?;
//!     model.step(&x, &Target::Number(f64::from(i % 7)), 1.0, &mut p, &mut s)?;
//! }
//! assert!((p.value.unwrap() - 2.0).abs() < 0.5);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `preprocessing/scale.py`; unlike River, which gives `nan` for a feature that
//! was never learned from.

use serde::{Deserialize, Serialize};

use super::{map_slots, update_slots};
use crate::error::Result;
use crate::estimator::{Attribute, Transformer};
use crate::features::{Context, FeatureId, Features, Names, Slots};
use crate::stats::{Range, WindowRange, check_window};

crate::params! {
    /// Parameters of [`MinMaxScaler`].
    pub struct Params {
        /// How many of a feature's newest numbers count, from 1 to 1,000,000; `null` for all.
        window_size: Option<u32> = None,
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    ranges: Slots<Range>,
    /// Used in place of the ranges when there is a window.
    windows: Slots<WindowRange>,
}

/// See the module's documentation.
pub struct MinMaxScaler {
    params: Params,
    state: State,
}

crate::estimator! {
    MinMaxScaler in "preprocessing" as Transformer, version 1, name "MinMaxScaler",
    "The range of each feature becomes 0 to 1",
    forget = |state: &mut State, gone: &[FeatureId]| {
        state.ranges.forget(gone);
        state.windows.forget(gone);
    },
    attribute = |model: &MinMaxScaler, name: &str, names: &Names<'_>| model.shown(name, names),
    set_attribute = |model: &mut MinMaxScaler, name: &str, values: &[(Option<FeatureId>, f64)]| {
        model.set(name, values)
    },
    merge = member "a smallest and a largest value are no sums",
}

impl MinMaxScaler {
    /// River's `min` and `max`, as numbers.
    fn shown(&self, name: &str, names: &Names<'_>) -> Option<Attribute> {
        let of = match name {
            "min" => |range: Range| range.low,
            "max" => |range: Range| range.high,
            _ => return None,
        };
        let windows: Vec<Range>;
        let ranges = if self.params.window_size.is_none() {
            self.state.ranges.as_slice()
        } else {
            let all = self.state.windows.as_slice().iter();
            windows = all.map(|w| w.get().unwrap_or_default()).collect();
            &windows
        };
        Some(Attribute::numbers(names, ranges, |range| {
            (range.low <= range.high).then(|| of(range))
        }))
    }

    fn set(&mut self, name: &str, values: &[(Option<FeatureId>, f64)]) -> bool {
        if !matches!(name, "min" | "max") {
            return false;
        }
        let State { ranges, windows } = &mut self.state;
        for (id, value) in values.iter().filter_map(|&(id, v)| Some((id?, v))) {
            match (name, self.params.window_size) {
                ("min", None) => ranges.at(id).low = value,
                (_, None) => ranges.at(id).high = value,
                ("min", Some(size)) => windows.at(id).update_low(value, size),
                (_, Some(size)) => windows.at(id).update_high(value, size),
            }
        }
        true
    }

    /// A scaler that has seen nothing.
    pub fn new(params: Params) -> Result<Self> {
        params.window_size.map_or(Ok(()), check_window)?;
        Ok(Self { params, state: State::default() })
    }
}

#[inline]
fn scale(range: Range, x: f64) -> f64 {
    let width = range.high - range.low;
    // The quotient is computed either way, so that the loop over a slice has no branch. The range
    // of no number is from ∞ to −∞: it has no width.
    let z = (x - range.low) / width;
    if width > 0.0 { z } else { 0.0 }
}

impl Transformer for MinMaxScaler {
    fn learn_one(&mut self, x: &Features, _cx: &mut Context<'_>) {
        let State { ranges, windows } = &mut self.state;
        match self.params.window_size {
            None => update_slots(ranges, x, Range::update),
            Some(size) => update_slots(windows, x, |window, v| window.update(v, size)),
        }
    }

    fn transform_one(&self, x: &Features, out: &mut Features, _cx: &mut Context<'_>) {
        let State { ranges, windows } = &self.state;
        if self.params.window_size.is_none() {
            map_slots(ranges, x, out, |&range, v| scale(range, v));
        } else {
            map_slots(windows, x, out, |w, v| w.get().map_or(0.0, |range| scale(range, v)));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::preprocessing::tests::{Bench, check, rows};

    #[test]
    fn river() {
        check(
            &json!("MinMaxScaler"),
            &rows(),
            &[
                json!({"a": 0.0, "b": 0.0}),
                json!({"a": 0.0, "b": 1.0, "c": 0.0}),
                json!({"a": 0.2631578947368421, "c": 0.0}),
                json!({"a": 1.0, "b": 1.0, "c": 0.0}),
                json!({"a": 1.0, "b": 0.6}),
                json!({"a": 0.0, "b": 0.3, "c": 0.8461538461538461}),
                json!({"a": 0.5652173913043478, "b": 0.0, "c": 0.8461538461538461}),
                json!({"a": 1.0, "b": 0.9, "c": 0.3076923076923077}),
            ],
        );
        check(
            &json!({"MinMaxScaler": {"window_size": 3}}),
            &rows(),
            &[
                json!({"a": 0.0, "b": 0.0}),
                json!({"a": 0.0, "b": 1.0, "c": 0.0}),
                json!({"a": 0.2631578947368421, "c": 0.0}),
                json!({"a": 1.0, "b": 1.0, "c": 0.0}),
                json!({"a": 1.0, "b": 0.0}),
                json!({"a": 0.0, "b": 0.0, "c": 1.0}),
                json!({"a": 0.5652173913043478, "b": 0.0, "c": 1.0}),
                json!({"a": 1.0, "b": 1.0, "c": 0.0}),
            ],
        );
    }

    #[test]
    fn what_was_never_learned_becomes_0() {
        for window_size in [json!(null), json!(3)] {
            let mut bench = Bench::new(&json!({"MinMaxScaler": {"window_size": window_size}}));
            bench.learn(&json!({"a": 0}));
            bench.learn(&json!({"a": 2}));
            assert_eq!(bench.transform(&json!({"a": 3, "z": 9})), json!({"a": 1.5, "z": 0.0}));
            bench.forget(&["a"]);
            assert_eq!(bench.transform(&json!({"a": 2})), json!({"a": 0.0}));
        }
    }
}
