//! `BayesianLogisticRegression`: a Gaussian belief about the weights, for two classes.
//!
//! The belief is kept as what adds up: its precision `α·I + L` and its natural mean `e`, with the
//! covariance `Σ = (α·I + L)⁻¹` and the mean `m = Σ·e` beside them. An event moves the belief to
//! where its own likelihood and the belief before it agree best: `z` solves
//! `z = x·m + (xᵀΣx)·(y − σ(z))`, a Newton search of one number. Then, with `p = σ(z)` and
//! `h = p·(1 − p)`, `L` grows by `h·x·xᵀ`, `e` by `x·(h·z + y − p)`, `m` by `Σx·(y − p)`, and `Σ`
//! shrinks by `Σx·(Σx)ᵀ·h / (1 + h·xᵀΣx)`. There is no learning rate. The probability of `true`
//! is `σ(x·m)`. An event's weight counts it so many times.
//!
//! Peers are merged by adding their `L` and `e`: that is no average of weights, each says how much
//! it knows in which direction. It is not exact, since each event is linearized where its own peer
//! stood; `tests/merging_laws.rs` holds it to 0.001 nats.
//!
//! **Shape** any numbers in, at most 512 different features; two classes, `false` and `true`.
//! **Cost** `12·n²` bytes for n features; an event costs about `2·n²` operations. Taking over sums
//! costs about `n³`. **Errors** a text that reaches it is refused, and so is an event that would
//! bring the features above 512; where the model learns without predicting, it passes over such an
//! event, and over one so large that its square is not a number. Sums of more features are refused.
//! A feature that the vocabulary forgets weighs nothing from then on, and the belief about the
//! others is the one that goes with that.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let mut model = Model::new(&json!("BayesianLogisticRegression"), &Catalog::builtin())?;
//! let (mut s, mut p, mut right) = (Scratch::default(), Prediction::default(), 0);
//! for i in 0..1000_u32 {
//!     let (a, b) = (f64::from(i * 7919 % 101), f64::from(i * 104_729 % 103));
//!     let y = Target::Bool(a > b);
//!     model.step(&Row::from_json(&json!({"a": a, "b": b}))?, &y, 1.0, &mut p, &mut s)?;
//!     right += usize::from(p.class() == model.class_of(&y));
//! }
//! assert!(right > 970, "{right}");
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Spiegelhalter, D.J. and Lauritzen, S.L., 1990. Sequential updating of conditional
//! probabilities on directed graphical structures, section 5. MacKay, D.J.C., 1992. The evidence
//! framework applied to classification networks. River has none.

use serde::{Deserialize, Serialize};

use super::cholesky::Cholesky;
use crate::error::{Error, Result};
use crate::estimator::{ClassId, Classifier, WeightKey};
use crate::features::{Context, FeatureId, Features, Slots};
use crate::math;
use crate::merge::{Additive, Fixed, Gather, Merge, Spread};
use crate::params::check_range;

/// Features that one belief may be about: what is kept of so many takes 3 MiB.
pub const FEATURES_MAX: usize = 512;

crate::params! {
    /// Parameters of [`BayesianLogisticRegression`].
    pub struct Params {
        /// Precision of the prior of each weight, above 0: the larger, the closer to 0 they stay.
        alpha: f64 = 1.0,
        /// Whether there is an intercept, which has the same prior.
        learn_intercept: bool = true,
    }
}

/// The intercept has place 0, whether it is learned or not.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    /// The feature's place in the belief; 0 when it has none.
    places: Slots<u32>,
    /// Places of forgotten features, to be given out again.
    free: Vec<u32>,
    /// Places given out.
    n: usize,
    /// Room for places: the side of the covariance.
    cap: usize,
    /// `Σ`, row by row.
    covariance: Vec<f64>,
    mean: Vec<f64>,
    /// `L`, on and below the diagonal, row by row.
    precision: Vec<f64>,
    /// `e`.
    natural: Vec<f64>,
}

