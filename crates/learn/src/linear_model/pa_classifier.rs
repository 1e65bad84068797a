//! `PAClassifier`: moves only for events within the margin, and then as far as they ask for.
//!
//! With y in ±1 and the hinge loss `l = max(1 − y·(w·x + b), 0)`: `w ← w + τ·y·x`, `b ← b + τ·y`,
//! where `τ` is `l / ‖x‖²` (mode 0), at most `C` of it (mode 1), or `l / (‖x‖² + 1/2C)` (mode 2).
//!
//! **Shape** any numbers in; two classes, `false` and `true`. **Cost** 8 bytes a feature; a few
//! operations a number. **Errors** a text that reaches it is refused. An event's weight has no
//! effect, as in River.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!(["StandardScaler", {"PAClassifier": {"C": 0.1}}]);
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p, mut right) = (Scratch::default(), Prediction::default(), 0);
//! for i in 0..1000_u32 {
//!     let (a, b) = (f64::from(i * 7919 % 101), f64::from(i * 104_729 % 103));
//!     let y = Target::Bool(a > b);
//!     model.step(&Row::from_json(&json!({"a": a, "b": b}))?, &y, 1.0, &mut p, &mut s)?;
//!     right += usize::from(p.class() == model.class_of(&y));
//! }
//! assert!(right > 950, "{right}");
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Crammer, K., Dekel, O., Keshet, J., Shalev-Shwartz, S. and Singer, Y., 2006. Online
//! passive-aggressive algorithms. River, `linear_model/pa.py`.

use super::passive_aggressive::{Rule, State};
use super::visit_weights;
use crate::error::Result;
use crate::estimator::{ClassId, Classifier, WeightKey};
use crate::features::{Context, FeatureId, Features};
use crate::math;
use crate::merge::{Additive, Gather, Merge, Spread};
use crate::optim::Loss;

crate::params! {
    /// Parameters of [`PAClassifier`].
    #[allow(non_snake_case, reason = "River's name")]
    pub struct Params {
        /// How far one event may move the weights, above 0; mode 0 does not use it.
        C: f64 = 1.0,
        /// How the step is limited: 0 not at all, 1 cut at `C`, 2 softened by `C`.
        mode: u8 = 1,
        /// Whether there is an intercept.
        learn_intercept: bool = true,
    }
}

/// See the module's documentation.
pub struct PAClassifier {
    params: Params,
    rule: Rule,
    state: State,
}

crate::estimator! {
    PAClassifier in "linear_model" as Classifier, version 1, name "PAClassifier",
    "Moves only for events within the margin, as far as they ask for",
    example = serde_json::json!(["StandardScaler", "PAClassifier"]),
    forget = |state: &mut State, gone: &[FeatureId]| state.weights.forget(gone),
    weights = |this: &PAClassifier, visit: &mut dyn FnMut(WeightKey, f64)| {
        visit(WeightKey { class: None, feature: None }, this.state.intercept);
        visit_weights(&this.state.weights, None, visit);
    },
    merge = deltas "steps of the weights",
}

impl PAClassifier {
    /// A model whose weights are all 0.
    pub fn new(params: Params) -> Result<Self> {
        let Params { C, mode, learn_intercept } = params;
        let rule = Rule { aggressiveness: C, mode, learn_intercept };
        rule.check()?;
        Ok(Self { params, rule, state: State::default() })
    }
}

/// Steps add up.
impl Additive for PAClassifier {
    fn merge(&self) -> Merge {
        Merge::Deltas
    }

    fn sums(&self, out: &mut Gather<'_>) {
        self.state.sums(out);
    }

    fn set_sums(&mut self, from: &Spread<'_>) {
        self.state = State::of_sums(from);
    }
}

impl Classifier for PAClassifier {
    fn multiclass(&self) -> bool {
        false
    }

    fn learn_one(&mut self, x: &Features, y: ClassId, _w: f64, _cx: &mut Context<'_>) {
        let y = f64::from(y);
        let loss = Loss::Hinge { threshold: 1.0 }.value(y, self.state.raw(x));
        self.state.learn(x, loss, if y == 0.0 { -1.0 } else { 1.0 }, self.rule);
    }

    fn predict_proba_one(&self, x: &Features, proba: &mut Vec<f64>, cx: &mut Context<'_>) {
        cx.refuse_texts(x, "PAClassifier");
        let p = math::sigmoid(self.state.raw(x));
        proba.extend([1.0 - p, p]);
    }
}
