//! `GaussianNB`: naive Bayes for numbers, a normal distribution per class and feature.
//!
//! `ln P(c | x) ∝ ln P(c) + Σ ln(1e-9 + N(xᵢ; mean, variance))`, with the population variance
//! `squares / n`. A feature that a class has not met, or always met with one value, has density 0.
//!
//! **Shape** any numbers in; any number of classes. **Cost** 24 bytes a class and feature; an
//! exponential and a logarithm for each in a prediction. **Errors** a text that reaches it is
//! refused.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let mut model = Model::new(&json!("GaussianNB"), &Catalog::builtin())?;
//! let (mut s, mut p, mut right) = (Scratch::default(), Prediction::default(), 0);
//! for i in 0..300_u32 {
//!     let class = i % 3;
//!     let x = f64::from(class * 10 + i * 7919 % 7);
//!     let y = Target::Text(["low", "middle", "high"][class as usize].into());
//!     model.step(&Row::from_json(&json!({"x": x}))?, &y, 1.0, &mut p, &mut s)?;
//!     right += usize::from(p.class() == model.class_of(&y));
//! }
//! assert!(right > 280, "{right}");
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `naive_bayes/gaussian.py` and `proba/gaussian.py`; the weight of an event,
//! which River's does not take, counts it as often.

use serde::{Deserialize, Serialize};

use super::classes::Classes;
use crate::error::Result;
use crate::estimator::{Attribute, ClassId, Classifier};
use crate::features::{Context, FeatureId, Features, Names, Slots};
use crate::math;
use crate::merge::{Additive, Fixed, Gather, Merge, Spread, fixed};

crate::params! {
    /// Parameters of [`GaussianNB`]: none.
    pub struct Params {}
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    classes: Classes,
    gaussians: Vec<Gaussians>,
}

/// A normal distribution per feature.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Gaussians {
    n: Slots<f64>,
    means: Slots<f64>,
    squares: Slots<f64>,
}

/// Keeps the logarithm finite where the density is 0.
const DENSITY_MIN: f64 = 1e-9;
/// √(2π)
const ROOT_TAU: f64 = 2.506_628_274_631_000_2;

impl Gaussians {
    /// Weight of events, mean and sum of squared distances from it, by feature.
    fn shown(&self, names: &Names<'_>) -> Attribute {
        let came = self.n.as_slice().iter().enumerate().filter(|(_, n)| **n > 0.0);
        let numbers = came.map(|(i, &n)| {
            let numbers = [n, self.means.as_slice()[i], self.squares.as_slice()[i]];
            (i as FeatureId, Attribute::List(numbers.map(Attribute::Float).to_vec()))
        });
        Attribute::by_feature(names, numbers)
    }

    fn learn(&mut self, x: &Features, w: f64) {
        let end = x.end();
        self.n.grow(end);
        self.means.grow(end);
        self.squares.grow(end);
        let (n, means) = (self.n.as_mut_slice(), self.means.as_mut_slice());
        let squares = self.squares.as_mut_slice();
        for (id, v) in x.iter() {
            let i = id as usize;
            let before = means[i];
            n[i] += w;
            means[i] += (w / n[i]) * (v - before);
            squares[i] += w * (v - before) * (v - means[i]);
        }
    }

    fn log_likelihood(&self, x: &Features) -> f64 {
        let (n, means) = (self.n.as_slice(), self.means.as_slice());
        let squares = self.squares.as_slice();
        let nothing = math::ln(DENSITY_MIN);
        let mut sum = 0.0;
        for (id, v) in x.iter() {
            let i = id as usize;
            sum += match n.get(i) {
                Some(&n) if n > 0.0 && squares[i] / n > 0.0 => {
                    let sigma = (squares[i] / n).sqrt();
                    let z = (v - means[i]) / sigma;
                    math::ln(DENSITY_MIN + math::exp(-0.5 * z * z) / ROOT_TAU / sigma)
                }
                _ => nothing,
            };
        }
        sum
    }
}