/// Buffers of one event.
#[derive(Debug, Default)]
struct Work {
    /// The event by places.
    x: Vec<(usize, f64)>,
    /// `Σx`.
    product: Vec<f64>,
    cholesky: Cholesky,
}

/// See the module's documentation.
pub struct BayesianLogisticRegression {
    params: Params,
    state: State,
    work: Work,
}

crate::estimator! {
    BayesianLogisticRegression in "linear_model" as Classifier, version 1,
    name "BayesianLogisticRegression",
    "A Gaussian belief about the weights, for two classes",
    weights = |this: &BayesianLogisticRegression, visit: &mut dyn FnMut(WeightKey, f64)| {
        visit(WeightKey { class: None, feature: None }, this.state.mean[0]);
        for (id, place) in this.state.placed() {
            visit(WeightKey { class: None, feature: Some(id) }, this.state.mean[place]);
        }
    },
    forgotten = BayesianLogisticRegression::forgotten,
    merge = approximate "the precision and natural mean that events add, by pairs of features",
}

/// Where the cell of two places is in `L`.
fn cell(a: usize, b: usize) -> usize {
    let (low, high) = if a < b { (a, b) } else { (b, a) };
    high * (high + 1) / 2 + low
}

impl State {
    fn placed(&self) -> impl Iterator<Item = (FeatureId, usize)> + '_ {
        let places = self.places.as_slice().iter().enumerate();
        places.filter(|(_, place)| **place > 0).map(|(id, &at)| (id as FeatureId, at as usize))
    }

    fn place(&mut self, id: FeatureId, prior: f64) -> usize {
        let known = self.places.get(id) as usize;
        if known > 0 {
            return known;
        }
        let place = self.free.pop().map_or(self.n, |place| place as usize);
        self.grow(place + 1, prior);
        *self.places.at(id) = place as u32;
        place
    }

    /// Room for so many places, of which the new ones have the prior.
    fn grow(&mut self, n: usize, prior: f64) {
        if n > self.cap {
            let cap = n.max(8).max(2 * self.cap).min(FEATURES_MAX + 1).max(n);
            let mut covariance = vec![0.0; cap * cap];
            for (i, row) in covariance.chunks_exact_mut(cap).enumerate() {
                if i < self.cap {
                    row[..self.cap].copy_from_slice(&self.covariance[i * self.cap..][..self.cap]);
                } else {
                    row[i] = 1.0 / prior;
                }
            }
            (self.covariance, self.cap) = (covariance, cap);
            self.mean.resize(cap, 0.0);
            self.natural.resize(cap, 0.0);
            self.precision.resize(cap * (cap + 1) / 2, 0.0);
        }
        self.n = self.n.max(n);
    }

    /// Makes covariance and mean of precision and natural mean.
    fn solve(&mut self, prior: f64, work: &mut Cholesky) {
        let (n, cap, l) = (self.n, self.cap, &self.precision);
        let known = |i, j| if i == j { prior + l[cell(i, j)] } else { l[cell(i, j)] };
        if !work.factor_anyway(n, known) {
            // Sums that are no numbers a belief could have: back to the prior.
            self.covariance.fill(0.0);
            self.covariance.iter_mut().step_by(cap + 1).for_each(|cell| *cell = 1.0 / prior);
            self.mean.fill(0.0);
            return;
        }
        work.invert(&mut self.covariance, cap);
        self.mean.copy_from_slice(&self.natural);
        work.solve(&mut self.mean[..n]);
    }
}

