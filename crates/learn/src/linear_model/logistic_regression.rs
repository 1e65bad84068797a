//! `LogisticRegression`: the probability of `true` from a weighted sum of the features.
//!
//! `p = σ(w · x + b)`, with σ cut at ±30; each event moves `w` (in `weights`) and `b` (in
//! `intercept`) one step against the gradient of the loss.
//!
//! **Shape** any numbers in; two classes, `false` and `true`. **Cost** 8 bytes a feature plus the
//! optimizer's state; a few operations a number. **Errors** a text that reaches it is refused.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let last = json!({"LogisticRegression": {"optimizer": {"SGD": {"lr": 0.1}}}});
//! let spec = json!(["StandardScaler", last]);
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
//! **Source** River, `linear_model/log_reg.py`.

use super::glm::{Glm, Settings, glm_estimator};
use crate::catalog::Builder;
use crate::error::{Error, Result};
use crate::estimator::{ClassId, Classifier};
use crate::features::{Context, Features};
use crate::optim::{Initializer, LearningRate, Loss};
use crate::params::Spec;

crate::params! {
    /// Parameters of [`LogisticRegression`].
    pub struct Params {
        /// How the weights move. The intercept has its own learning rate.
        optimizer: Spec = Spec(serde_json::json!({"SGD": {"lr": 0.01}})),
        /// The binary loss whose gradient is followed.
        loss: Loss = Loss::LOG,
        /// Pull of the weights of present features towards 0, 0 or more. Not together with `l1`.
        l2: f64 = 0.0,
        /// Cumulative pull that makes weights exactly 0, 0 or more. Not together with `l2`.
        l1: f64 = 0.0,
        /// The intercept's first value.
        intercept_init: f64 = 0.0,
        /// The intercept's learning rate, a number or a scheduler; 0 keeps it still.
        intercept_lr: LearningRate = LearningRate::Constant(0.01),
        /// Limit on the absolute value of the gradient before it is multiplied by the features.
        clip_gradient: f64 = 1e12,
        /// The weights' first values.
        initializer: Initializer = Initializer::Zeros {},
    }
}

/// See the module's documentation.
pub struct LogisticRegression {
    params: Params,
    glm: Glm,
}

glm_estimator! {
    LogisticRegression as Classifier, name "LogisticRegression",
    "The probability of true from a weighted sum of the features",
    params = |p: &mut Params, glm: &Glm| p.optimizer.0 = glm.optimizer().spec(),
}

impl LogisticRegression {
    /// A model whose weights are all at their first values.
    pub fn new(mut params: Params, builder: &Builder<'_>) -> Result<Self> {
        if !params.loss.is_binary() {
            return Err(Error::new(format!("loss must be a binary one, got {:?}", params.loss)));
        }
        // The optimizer has its parameters itself: they are shown from there.
        let optimizer = std::mem::replace(&mut params.optimizer, Spec(serde_json::Value::Null));
        let p = params.clone();
        let settings = Settings {
            optimizer,
            loss: p.loss,
            l2: p.l2,
            l1: p.l1,
            intercept_init: p.intercept_init,
            intercept_lr: p.intercept_lr,
            clip_gradient: p.clip_gradient,
            initializer: p.initializer,
        };
        Ok(Self { params, glm: Glm::new(settings, builder)? })
    }
}

impl Classifier for LogisticRegression {
    fn multiclass(&self) -> bool {
        false
    }

    fn learn_one(&mut self, x: &Features, y: ClassId, w: f64, cx: &mut Context<'_>) {
        self.glm.learn(x, f64::from(y), w, cx);
    }

    fn predict_proba_one(&self, x: &Features, proba: &mut Vec<f64>, cx: &mut Context<'_>) {
        cx.refuse_texts(x, "LogisticRegression");
        let p = self.glm.loss.mean(self.glm.raw_dot(x));
        proba.extend([1.0 - p, p]);
    }
}
