//! `ALMAClassifier`: approximately the largest margin, by a perceptron whose steps shrink.
//!
//! With y in ±1 and k updates so far (from 1): when `y·(w·x) < (1−alpha)·B·√(p−1)/√k`, then
//! `w ← w + C/(√(p−1)·√k)·y·x`, the weights of `x` are divided by `max(1, ‖w‖ₚ)`, and k grows by 1.
//! There is no intercept. As in River, only the weights of present features are divided.
//!
//! **Shape** any numbers in; two classes, `false` and `true`. **Cost** 8 bytes a feature; each
//! update passes over all weights once. **Errors** a text that reaches it is refused. An event's
//! weight has no effect, as in River.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let mut model = Model::new(&json!(["StandardScaler", "ALMAClassifier"]), &Catalog::builtin())?;
//! let (mut s, mut p, mut right) = (Scratch::default(), Prediction::default(), 0);
//! for i in 0..1000_u32 {
//!     let (a, b) = (f64::from(i * 7919 % 101), f64::from(i * 104_729 % 103));
//!     let y = Target::Bool(a > b);
//!     model.step(&Row::from_json(&json!({"a": a, "b": b}))?, &y, 1.0, &mut p, &mut s)?;
//!     right += usize::from(p.class() == model.class_of(&y));
//! }
//! assert!(right > 900, "{right}");
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Gentile, C., 2001. A new approximate maximal margin classification algorithm. River,
//! `linear_model/alma.py`.

use serde::{Deserialize, Serialize};

use super::{add_scaled, dot, visit_weights};
use crate::error::{Error, Result};
use crate::estimator::{ClassId, Classifier, WeightKey};
use crate::features::{Context, FeatureId, Features, Slots};
use crate::math;
use crate::params::check_range;

crate::params! {
    /// Parameters of [`ALMAClassifier`].
    #[allow(non_snake_case, reason = "River's names")]
    pub struct Params {
        /// The order of the norm that bounds the weights, above 1.
        p: f64 = 2.0,
        /// How close to the largest margin, above 0 and up to 1: the closer, the more updates.
        alpha: f64 = 0.9,
        /// Scale of the margin; 0 or more.
        B: f64 = 1.0 / 0.9,
        /// Scale of the steps; 0 or more.
        C: f64 = std::f64::consts::SQRT_2,
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct State {
    w: Slots<f64>,
    /// One more than the updates so far.
    k: u64,
}

/// See the module's documentation.
pub struct ALMAClassifier {
    params: Params,
    state: State,
}

crate::estimator! {
    ALMAClassifier in "linear_model" as Classifier, version 1, name "ALMAClassifier",
    "Approximately the largest margin, by a perceptron whose steps shrink",
    example = serde_json::json!(["StandardScaler", "ALMAClassifier"]),
    forget = |state: &mut State, gone: &[FeatureId]| state.w.forget(gone),
    weights = |this: &ALMAClassifier, visit: &mut dyn FnMut(WeightKey, f64)| {
        visit_weights(&this.state.w, None, visit);
    },
    merge = member "weights are divided by their norm at each step: they are no sum of steps",
}

impl ALMAClassifier {
    /// A model whose weights are all 0.
    pub fn new(params: Params) -> Result<Self> {
        check_range("alpha", params.alpha, 0.0, 1.0)?;
        check_range("B", params.B, 0.0, 1e12)?;
        check_range("C", params.C, 0.0, 1e12)?;
        if !(params.p > 1.0 && params.p <= 1e3) {
            return Err(Error::new(format!(
                "p must lie above 1 and at most at 1000, got {}",
                params.p
            )));
        }
        Ok(Self { params, state: State { w: Slots::default(), k: 1 } })
    }

    fn norm(&self) -> f64 {
        let w = self.state.w.as_slice();
        if self.params.p == 2.0 {
            return math::dot(w, w).sqrt();
        }
        let sum: f64 = w.iter().map(|w| math::pow(w.abs(), self.params.p)).sum();
        math::pow(sum, 1.0 / self.params.p)
    }
}

impl Classifier for ALMAClassifier {
    fn multiclass(&self) -> bool {
        false
    }

    fn learn_one(&mut self, x: &Features, y: ClassId, _w: f64, _cx: &mut Context<'_>) {
        let y = if y == 0 { -1.0 } else { 1.0 };
        let Params { p, alpha, B, C } = self.params;
        let (root_p, root_k) = ((p - 1.0).sqrt(), (self.state.k as f64).sqrt());
        if y * dot(&self.state.w, x) >= (1.0 - alpha) * (B * root_p / root_k) {
            return;
        }
        let eta = C / (root_p * root_k);
        add_scaled(&mut self.state.w, eta * y, x);
        let norm = self.norm().max(1.0);
        crate::optim::each(x, x.values(), &mut self.state.w, |w, _| *w /= norm);
        self.state.k += 1;
    }

    fn predict_proba_one(&self, x: &Features, proba: &mut Vec<f64>, cx: &mut Context<'_>) {
        cx.refuse_texts(x, "ALMAClassifier");
        let p = math::sigmoid(dot(&self.state.w, x));
        proba.extend([1.0 - p, p]);
    }
}