/// Where likelihood and belief agree best: the root of `t − z − s·w·(y − σ(t))`, which rises.
fn agree(z: f64, s: f64, y: f64) -> f64 {
    let (mut low, mut high) = (z - s * (1.0 - y), z + s * y);
    let mut t = z;
    // Where both ends are flat, halving brings it from 10³⁰ to where the slope says more.
    for _ in 0..256 {
        let p = math::sigmoid(t);
        let off = t - z - s * (y - p);
        if off > 0.0 {
            high = t;
        } else {
            low = t;
        }
        let step = t - off / (1.0 + s * (p * (1.0 - p)));
        if (step - t).abs() <= 1e-14 * t.abs().max(1.0) {
            return step;
        }
        // Not onto an end: from a flat one, the step would lead to the other one and back.
        let next = if low < step && step < high { step } else { 0.5 * (low + high) };
        if (next - t).abs() <= 1e-14 * t.abs().max(1.0) {
            return next;
        }
        t = next;
    }
    t
}

impl BayesianLogisticRegression {
    /// A model that believes nothing yet.
    pub fn new(params: Params) -> Result<Self> {
        check_range("alpha", params.alpha, 1e-12, 1e12)?;
        let mut state = State::default();
        state.grow(1, params.alpha);
        Ok(Self { params, state, work: Work::default() })
    }

    /// How many features the belief would be about after this event.
    fn features_with(&self, x: &Features) -> usize {
        let s = &self.state;
        let new = x.ids().iter().filter(|&&id| s.places.get(id) == 0).count();
        s.n - 1 - s.free.len() + new
    }

    fn raw(&self, x: &Features) -> f64 {
        let s = &self.state;
        let mut sum = if self.params.learn_intercept { s.mean[0] } else { 0.0 };
        for (id, v) in x.iter() {
            let place = s.places.get(id) as usize;
            if place > 0 {
                sum += s.mean[place] * v;
            }
        }
        sum
    }

    fn forgotten(&mut self, gone: &[FeatureId]) {
        let s = &mut self.state;
        let before = s.free.len();
        for &id in gone {
            let place = s.places.get(id);
            if place > 0 {
                (0..s.n).for_each(|other| s.precision[cell(place as usize, other)] = 0.0);
                s.natural[place as usize] = 0.0;
                s.free.push(place);
            }
        }
        s.places.forget(gone);
        if s.free.len() > before {
            s.solve(self.params.alpha, &mut self.work.cholesky);
        }
    }
}

impl Classifier for BayesianLogisticRegression {
    fn multiclass(&self) -> bool {
        false
    }

    fn learn_one(&mut self, x: &Features, y: ClassId, w: f64, _cx: &mut Context<'_>) {
        let size: f64 = x.values().iter().map(|v| v * v).sum();
        if self.features_with(x) > FEATURES_MAX || w <= 0.0 || !size.is_finite() {
            return;
        }
        let Self { params, state: s, work } = self;
        work.x.clear();
        if params.learn_intercept {
            work.x.push((0, 1.0));
        }
        for (id, v) in x.iter() {
            let place = s.place(id, params.alpha);
            work.x.push((place, v));
        }
        let (n, cap) = (s.n, s.cap);
        work.product.clear();
        work.product.resize(n, 0.0);
        let (mut z, mut spread) = (0.0, 0.0);
        for &(place, v) in &work.x {
            z += v * s.mean[place];
            let row = &s.covariance[place * cap..][..n];
            work.product.iter_mut().zip(row).for_each(|(sum, cell)| *sum += v * cell);
        }
        for &(place, v) in &work.x {
            spread += v * work.product[place];
        }
        let z = agree(z, spread.max(0.0) * w, f64::from(y));
        let p = math::sigmoid(z);
        let (h, slope) = (w * (p * (1.0 - p)), w * (f64::from(y) - p));
        for (at, &(a, v)) in work.x.iter().enumerate() {
            s.natural[a] += v * (h * z + slope);
            for &(b, u) in &work.x[..=at] {
                s.precision[cell(a, b)] += h * (v * u);
            }
        }
        let share = h / (1.0 + h * spread.max(0.0));
        for ((row, mean), &a) in
            s.covariance.chunks_exact_mut(cap).zip(&mut s.mean).zip(&work.product)
        {
            *mean += slope * a;
            if a != 0.0 {
                for (cell, &b) in row[..n].iter_mut().zip(&work.product) {
                    // The product of the two first: the matrix stays symmetric to the last bit.
                    *cell -= share * (a * b);
                }
            }
        }
    }

