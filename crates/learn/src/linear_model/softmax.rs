//! `SoftmaxRegression`: the probability of each class from one weighted sum a class.
//!
//! `p_c = exp(w_c · x) / Σ_k exp(w_k · x)` over the classes learned so far. An event of class y
//! moves each class's weights one step against `(p_c − [c = y]) · x + l2 · w_c`, with an optimizer
//! of its own. There is no intercept, as in River: add a constant feature where one is needed.
//!
//! **Shape** any numbers in; any number of classes. No opinion before the first event.
//! **Cost** 8 bytes a feature and class plus the optimizers' states; an exponential a class and a
//! few operations a number and class. **Errors** a text that reaches it is refused. An event's
//! weight has no effect, as in River.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let last = json!({"SoftmaxRegression": {"optimizer": {"SGD": {"lr": 0.1}}}});
//! let spec = json!(["StandardScaler", last]);
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p, mut right) = (Scratch::default(), Prediction::default(), 0);
//! for i in 0..1000_u32 {
//!     let (a, b) = (f64::from(i * 7919 % 101), f64::from(i * 104_729 % 103));
//!     let y = Target::Text(if a > 50.0 { "a" } else if b > 50.0 { "b" } else { "c" }.into());
//!     model.step(&Row::from_json(&json!({"a": a, "b": b}))?, &y, 1.0, &mut p, &mut s)?;
//!     right += usize::from(p.class() == model.class_of(&y));
//! }
//! assert!(right > 850, "{right}");
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `linear_model/softmax.py`.

use super::{dot, visit_weights};
use crate::catalog::{Builder, Entry};
use crate::error::{Error, Result};
use crate::estimator::{Any, ClassId, Classifier, Estimator, WeightKey};
use crate::features::{Context, FeatureId, Features, Slots};
use crate::math;
use crate::merge::{Additive, Fixed, Gather, Merge, Spread, Statement};
use crate::optim::{Loss, Optimizer};
use crate::params::{self, Spec, check_range};
use crate::saved::{self, Loader};

crate::params! {
    /// Parameters of [`SoftmaxRegression`].
    pub struct Params {
        /// How the weights move; each class has its own copy.
        optimizer: Spec = Spec(serde_json::json!({"SGD": {"lr": 0.01}})),
        /// The loss of a class's probability whose gradient is followed.
        loss: Loss = Loss::CrossEntropy {},
        /// Pull of the weights of present features towards 0, 0 or more.
        l2: f64 = 0.0,
    }
}

/// The weights of one class, and how they move. A class that was never learned has no optimizer.
#[derive(Default)]
struct PerClass {
    weights: Slots<f64>,
    optimizer: Option<Box<dyn Optimizer>>,
}

/// See the module's documentation.
pub struct SoftmaxRegression {
    params: Params,
    optimizer: Box<dyn Optimizer>,
    classes: Vec<PerClass>,
}

impl SoftmaxRegression {
    /// This estimator's row in the catalogue.
    pub const ENTRY: Entry = Entry {
        name: "SoftmaxRegression",
        module: "linear_model",
        kind: crate::catalog::Kind::Classifier,
        version: 1,
        summary: "The probability of each class from one weighted sum a class",
        merge: Statement::Sums(Merge::Deltas, "steps of the weights"),
        params: Params::DOCS,
        defaults: || params::write(&Params::default()),
        build: |params, builder| {
            let params = params::read(params)?;
            Ok(Any::Classifier(Box::new(Self::new(params, builder)?)))
        },
        example: || serde_json::json!(["StandardScaler", "SoftmaxRegression"]),
    };

    /// A model that knows no class yet.
    pub fn new(params: Params, builder: &Builder<'_>) -> Result<Self> {
        check_range("l2", params.l2, 0.0, 1e12)?;
        if !params.loss.is_multiclass() {
            let loss = &params.loss;
            return Err(Error::new(format!("loss must be \"CrossEntropy\", got {loss:?}")));
        }
        let optimizer = builder.optimizer(&params.optimizer.0).map_err(|e| e.at("optimizer"))?;
        Ok(Self { params, optimizer, classes: Vec::new() })
    }

    /// The probability per class id; NaN for classes never learned, empty when there is none.
    fn proba(&self, x: &Features, proba: &mut Vec<f64>) {
        let sum_of = |c: &PerClass| match c.optimizer {
            Some(_) => dot(&c.weights, x),
            None => f64::NAN,
        };
        proba.extend(self.classes.iter().map(sum_of));
        // `max` passes over NaN, and so does nothing to the classes that are known.
        let largest = proba.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut total = 0.0;
        for p in proba.iter_mut().filter(|p| !p.is_nan()) {
            *p = math::exp(*p - largest);
            total += *p;
        }
        for p in proba.iter_mut() {
            *p /= total;
        }
    }
}

