//! `NoChangeClassifier`: predicts the last class again. A figure to beat where classes stick.
//!
//! The last class has probability 1 and every other class met has 0.
//!
//! **Shape** any features, which play no part; any number of classes. **Cost** none. **Errors**
//! none.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let mut model = Model::new(&json!("NoChangeClassifier"), &Catalog::builtin())?;
//! let (mut s, mut p) = (Scratch::default(), Prediction::default());
//! let x = Row::from_json(&json!({"a": 1}))?;
//! for class in ["+", "+", "-"] {
//!     model.learn(&x, &Target::Text(class.into()), 1.0, &mut s)?;
//! }
//! model.predict(&x, &mut p, &mut s)?;
//! assert_eq!(p.proba, [0.0, 1.0]);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `dummy.py`.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::estimator::{ClassId, Classifier};
use crate::features::{Context, Features};

crate::params! {
    /// Parameters of [`NoChangeClassifier`]: none.
    pub struct Params {}
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    last: Option<ClassId>,
    /// Per class, whether it has come.
    seen: Vec<bool>,
}

/// See the module's documentation.
pub struct NoChangeClassifier {
    params: Params,
    state: State,
}

crate::estimator! {
    NoChangeClassifier in "dummy" as Classifier, version 1, name "NoChangeClassifier",
    "Predicts the last class again",
    merge = member "the last class is a peer's own",
}

impl NoChangeClassifier {
    /// A classifier that has seen nothing.
    #[allow(clippy::unnecessary_wraps, reason = "the signature that the catalogue builds with")]
    pub fn new(params: Params) -> Result<Self> {
        Ok(Self { params, state: State::default() })
    }
}

impl Classifier for NoChangeClassifier {
    fn multiclass(&self) -> bool {
        true
    }

    fn learn_one(&mut self, _x: &Features, y: ClassId, _w: f64, _cx: &mut Context<'_>) {
        let class = y as usize;
        if self.state.seen.len() <= class {
            self.state.seen.resize(class + 1, false);
        }
        self.state.seen[class] = true;
        self.state.last = Some(y);
    }

    fn predict_proba_one(&self, _x: &Features, proba: &mut Vec<f64>, _cx: &mut Context<'_>) {
        proba.extend(self.state.seen.iter().map(|&seen| if seen { 0.0 } else { f64::NAN }));
        if let Some(last) = self.state.last {
            proba[last as usize] = 1.0;
        }
    }
}