    fn predict_proba_one(&self, x: &Features, proba: &mut Vec<f64>, cx: &mut Context<'_>) {
        cx.refuse_texts(x, "BayesianLogisticRegression");
        let wanted = self.features_with(x);
        if wanted > FEATURES_MAX {
            cx.refuse(too_many("with this event", wanted));
        }
        let p = math::sigmoid(self.raw(x));
        proba.extend([1.0 - p, p]);
    }
}

fn too_many(when: &str, wanted: usize) -> Error {
    Error::new(format!(
        "{when} BayesianLogisticRegression would meet {wanted} features, its covariance has room \
         for {FEATURES_MAX}; use LogisticRegression, or Select or FeatureHasher before it"
    ))
}

impl Additive for BayesianLogisticRegression {
    fn merge(&self) -> Merge {
        Merge::Approximate
    }

    fn sums(&self, out: &mut Gather<'_>) {
        let s = &self.state;
        let at = |a, b| Fixed::of(s.precision[cell(a, b)]);
        out.tensor("intercept").block([at(0, 0), Fixed::of(s.natural[0])].into_iter());
        let mut natural = out.tensor("natural");
        s.placed().for_each(|(id, place)| natural.feature(id, Fixed::of(s.natural[place])));
        let mut beside = out.tensor("precision beside the intercept");
        s.placed().for_each(|(id, place)| beside.feature(id, at(0, place)));
        let mut pairs = out.tensor("precision");
        for (id, a) in s.placed() {
            let up_to = s.placed().take_while(|&(other, _)| other <= id);
            up_to.for_each(|(other, b)| pairs.pair(other, id, at(a, b)));
        }
    }

    fn room(&self, from: &Spread<'_>) -> Result<()> {
        let wanted = from.count("natural");
        if wanted > FEATURES_MAX {
            return Err(too_many("with what peers learned", wanted));
        }
        Ok(())
    }

    /// Places are given out by names, so that the same sums give the same bits.
    fn set_sums(&mut self, from: &Spread<'_>) {
        let prior = self.params.alpha;
        let mut s = State::default();
        s.grow(1, prior);
        if let &[l, e] = from.block("intercept") {
            (s.precision[0], s.natural[0]) = (l.to_f64(), e.to_f64());
        }
        for (id, e) in from.feature("natural") {
            let place = s.place(id, prior);
            s.natural[place] = e.to_f64();
        }
        for (id, l) in from.feature("precision beside the intercept") {
            let place = s.places.get(id) as usize;
            s.precision[cell(place, 0)] = l.to_f64();
        }
        for (a, b, l) in from.pair("precision") {
            let (a, b) = (s.places.get(a) as usize, s.places.get(b) as usize);
            if a > 0 && b > 0 {
                s.precision[cell(a, b)] = l.to_f64();
            }
        }
        s.solve(prior, &mut self.work.cholesky);
        self.state = s;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Catalog, Model, Prediction, Row, Scratch, Target};

    fn model(params: &serde_json::Value) -> Model {
        let spec = json!({ "BayesianLogisticRegression": params });
        Model::new(&spec, &Catalog::builtin()).unwrap()
    }

    fn learn(model: &mut Model, x: &serde_json::Value, y: bool) {
        let row = Row::from_json(x).unwrap();
        model.learn(&row, &Target::Bool(y), 1.0, &mut Scratch::default()).unwrap();
    }

    fn proba(model: &Model, x: &serde_json::Value) -> f64 {
        let (mut s, mut p) = (Scratch::default(), Prediction::default());
        model.predict(&Row::from_json(x).unwrap(), &mut p, &mut s).unwrap();
        p.positive()
    }

