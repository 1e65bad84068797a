//! `MaxAbsScaler`: each feature is divided by its largest absolute value; 0 stays 0.
//!
//! `z = x / max |x|`, over all numbers of the feature so far or over its newest `window_size`. A
//! feature that was never learned from, or was only 0, becomes 0.
//!
//! **Shape** any numbers in, the same names out; texts pass through. **Cost** 8 bytes a feature,
//! one division a number. A window costs up to 16 bytes a number in it. **Errors** none.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let mut model = Model::new(&json!(["MaxAbsScaler", "LinearRegression"]), &Catalog::builtin())?;
//! let (mut s, mut p) = (Scratch::default(), Prediction::default());
//! for i in 0..500 {
//!     let x = Row::from_json(&json!({"a": f64::from(i % 7) * 1e6}))?;
//!     model.step(&x, &Target::Number(f64::from(i % 7)), 1.0, &mut p, &mut s)?;
//! }
//! assert!((p.value.unwrap() - 2.0).abs() < 0.5);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `preprocessing/scale.py`.

use serde::{Deserialize, Serialize};

use super::{map_slots, update_slots};
use crate::error::Result;
use crate::estimator::{Attribute, Transformer};
use crate::features::{Context, FeatureId, Features, Names, Slots};
use crate::stats::{WindowMax, check_window};

crate::params! {
    /// Parameters of [`MaxAbsScaler`].
    pub struct Params {
        /// How many of a feature's newest numbers count, from 1 to 1,000,000; `null` for all.
        window_size: Option<u32> = None,
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    largest: Slots<f64>,
    /// Used in place of the above when there is a window.
    windows: Slots<WindowMax>,
}

/// See the module's documentation.
pub struct MaxAbsScaler {
    params: Params,
    state: State,
}

crate::estimator! {
    MaxAbsScaler in "preprocessing" as Transformer, version 1, name "MaxAbsScaler",
    "Each feature is divided by its largest absolute value",
    forget = |state: &mut State, gone: &[FeatureId]| {
        state.largest.forget(gone);
        state.windows.forget(gone);
    },
    attribute = |model: &MaxAbsScaler, name: &str, names: &Names<'_>| model.shown(name, names),
    set_attribute = |model: &mut MaxAbsScaler, name: &str, values: &[(Option<FeatureId>, f64)]| {
        if name != "abs_max" {
            return false;
        }
        match model.params.window_size {
            None => super::put(&mut model.state.largest, values, f64::abs),
            Some(size) => {
                for (id, value) in values.iter().filter_map(|&(id, v)| Some((id?, v))) {
                    model.state.windows.at(id).update(value.abs(), size);
                }
            }
        }
        true
    },
    merge = member "a largest value is no sum",
}

impl MaxAbsScaler {
    /// River's `abs_max`, as numbers; without the features that were 0 only.
    fn shown(&self, name: &str, names: &Names<'_>) -> Option<Attribute> {
        if name != "abs_max" {
            return None;
        }
        let windows: Vec<f64>;
        let largest = if self.params.window_size.is_none() {
            self.state.largest.as_slice()
        } else {
            let all = self.state.windows.as_slice().iter();
            windows = all.map(|w| w.get().unwrap_or_default()).collect();
            &windows
        };
        Some(Attribute::numbers(names, largest, |v| (v > 0.0).then_some(v)))
    }

    /// A scaler that has seen nothing.
    pub fn new(params: Params) -> Result<Self> {
        params.window_size.map_or(Ok(()), check_window)?;
        Ok(Self { params, state: State::default() })
    }
}

#[inline]
fn scale(largest: f64, x: f64) -> f64 {
    let z = x / largest;
    if largest > 0.0 { z } else { 0.0 }
}

impl Transformer for MaxAbsScaler {
    fn learn_one(&mut self, x: &Features, _cx: &mut Context<'_>) {
        let State { largest, windows } = &mut self.state;
        match self.params.window_size {
            None => update_slots(largest, x, |max, v| {
                *max = if v.abs() > *max { v.abs() } else { *max }
            }),
            Some(size) => update_slots(windows, x, |window, v| window.update(v.abs(), size)),
        }
    }

    fn transform_one(&self, x: &Features, out: &mut Features, _cx: &mut Context<'_>) {
        let State { largest, windows } = &self.state;
        if self.params.window_size.is_none() {
            map_slots(largest, x, out, |&max, v| scale(max, v));
        } else {
            map_slots(windows, x, out, |w, v| scale(w.get().unwrap_or(0.0), v));
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
            &json!("MaxAbsScaler"),
            &rows(),
            &[
                json!({"a": 1.0, "b": -1.0}),
                json!({"a": -0.35714285714285715, "b": 1.0, "c": 1.0}),
                json!({"a": 0.0, "c": 0.25}),
                json!({"a": 1.0, "b": 1.0, "c": -0.3}),
                json!({"a": 1.0, "b": 0.5}),
                json!({"a": -0.6428571428571429, "b": 0.125, "c": 0.8}),
                json!({"a": 0.2857142857142857, "b": -1.0, "c": 0.8}),
                json!({"a": 1.0, "b": 0.5, "c": 0.1}),
            ],
        );
        check(
            &json!({"MaxAbsScaler": {"window_size": 3}}),
            &rows(),
            &[
                json!({"a": 1.0, "b": -1.0}),
                json!({"a": -0.35714285714285715, "b": 1.0, "c": 1.0}),
                json!({"a": 0.0, "c": 0.25}),
                json!({"a": 1.0, "b": 1.0, "c": -0.3}),
                json!({"a": 1.0, "b": 0.5}),
                json!({"a": -0.6428571428571429, "b": 0.125, "c": 1.0}),
                json!({"a": 0.2857142857142857, "b": -1.0, "c": 1.0}),
                json!({"a": 1.0, "b": 0.5, "c": 0.125}),
            ],
        );
    }

    #[test]
    fn what_was_never_learned_becomes_0() {
        for window_size in [json!(null), json!(3)] {
            let mut bench = Bench::new(&json!({"MaxAbsScaler": {"window_size": window_size}}));
            bench.learn(&json!({"a": -4}));
            assert_eq!(bench.transform(&json!({"a": 2, "z": 9})), json!({"a": 0.5, "z": 0.0}));
            bench.forget(&["a"]);
            assert_eq!(bench.transform(&json!({"a": 2})), json!({"a": 0.0}));
        }
    }
}