impl Estimator for SoftmaxRegression {
    fn entry(&self) -> &'static Entry {
        &Self::ENTRY
    }

    crate::additive!();

    fn params(&self) -> serde_json::Value {
        let mut params = self.params.clone();
        params.optimizer.0 = self.optimizer.spec();
        params::write(&params)
    }

    fn save(&self, out: &mut Vec<u8>) {
        let known: Vec<bool> = self.classes.iter().map(|c| c.optimizer.is_some()).collect();
        saved::put(out, &known);
        for class in &self.classes {
            if let Some(optimizer) = &class.optimizer {
                saved::put(out, &class.weights);
                saved::put_child(out, &**optimizer);
            }
        }
    }

    fn load(&mut self, from: &mut Loader<'_>) -> Result<()> {
        let known: Vec<bool> = from.get()?;
        self.classes = Vec::with_capacity(known.len());
        for known in known {
            let mut class = PerClass::default();
            if known {
                class.weights = from.get()?;
                let mut optimizer = self.optimizer.fresh();
                from.child(&mut *optimizer)?;
                class.optimizer = Some(optimizer);
            }
            self.classes.push(class);
        }
        Ok(())
    }

    fn forget(&mut self, gone: &[FeatureId]) {
        for class in &mut self.classes {
            class.weights.forget(gone);
            if let Some(optimizer) = &mut class.optimizer {
                optimizer.forget(gone);
            }
        }
    }

    fn weights(&self, visit: &mut dyn FnMut(WeightKey, f64)) {
        for (id, class) in self.classes.iter().enumerate() {
            visit_weights(&class.weights, Some(id as ClassId), visit);
        }
    }
}

/// Steps add up, unless the optimizer puts weights in place. A class without a weight is not known.
impl Additive for SoftmaxRegression {
    fn merge(&self) -> Merge {
        if self.optimizer.is_incremental() { Merge::Deltas } else { Merge::Member }
    }

    fn sums(&self, out: &mut Gather<'_>) {
        let mut tensor = out.tensor("weights");
        for (class, of) in self.classes.iter().enumerate() {
            visit_weights(&of.weights, None, &mut |key, w| {
                if let Some(id) = key.feature {
                    tensor.class_feature(class as ClassId, id, Fixed::of(w));
                }
            });
        }
    }

    fn set_sums(&mut self, from: &Spread<'_>) {
        for class in &mut self.classes {
            class.weights.as_mut_slice().fill(0.0);
        }
        let mut met = vec![false; from.classes()];
        if self.classes.len() < met.len() {
            self.classes.resize_with(met.len(), PerClass::default);
        }
        for (class, id, w) in from.class_feature("weights") {
            *self.classes[class as usize].weights.at(id) = w.to_f64();
            met[class as usize] = true;
        }
        for (class, met) in self.classes.iter_mut().zip(met) {
            if !met {
                class.optimizer = None;
            } else if class.optimizer.is_none() {
                class.optimizer = Some(self.optimizer.fresh());
            }
        }
    }
}

impl Classifier for SoftmaxRegression {
    fn multiclass(&self) -> bool {
        true
    }

    fn learn_one(&mut self, x: &Features, y: ClassId, _w: f64, cx: &mut Context<'_>) {
        for class in &mut self.classes {
            if let Some(optimizer) = &mut class.optimizer {
                class.weights.grow(x.end());
                optimizer.look_ahead(x, &mut class.weights);
            }
        }
        let mut proba = cx.take_floats();
        self.proba(x, &mut proba);
        let y = y as usize;
        if self.classes.len() <= y {
            self.classes.resize_with(y + 1, PerClass::default);
            proba.resize(y + 1, f64::NAN);
        }
        if self.classes[y].optimizer.is_none() {
            // To the gradient, a class met for the first time had the probability 0.
            self.classes[y].optimizer = Some(self.optimizer.fresh());
            proba[y] = 0.0;
        }
        let l2 = self.params.l2;
        let mut gradient = cx.take_floats();
        for (id, (class, &p)) in self.classes.iter_mut().zip(&proba).enumerate() {
            let Some(optimizer) = &mut class.optimizer else { continue };
            let slope = self.params.loss.gradient(f64::from(u8::from(id == y)), p);
            class.weights.grow(x.end());
            gradient.clear();
            gradient.extend(x.values().iter().map(|v| v * slope));
            if l2 != 0.0 {
                let weights = class.weights.as_slice();
                for (g, &id) in gradient.iter_mut().zip(x.ids()) {
                    *g += l2 * weights[id as usize];
                }
            }
            optimizer.step(x, &gradient, &mut class.weights);
        }
        cx.give_floats(gradient);
        cx.give_floats(proba);
    }

    fn predict_proba_one(&self, x: &Features, proba: &mut Vec<f64>, cx: &mut Context<'_>) {
        cx.refuse_texts(x, "SoftmaxRegression");
        self.proba(x, proba);
    }
}