    #[test]
    fn one_event_moves_to_where_it_and_the_prior_agree() {
        let mut model = model(&json!({"alpha": 0.5, "learn_intercept": false}));
        learn(&mut model, &json!({"a": 3.0}), true);
        // The mean w maximizes ln σ(3w) − w²/4: 3·(1 − σ(3w)) = w/2.
        let p = proba(&model, &json!({"a": 3.0}));
        let w = math::ln(p / (1.0 - p)) / 3.0;
        assert!((3.0 * (1.0 - p) - 0.5 * w).abs() < 1e-12, "{p} {w}");
    }

    #[test]
    fn a_surprise_does_not_overshoot() {
        let mut model = model(&json!({}));
        for _ in 0..50 {
            learn(&mut model, &json!({"a": 1.0}), true);
        }
        let before = proba(&model, &json!({"a": 1e6}));
        learn(&mut model, &json!({"a": 1e6}), false);
        let after = proba(&model, &json!({"a": 1e6}));
        // A step by the slope where it stood would go on to −10⁵ and to a probability of 0.
        assert!(before > 0.999 && after > 1e-9 && after < 0.5, "{before} {after}");
        learn(&mut model, &json!({"a": 1e300}), false);
        assert!(proba(&model, &json!({"a": 1.0})).is_finite());
    }

    #[test]
    fn a_weight_counts_an_event_so_many_times() {
        let (mut once, mut thrice) = (model(&json!({})), model(&json!({})));
        let row = Row::from_json(&json!({"a": 0.3})).unwrap();
        let mut scratch = Scratch::default();
        once.learn(&row, &Target::Bool(true), 3.0, &mut scratch).unwrap();
        for _ in 0..3 {
            thrice.learn(&row, &Target::Bool(true), 1.0, &mut scratch).unwrap();
        }
        let (a, b) = (proba(&once, &json!({"a": 0.3})), proba(&thrice, &json!({"a": 0.3})));
        assert!((a - b).abs() < 0.01 && a > 0.7, "{a} {b}");
    }

    #[test]
    fn features_beyond_the_limit_are_refused() {
        let wide = |n: usize| {
            json!((0..n).map(|i| (format!("f{i}"), json!(1.0))).collect::<serde_json::Map<_, _>>())
        };
        let mut full = model(&json!({}));
        learn(&mut full, &wide(FEATURES_MAX), true);
        let row = Row::from_json(&json!({"more": 1.0})).unwrap();
        let (mut s, mut p) = (Scratch::default(), Prediction::default());
        let error = full.step(&row, &Target::Bool(true), 1.0, &mut p, &mut s).unwrap_err();
        assert!(error.to_string().contains("would meet 513 features"), "{error}");
        let mut other = model(&json!({}));
        learn(&mut other, &json!({"more": 1.0}), true);
        let mut sum = full.sums();
        sum.add(&other.sums());
        let before = other.save();
        let error = other.set_sums(&sum).unwrap_err();
        assert!(error.to_string().contains("with what peers learned"), "{error}");
        assert_eq!(other.save(), before);
        other.set_sums(&full.sums()).unwrap();
        assert!(proba(&other, &wide(FEATURES_MAX)) > 0.9);
    }

    #[test]
    fn a_forgotten_feature_weighs_nothing_and_its_place_is_given_out_again() {
        let spec = json!("BayesianLogisticRegression");
        let mut model = Model::with_cap(&spec, &Catalog::builtin(), 8).unwrap();
        for i in 0..60 {
            learn(&mut model, &json!({"a": 1.0, format!("only{i}"): 2.0}), i % 3 > 0);
        }
        let sums = model.sums();
        assert!(sums.iter().all(|(key, _)| key.feature.as_deref() != Some("only0")));
        let asked = json!({"a": 1.0});
        let before = proba(&model, &asked);
        model.set_sums(&sums).unwrap();
        assert!((proba(&model, &asked) - before).abs() < 1e-9);
    }
}