/// See the module's documentation.
pub struct GaussianNB {
    params: Params,
    state: State,
}

crate::estimator! {
    GaussianNB in "naive_bayes" as Classifier, version 1, name "GaussianNB",
    "Naive Bayes for numbers, a normal distribution per class and feature",
    forget = |state: &mut State, gone: &[FeatureId]| {
        for g in &mut state.gaussians {
            g.n.forget(gone);
            g.means.forget(gone);
            g.squares.forget(gone);
        }
    },
    attribute = |model: &GaussianNB, name: &str, names: &Names<'_>| {
        let s = &model.state;
        match name {
            "class_counts" => Some(s.classes.class_counts()),
            "gaussians" => Some(s.classes.shown(|c| s.gaussians[c].shown(names))),
            _ => None,
        }
    },
    merge = exact "counts, sums and sums of squares by class and feature",
}

/// Counts, sums and sums of squares by class and feature.
impl Additive for GaussianNB {
    fn merge(&self) -> Merge {
        Merge::Exact
    }

    fn sums(&self, out: &mut Gather<'_>) {
        let s = &self.state;
        s.classes.sums(out);
        for (name, power) in [("n", 0), ("sum", 1), ("squares", 2)] {
            let mut tensor = out.tensor(name);
            for (class, g) in s.gaussians.iter().enumerate() {
                for (i, &n) in g.n.as_slice().iter().enumerate().filter(|(_, n)| **n > 0.0) {
                    let (mean, m2) = (g.means.as_slice()[i], g.squares.as_slice()[i]);
                    let cell = match power {
                        0 => Fixed::of(n),
                        1 => Fixed::product(n, mean),
                        _ => Fixed::of(m2).add(Fixed::square(n, mean)),
                    };
                    tensor.class_feature(class as ClassId, i as FeatureId, cell);
                }
            }
        }
    }

    fn set_sums(&mut self, from: &Spread<'_>) {
        let mut sums: Vec<Slots<[Fixed; 2]>> = vec![Slots::default(); from.classes()];
        for (class, id, sum) in from.class_feature("sum") {
            sums[class as usize].at(id)[0] = sum;
        }
        for (class, id, sum) in from.class_feature("squares") {
            sums[class as usize].at(id)[1] = sum;
        }
        let mut gaussians = vec![Gaussians::default(); from.classes()];
        for g in &mut gaussians {
            g.n.grow(from.end());
            g.means.grow(from.end());
            g.squares.grow(from.end());
        }
        for (class, id, n) in from.class_feature("n").filter(|(.., n)| *n > Fixed::ZERO) {
            let [s1, s2] = sums[class as usize].get(id);
            let g = &mut gaussians[class as usize];
            *g.n.at(id) = n.to_f64();
            (*g.means.at(id), *g.squares.at(id)) = fixed::moments(n, s1, s2);
        }
        self.state = State { classes: Classes::of_sums(from), gaussians };
    }
}

impl GaussianNB {
    /// A classifier that has seen nothing.
    #[allow(clippy::unnecessary_wraps, reason = "the signature that the catalogue builds with")]
    pub fn new(params: Params) -> Result<Self> {
        Ok(Self { params, state: State::default() })
    }
}

impl Classifier for GaussianNB {
    fn multiclass(&self) -> bool {
        true
    }

    fn learn_one(&mut self, x: &Features, y: ClassId, w: f64, _cx: &mut Context<'_>) {
        if w <= 0.0 {
            return;
        }
        let s = &mut self.state;
        s.classes.learn(y, w);
        if s.gaussians.len() < s.classes.len() {
            s.gaussians.resize_with(s.classes.len(), Gaussians::default);
        }
        s.gaussians[y as usize].learn(x, w);
    }

    fn predict_proba_one(&self, x: &Features, proba: &mut Vec<f64>, cx: &mut Context<'_>) {
        cx.refuse_texts(x, "GaussianNB");
        let s = &self.state;
        s.classes.predict(proba, |c| s.classes.log_share(c) + s.gaussians[c].log_likelihood(x));
    }
}
