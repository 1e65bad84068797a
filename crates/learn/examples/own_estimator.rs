//! An estimator of one's own, added from outside: the one that CONTRIBUTING.md walks through.
//!
//! `cargo run -p her-learn --example own_estimator`

use her_learn::catalog::Entry;
use her_learn::estimator::Transformer;
use her_learn::features::{Context, Features};

her_learn::params! {
    /// Parameters of [`Clip`].
    pub struct Params {
        /// The largest absolute value that passes, in the feature's own unit, above 0.
        limit: f64 = 3.0,
    }
}

/// Limits every number to `[−limit, limit]`. Keeps nothing.
pub struct Clip {
    params: Params,
    state: (),
}

her_learn::estimator! {
    Clip in "preprocessing" as Transformer, version 1, name "Clip",
    "Limits every number to a range",
    merge = stateless,
}

impl Clip {
    /// A transformer with these parameters.
    pub fn new(params: Params) -> her_learn::Result<Self> {
        her_learn::params::check_range("limit", params.limit, 1e-300, f64::MAX)?;
        Ok(Self { params, state: () })
    }
}

impl Transformer for Clip {
    fn transform_one(&self, x: &Features, out: &mut Features, _cx: &mut Context<'_>) {
        let limit = self.params.limit;
        out.derive(x, x.values().iter().map(|v| v.clamp(-limit, limit)));
    }
}

/// The rows to hand to `Catalog::with`.
pub const ROWS: &[Entry] = &[Clip::ENTRY];

#[allow(dead_code, reason = "a test walks through this file without running it")]
fn main() -> her_learn::Result<()> {
    use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
    use serde_json::json;

    let catalog = Catalog::builtin().with(ROWS);
    let spec = json!([{"Clip": {"limit": 1.0}}, "LinearRegression"]);
    let mut model = Model::new(&spec, &catalog)?;
    let (mut prediction, mut scratch) = (Prediction::default(), Scratch::default());
    for i in 0..1000 {
        let x = Row::from_json(&json!({"a": f64::from(i % 5) - 2.0}))?;
        let y = Target::Number((f64::from(i % 5) - 2.0).clamp(-1.0, 1.0));
        model.step(&x, &y, 1.0, &mut prediction, &mut scratch)?;
    }
    println!("{:?}", prediction.value);
    Ok(())
}
