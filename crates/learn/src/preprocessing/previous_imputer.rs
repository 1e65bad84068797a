//! `PreviousImputer`: a missing value is the one before.
//!
//! Missing is a feature that was learned once and is absent from the event: every such feature is
//! filled, so this is for events of a fixed set of features, not for bags of words.
//!
//! **Shape** any numbers and texts in; the same out, and the features learned before. **Cost** 24
//! bytes a feature and its text; a pass over all features known. **Errors** none.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!(["PreviousImputer", "LinearRegression"]);
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p) = (Scratch::default(), Prediction::default());
//! for i in 0..300 {
//!     let x = if i % 2 == 0 { json!({"a": 1, "b": 2}) } else { json!({"a": 1}) };
//!     model.step(&Row::from_json(&x)?, &Target::Number(5.0), 1.0, &mut p, &mut s)?;
//! }
//! assert!((p.value.unwrap() - 5.0).abs() < 0.01);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `preprocessing/impute.py`, where missing is `None`.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::estimator::Transformer;
use crate::features::{Context, FeatureId, Features, Slots};

crate::params! {
    /// There are no parameters.
    pub struct Params {}
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
enum Previous {
    #[default]
    None,
    Number(f64),
    Text(String),
}

/// See the module's documentation.
pub struct PreviousImputer {
    params: Params,
    state: Slots<Previous>,
}

crate::estimator! {
    PreviousImputer in "preprocessing" as Transformer, version 1, name "PreviousImputer",
    "A missing value is the one before",
    forget = |state: &mut Slots<Previous>, gone: &[FeatureId]| state.forget(gone),
    merge = local "the last value is a peer's own",
}

impl PreviousImputer {
    /// An imputer that has seen nothing.
    pub fn new(params: Params) -> Result<Self> {
        Ok(Self { params, state: Slots::default() })
    }
}

impl Transformer for PreviousImputer {
    fn learn_one(&mut self, x: &Features, _cx: &mut Context<'_>) {
        super::update_slots(&mut self.state, x, |slot, v| *slot = Previous::Number(v));
        for (id, text) in x.texts() {
            match self.state.at(id) {
                Previous::Text(kept) => {
                    kept.clear();
                    kept.push_str(text);
                }
                slot => *slot = Previous::Text(text.to_owned()),
            }
        }
    }

    fn transform_one(&self, x: &Features, out: &mut Features, _cx: &mut Context<'_>) {
        out.pass_texts(x);
        let is_text = |id| x.texts().any(|(other, _)| other == id);
        let mut present = x.iter().peekable();
        for (id, previous) in (0..).zip(self.state.as_slice()) {
            if let Some((_, value)) = present.next_if(|&(next, _)| next == id) {
                out.push(id, value);
                continue;
            }
            match previous {
                Previous::Number(value) if !is_text(id) => out.push(id, *value),
                Previous::Text(text) if !is_text(id) => out.push_text(id, text),
                _ => {}
            }
        }
        for (id, value) in present {
            out.push(id, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::preprocessing::tests::{Bench, assert_close};

    #[test]
    fn river() {
        let rows = [
            json!({"x": 1, "y": 2, "t": "a"}),
            json!({"y": 3}),
            json!({"x": 4, "t": "b"}),
            json!({}),
        ];
        let river: [Value; 4] = [
            json!({"x": 1.0, "y": 2.0, "t": "a"}),
            json!({"x": 1.0, "y": 3.0, "t": "a"}),
            json!({"x": 4.0, "y": 3.0, "t": "b"}),
            json!({"x": 4.0, "y": 3.0, "t": "b"}),
        ];
        let mut bench = Bench::new(&json!("PreviousImputer"));
        for (row, want) in rows.iter().zip(&river) {
            bench.learn(row);
            assert_close(&bench.transform(row), want, "PreviousImputer");
            bench.reload();
        }
    }

    #[test]
    fn only_what_was_learned_is_filled_in() {
        let mut bench = Bench::new(&json!("PreviousImputer"));
        assert_eq!(bench.transform(&json!({"a": 1})), json!({"a": 1.0}));
        bench.learn(&json!({"a": 1, "t": "x"}));
        assert_eq!(
            bench.transform(&json!({"t": 7, "a": "now a text"})),
            json!({"t": 7.0, "a": "now a text"})
        );
        bench.forget(&["a"]);
        assert_eq!(bench.transform(&json!({})), json!({"t": "x"}));
    }
}
