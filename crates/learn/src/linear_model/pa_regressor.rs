//! `PARegressor`: moves only for errors above a tolerance, and then as far as they ask for.
//!
//! With the error `e = y − (w·x + b)` and the loss `l`: `w ← w + τ·sign(e)·x`, `b ← b + τ·sign(e)`,
//! where `τ` is `l / ‖x‖²` (mode 0), at most `C` of it (mode 1), or `l / (‖x‖² + 1/2C)` (mode 2).
//! The loss is River's epsilon-insensitive hinge, `max(|2y − 1 − ŷ| − eps, 0)`, which maps the
//! target as if it were binary: weights move further than the paper's, also for exact predictions.
//!
//! **Shape** any numbers in; one number out. **Cost** 8 bytes a feature; a few operations a number.
//! **Errors** a text that reaches it is refused. An event's weight has no effect, as in River.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!({"PARegressor": {"C": 0.01, "mode": 2, "learn_intercept": false}});
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p, mut error) = (Scratch::default(), Prediction::default(), 0.0);
//! for i in 0..2000_u32 {
//!     let a = f64::from(i * 7919 % 101) / 50.0 - 1.0;
//!     let (x, y) = (Row::from_json(&json!({"a": a}))?, Target::Number(3.0 * a));
//!     model.step(&x, &y, 1.0, &mut p, &mut s)?;
//!     error = 0.99 * error + 0.01 * (p.value.unwrap() - 3.0 * a).abs();
//! }
//! assert!(error < 2.5, "{error}");
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Crammer, K., Dekel, O., Keshet, J., Shalev-Shwartz, S. and Singer, Y., 2006. Online
//! passive-aggressive algorithms. River, `linear_model/pa.py`.

use super::passive_aggressive::{Rule, State};
use super::visit_weights;
use crate::error::Result;
use crate::estimator::{Regressor, WeightKey};
use crate::features::{Context, FeatureId, Features};
use crate::merge::{Additive, Gather, Merge, Spread};
use crate::optim::Loss;
use crate::params::check_range;

crate::params! {
    /// Parameters of [`PARegressor`].
    #[allow(non_snake_case, reason = "River's name")]
    pub struct Params {
        /// How far one event may move the weights, above 0; mode 0 does not use it.
        C: f64 = 1.0,
        /// How the step is limited: 0 not at all, 1 cut at `C`, 2 softened by `C`.
        mode: u8 = 1,
        /// The error that costs nothing, 0 or more.
        eps: f64 = 0.1,
        /// Whether there is an intercept.
        learn_intercept: bool = true,
    }
}

/// See the module's documentation.
pub struct PARegressor {
    params: Params,
    rule: Rule,
    state: State,
}

crate::estimator! {
    PARegressor in "linear_model" as Regressor, version 1, name "PARegressor",
    "Moves only for errors above a tolerance, as far as they ask for",
    example = serde_json::json!(["StandardScaler", "PARegressor"]),
    forget = |state: &mut State, gone: &[FeatureId]| state.weights.forget(gone),
    weights = |this: &PARegressor, visit: &mut dyn FnMut(WeightKey, f64)| {
        visit(WeightKey { class: None, feature: None }, this.state.intercept);
        visit_weights(&this.state.weights, None, visit);
    },
    merge = deltas "steps of the weights",
}

impl PARegressor {
    /// A model whose weights are all 0.
    pub fn new(params: Params) -> Result<Self> {
        let Params { C, mode, eps, learn_intercept } = params;
        let rule = Rule { aggressiveness: C, mode, learn_intercept };
        rule.check()?;
        check_range("eps", eps, 0.0, 1e300)?;
        Ok(Self { params, rule, state: State::default() })
    }
}

/// Steps add up.
impl Additive for PARegressor {
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

impl Regressor for PARegressor {
    fn learn_one(&mut self, x: &Features, y: f64, _w: f64, _cx: &mut Context<'_>) {
        let p = self.state.raw(x);
        let loss = Loss::EpsilonInsensitiveHinge { eps: self.params.eps }.value(y, p);
        // Rust's `signum` has no 0.
        let sign = f64::from(i8::from(y > p) - i8::from(y < p));
        self.state.learn(x, loss, sign, self.rule);
    }

    fn predict_one(&self, x: &Features, cx: &mut Context<'_>) -> f64 {
        cx.refuse_texts(x, "PARegressor");
        self.state.raw(x)
    }
}
