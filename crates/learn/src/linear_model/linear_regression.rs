//! `LinearRegression`: a number from a weighted sum of the features.
//!
//! `ŷ = w · x + b`; each event moves `w` and `b` one step against the gradient of the loss. Scale
//! the features first: with large values and the squared loss, plain gradient steps diverge.
//!
//! **Shape** any numbers in; one number out. **Cost** 8 bytes a feature plus the optimizer's
//! state; a few operations a number. **Errors** a text that reaches it is refused.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!(["StandardScaler", {"LinearRegression": {"intercept_lr": 0.1}}]);
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p, mut last) = (Scratch::default(), Prediction::default(), 0.0);
//! for i in 0..2000_u32 {
//!     let a = f64::from(i * 7919 % 101);
//!     let (x, y) = (Row::from_json(&json!({"a": a}))?, Target::Number(3.0 * a));
//!     model.step(&x, &y, 1.0, &mut p, &mut s)?;
//!     last = (p.value.unwrap() - 3.0 * a).abs();
//! }
//! assert!(last < 5.0, "{last}");
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `linear_model/lin_reg.py`.

use super::glm::{Glm, Settings, glm_estimator};
use crate::catalog::Builder;
use crate::error::{Error, Result};
use crate::estimator::Regressor;
use crate::features::{Context, Features};
use crate::optim::{Initializer, LearningRate, Loss};
use crate::params::Spec;

crate::params! {
    /// Parameters of [`LinearRegression`].
    pub struct Params {
        /// How the weights move. The intercept has its own learning rate.
        optimizer: Spec = Spec(serde_json::json!({"SGD": {"lr": 0.01}})),
        /// The regression loss whose gradient is followed.
        loss: Loss = Loss::Squared {},
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
pub struct LinearRegression {
    params: Params,
    glm: Glm,
}

glm_estimator! {
    LinearRegression as Regressor, name "LinearRegression",
    "A number from a weighted sum of the features",
    params = |p: &mut Params, glm: &Glm| p.optimizer.0 = glm.optimizer().spec(),
}

impl LinearRegression {
    /// A model whose weights are all at their first values.
    pub fn new(mut params: Params, builder: &Builder<'_>) -> Result<Self> {
        if params.loss.is_binary() || params.loss.is_multiclass() {
            return Err(Error::new(format!(
                "loss must be a regression one, got {:?}",
                params.loss
            )));
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

impl Regressor for LinearRegression {
    fn learn_one(&mut self, x: &Features, y: f64, w: f64, cx: &mut Context<'_>) {
        self.glm.learn(x, y, w, cx);
    }

    fn predict_one(&self, x: &Features, cx: &mut Context<'_>) -> f64 {
        cx.refuse_texts(x, "LinearRegression");
        self.glm.loss.mean(self.glm.raw_dot(x))
    }
}
