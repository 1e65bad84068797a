//! `PriorClassifier`: predicts how often each class came. A figure that any model must beat.
//!
//! **Shape** any features, which play no part; any number of classes. **Cost** 8 bytes a class.
//! **Errors** none.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let mut model = Model::new(&json!("PriorClassifier"), &Catalog::builtin())?;
//! let (mut s, mut p) = (Scratch::default(), Prediction::default());
//! let x = Row::from_json(&json!({"a": 1}))?;
//! for class in ["+", "+", "+", "-"] {
//!     model.learn(&x, &Target::Text(class.into()), 1.0, &mut s)?;
//! }
//! model.predict(&x, &mut p, &mut s)?;
//! assert_eq!(p.proba, [0.75, 0.25]);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `dummy.py`; the weight of an event, which River's does not take, counts it as
//! often.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::estimator::{ClassId, Classifier};
use crate::features::{Context, Features};
use crate::merge::{Additive, Fixed, Gather, Merge, Spread};

crate::params! {
    /// Parameters of [`PriorClassifier`]: none.
    pub struct Params {}
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    counts: Vec<f64>,
    n: f64,
}

/// See the module's documentation.
pub struct PriorClassifier {
    params: Params,
    state: State,
}

crate::estimator! {
    PriorClassifier in "dummy" as Classifier, version 1, name "PriorClassifier",
    "Predicts how often each class came",
    merge = exact "counts by class",
}

impl PriorClassifier {
    /// A classifier that has seen nothing.
    #[allow(clippy::unnecessary_wraps, reason = "the signature that the catalogue builds with")]
    pub fn new(params: Params) -> Result<Self> {
        Ok(Self { params, state: State::default() })
    }
}

/// Counts add up.
impl Additive for PriorClassifier {
    fn merge(&self) -> Merge {
        Merge::Exact
    }

    fn sums(&self, out: &mut Gather<'_>) {
        let mut tensor = out.tensor("classes");
        for (class, &n) in self.state.counts.iter().enumerate().filter(|(_, n)| **n > 0.0) {
            tensor.class(class as ClassId, Fixed::of(n));
        }
    }

    fn set_sums(&mut self, from: &Spread<'_>) {
        let mut s = State { counts: vec![0.0; from.classes()], n: 0.0 };
        for (class, n) in from.class("classes").map(|(class, n)| (class, n.to_f64().max(0.0))) {
            s.counts[class as usize] = n;
            s.n += n;
        }
        self.state = s;
    }
}

impl Classifier for PriorClassifier {
    fn multiclass(&self) -> bool {
        true
    }

    fn learn_one(&mut self, _x: &Features, y: ClassId, w: f64, _cx: &mut Context<'_>) {
        if w <= 0.0 {
            return;
        }
        let (s, y) = (&mut self.state, y as usize);
        if s.counts.len() <= y {
            s.counts.resize(y + 1, 0.0);
        }
        s.counts[y] += w;
        s.n += w;
    }

    fn predict_proba_one(&self, _x: &Features, proba: &mut Vec<f64>, _cx: &mut Context<'_>) {
        let s = &self.state;
        let share = |&count: &f64| if count > 0.0 { count / s.n } else { f64::NAN };
        proba.extend(s.counts.iter().map(share));
    }
}
