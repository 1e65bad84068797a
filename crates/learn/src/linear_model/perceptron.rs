//! `Perceptron`: logistic regression that learns from its mistakes only, in steps of 1.
//!
//! `p = σ(w · x + b)`; an event on the wrong side moves `w` by `±x` and `b` by `±1`. It is
//! `LogisticRegression` with the loss `{"Hinge": {"threshold": 0.0}}` and learning rates of 1.
//!
//! **Shape** any numbers in; two classes, `false` and `true`. **Cost** 8 bytes a feature; a few
//! operations a number. **Errors** a text that reaches it is refused.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let mut model = Model::new(&json!(["StandardScaler", "Perceptron"]), &Catalog::builtin())?;
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
//! **Source** Rosenblatt, F., 1958. The perceptron. River, `linear_model/perceptron.py`.

use super::glm::{Glm, Settings, glm_estimator};
use crate::catalog::Builder;
use crate::error::Result;
use crate::estimator::{ClassId, Classifier};
use crate::features::{Context, Features};
use crate::optim::{Initializer, LearningRate, Loss};
use crate::params::Spec;

crate::params! {
    /// Parameters of [`Perceptron`].
    pub struct Params {
        /// Pull of the weights of present features towards 0, 0 or more.
        l2: f64 = 0.0,
        /// Limit on the absolute value of the gradient before it is multiplied by the features.
        clip_gradient: f64 = 1e12,
        /// The weights' first values.
        initializer: Initializer = Initializer::Zeros {},
    }
}

/// See the module's documentation.
pub struct Perceptron {
    params: Params,
    glm: Glm,
}

glm_estimator! {
    Perceptron as Classifier, name "Perceptron",
    "Logistic regression that learns from its mistakes only",
    params = |_: &mut Params, _: &Glm| (),
}

impl Perceptron {
    /// A model whose weights are all at their first values.
    pub fn new(params: Params, builder: &Builder<'_>) -> Result<Self> {
        let settings = Settings {
            optimizer: Spec(serde_json::json!({"SGD": {"lr": 1.0}})),
            loss: Loss::Hinge { threshold: 0.0 },
            l2: params.l2,
            l1: 0.0,
            intercept_init: 0.0,
            intercept_lr: LearningRate::Constant(1.0),
            clip_gradient: params.clip_gradient,
            initializer: params.initializer.clone(),
        };
        Ok(Self { params, glm: Glm::new(settings, builder)? })
    }
}

impl Classifier for Perceptron {
    fn multiclass(&self) -> bool {
        false
    }

    fn learn_one(&mut self, x: &Features, y: ClassId, w: f64, cx: &mut Context<'_>) {
        self.glm.learn(x, f64::from(y), w, cx);
    }

    fn predict_proba_one(&self, x: &Features, proba: &mut Vec<f64>, cx: &mut Context<'_>) {
        cx.refuse_texts(x, "Perceptron");
        let p = self.glm.loss.mean(self.glm.raw_dot(x));
        proba.extend([1.0 - p, p]);
    }
}
