//! `AdaptiveStandardScaler`: zero mean and unit variance, from statistics that fade.
//!
//! `z = (x − mean) / √variance`, exponentially weighted: the past counts the less the longer ago
//! it is. A feature that was never learned from, or whose variance is not above 0, becomes 0.
//!
//! **Shape** any numbers in, the same names out; texts pass through. **Cost** 32 bytes a feature,
//! one square root and one division a number. **Errors** none.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!([{"AdaptiveStandardScaler": {"fading_factor": 0.05}}, "LinearRegression"]);
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p) = (Scratch::default(), Prediction::default());
//! for i in 0..1000 {
//!     let x = Row::from_json(&json!({"a": f64::from(i % 7) * 1e6}))?;
//!     model.step(&x, &Target::Number(f64::from(i % 7)), 1.0, &mut p, &mut s)?;
//! }
//! assert!((p.value.unwrap() - 5.0).abs() < 1.0);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `preprocessing/scale.py`.

use super::{map_slots, update_slots};
use crate::error::Result;
use crate::estimator::Transformer;
use crate::features::{Context, FeatureId, Features, Slots};
use crate::params::check_range;
use crate::stats::ew_var;

crate::params! {
    /// Parameters of [`AdaptiveStandardScaler`].
    pub struct Params {
        /// Share of the newest number, from 0 to 1: the larger, the faster the past fades.
        fading_factor: f64 = 0.3,
    }
}

/// See the module's documentation.
pub struct AdaptiveStandardScaler {
    params: Params,
    state: Slots<ew_var::State>,
}

crate::estimator! {
    AdaptiveStandardScaler in "preprocessing" as Transformer, version 1,
    name "AdaptiveStandardScaler",
    "Zero mean and unit variance, from statistics that fade",
    forget = |state: &mut Slots<ew_var::State>, gone: &[FeatureId]| state.forget(gone),
    merge = member "the past fades by a peer's own count of events",
}

impl AdaptiveStandardScaler {
    /// A scaler that has seen nothing.
    pub fn new(params: Params) -> Result<Self> {
        check_range("fading_factor", params.fading_factor, 0.0, 1.0)?;
        Ok(Self { params, state: Slots::default() })
    }
}

impl Transformer for AdaptiveStandardScaler {
    fn learn_one(&mut self, x: &Features, _cx: &mut Context<'_>) {
        let fading_factor = self.params.fading_factor;
        update_slots(&mut self.state, x, |slot, v| slot.update(v, fading_factor));
    }

    fn transform_one(&self, x: &Features, out: &mut Features, _cx: &mut Context<'_>) {
        map_slots(&self.state, x, out, |slot, v| {
            let var = slot.get();
            if var > 0.0 { (v - slot.mean()) / var.sqrt() } else { 0.0 }
        });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::preprocessing::tests::{check, rows};

    #[test]
    fn river() {
        check(
            &json!("AdaptiveStandardScaler"),
            &rows(),
            &[
                json!({"a": 0.0, "b": 0.0}),
                json!({"a": -1.5275252316519463, "b": 1.5275252316519468, "c": 0.0}),
                json!({"a": -0.7069931682458525, "c": -1.5275252316519465}),
                json!({"a": 1.265412115209385, "b": 0.9801960588196071, "c": -1.319224125230849}),
                json!({"a": 0.8701504573047646, "b": 0.14990188206960117}),
                json!({
                    "a": -1.2810543877377194, "b": -0.4507932647891483,
                    "c": 0.4834952873064024
                }),
                json!({
                    "a": 0.061461934006330814, "b": -1.3886069358390742,
                    "c": 0.39104157481654633
                }),
                json!({"a": 1.231524790017065, "b": 0.7600280061669502, "c": -0.8470138325158829}),
            ],
        );
        check(
            &json!({"AdaptiveStandardScaler": {"fading_factor": 0.6}}),
            &rows(),
            &[
                json!({"a": 0.0, "b": 0.0}),
                json!({"a": -0.8164965809277261, "b": 0.8164965809277261, "c": 0.0}),
                json!({"a": -0.17266697351692584, "c": -0.816496580927726}),
                json!({"a": 0.784517413941958, "b": 0.43643578047198484, "c": -0.7129904073830369}),
                json!({"a": 0.4240200228618402, "b": -0.36927447293799875}),
                json!({
                    "a": -0.7787615255483061, "b": -0.6228817795535557,
                    "c": 0.6344578489889642
                }),
                json!({
                    "a": 0.26100172657362836, "b": -0.7965630413410005,
                    "c": 0.3601268897707247
                }),
                json!({"a": 0.7496016321174399, "b": 0.644714048199201, "c": -0.6520506923358484}),
            ],
        );
    }
}
