//! `BayesianLinearRegression`: a Gaussian belief about the weights, for features of any scale.
//!
//! The belief's precision `S` and natural mean `η` grow by `beta·x·xᵀ` and `beta·y·x`; the
//! prediction is `m · x` with `m = S⁻¹η`. Without `smoothing` the covariance `S⁻¹` and `m` are kept
//! themselves and moved by the event's error. With it, `S ← s·S + (1−s)·beta·x·xᵀ`, `η` alike, and
//! `m` is solved for at each event, so that the past fades. A feature absent from an event counts
//! as 0.
//! As in River, `S` and `S⁻¹` both begin as the identity divided by `alpha`.
//!
//! **Shape** at most 1,024 different features; one number out. **Cost** `8·n²` bytes for n
//! features; an event costs about `4·n²` operations, with `smoothing` `n³/3` more. **Errors** a
//! text that reaches it is refused, and so is an event that would bring the features above 1,024;
//! where the model learns without predicting, it passes over such an event. When `smoothing` has
//! let the precision fade until it is singular, the mean stays as it was. An event's weight has no
//! effect, as in River.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let mut model = Model::new(&json!("BayesianLinearRegression"), &Catalog::builtin())?;
//! let (mut s, mut p) = (Scratch::default(), Prediction::default());
//! for i in 0..200_u32 {
//!     let (a, b) = (f64::from(i * 7919 % 101), f64::from(i * 104_729 % 103));
//!     let y = Target::Number(3.0 * a - 0.5 * b);
//!     model.step(&Row::from_json(&json!({"a": a, "b": b}))?, &y, 1.0, &mut p, &mut s)?;
//! }
//! model.predict(&Row::from_json(&json!({"a": 10.0, "b": 20.0}))?, &mut p, &mut s)?;
//! assert!((p.value.unwrap() - 20.0).abs() < 0.01);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Bishop, C.M., 2006. Pattern recognition and machine learning, section 3.3. River,
//! `linear_model/bayesian_lin_reg.py`, which recovers `m` as the product of `S⁻¹` and `η`: the same
//! up to rounding, which is a hundred times larger there when features are large.

use serde::{Deserialize, Serialize};

use super::cholesky::Cholesky;
use crate::catalog::Entry;
use crate::error::{Error, Result};
use crate::estimator::{Any, Attribute, Estimator, Regressor, WeightKey};
use crate::features::{Context, FeatureId, Features, Names, Slots};
use crate::math;
use crate::merge::{Additive, Fixed, Gather, Merge, Spread, Statement};
use crate::params::{self, check_range};
use crate::saved::{self, Loader};

/// Features that one belief may be about: the covariance of so many takes 8 MiB.
pub const FEATURES_MAX: usize = 1024;

crate::params! {
    /// Parameters of [`BayesianLinearRegression`].
    pub struct Params {
        /// Scale of the prior, above 0.
        alpha: f64 = 1.0,
        /// Precision of the noise, above 0.
        beta: f64 = 1.0,
        /// Share of the past that stays at each event, between 0 and 1; none keeps all of it.
        smoothing: Option<f64> = None,
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    /// One more than the feature's place in the belief; 0 when it has none.
    places: Slots<u32>,
    /// Places of forgotten features, to be given out again.
    free: Vec<u32>,
    /// Places given out.
    n: usize,
    /// Room for places: the side of the matrix.
    cap: usize,
    /// The covariance; with smoothing, the precision. Row by row.
    matrix: Vec<f64>,
    /// The natural mean, with smoothing only.
    eta: Vec<f64>,
    mean: Vec<f64>,
}

/// Buffers of one event.
#[derive(Debug, Default)]
struct Work {
    x: Vec<f64>,
    product: Vec<f64>,
    lu: Vec<f64>,
}

/// See the module's documentation.
pub struct BayesianLinearRegression {
    params: Params,
    state: State,
    work: Work,
}

impl BayesianLinearRegression {
    /// This estimator's row in the catalogue.
    pub const ENTRY: Entry = Entry {
        name: "BayesianLinearRegression",
        module: "linear_model",
        kind: crate::catalog::Kind::Regressor,
        version: 1,
        summary: "A Gaussian belief about the weights, for features of any scale",
        merge: Statement::Sums(
            Merge::Exact,
            "the precision and natural mean that events add, by pairs of features",
        ),
        params: Params::DOCS,
        defaults: || params::write(&Params::default()),
        build: |params, _| Ok(Any::Regressor(Box::new(Self::new(params::read(params)?)?))),
        example: || serde_json::json!("BayesianLinearRegression"),
    };

    /// A model that believes nothing yet.
    pub fn new(params: Params) -> Result<Self> {
        check_range("alpha", params.alpha, 1e-150, 1e150)?;
        check_range("beta", params.beta, 1e-150, 1e150)?;
        if let Some(smoothing) = params.smoothing {
            check_range("smoothing", smoothing, 0.0, 1.0)?;
        }
        Ok(Self { params, state: State::default(), work: Work::default() })
    }

    /// How many features the belief would be about after this event.
    fn features_with(&self, x: &Features) -> usize {
        let s = &self.state;
        let new = x.ids().iter().filter(|&&id| s.places.get(id) == 0).count();
        s.n - s.free.len() + new
    }

    /// The event as a dense vector, with places for features met for the first time.
    fn place(&mut self, x: &Features) {
        let s = &mut self.state;
        for &id in x.ids() {
            if s.places.get(id) == 0 {
                let place = s.free.pop().unwrap_or_else(|| {
                    s.n += 1;
                    s.n as u32
                });
                *s.places.at(id) = place;
            }
        }
        if s.n > s.cap {
            s.grow(s.n.max(8).max(2 * s.cap), 1.0 / self.params.alpha);
        }
        self.work.x.clear();
        self.work.x.resize(s.n, 0.0);
        for (id, v) in x.iter() {
            self.work.x[s.places.get(id) as usize - 1] = v;
        }
    }
}

fn too_many(when: &str, wanted: usize) -> Error {
    Error::new(format!(
        "{when} BayesianLinearRegression would meet {wanted} features, its covariance has room for \
         {FEATURES_MAX}; use LinearRegression, or Select before it"
    ))
}

impl State {
    fn placed(&self) -> impl Iterator<Item = (FeatureId, usize)> + '_ {
        let places = self.places.as_slice().iter().enumerate();
        places.filter(|(_, place)| **place > 0).map(|(id, &at)| (id as FeatureId, at as usize - 1))
    }

    fn grow(&mut self, cap: usize, diagonal: f64) {
        let mut matrix = vec![0.0; cap * cap];
        for (i, row) in matrix.chunks_exact_mut(cap.max(1)).enumerate() {
            if i < self.cap {
                row[..self.cap].copy_from_slice(&self.matrix[i * self.cap..][..self.cap]);
            } else {
                row[i] = diagonal;
            }
        }
        self.matrix = matrix;
        self.eta.resize(cap, 0.0);
        self.mean.resize(cap, 0.0);
        self.cap = cap;
    }

    /// Adds an event to the covariance, and moves the mean by the error that it shows.
    fn update_covariance(&mut self, y: f64, beta: f64, work: &mut Work) {
        let (n, cap) = (self.n, self.cap);
        if n == 0 {
            // Nothing to move: no feature was ever met.
            return;
        }
        let x = &work.x[..n];
        work.product.clear();
        let rows = self.matrix.chunks_exact(cap).take(n);
        work.product.extend(rows.map(|row| math::dot(&row[..n], x)));
        let product = &work.product[..n];
        let share = beta / (1.0 + beta * math::dot(x, product));
        let step = share * (y - math::dot(&self.mean[..n], x));
        for (mean, p) in self.mean.iter_mut().zip(product) {
            *mean += step * p;
        }
        for (row, &a) in self.matrix.chunks_exact_mut(cap).zip(product) {
            for (cell, &b) in row[..n].iter_mut().zip(product) {
                // The product of the two first: the matrix stays symmetric to the last bit.
                *cell -= share * (a * b);
            }
        }
    }

    /// Lets the precision fade and adds an event to it, then solves for the mean.
    fn update_precision(&mut self, y: f64, beta: f64, smoothing: f64, work: &mut Work) {
        let (n, cap) = (self.n, self.cap);
        if n == 0 {
            return;
        }
        for (i, row) in self.matrix.chunks_exact_mut(cap).enumerate() {
            let bx = work.x.get(i).map_or(0.0, |x| beta * x);
            for (j, cell) in row.iter_mut().enumerate() {
                let x = work.x.get(j).copied().unwrap_or(0.0);
                *cell = smoothing * *cell + (1.0 - smoothing) * (bx * x);
            }
        }
        for (eta, x) in self.eta.iter_mut().zip(&work.x) {
            *eta = smoothing * *eta + (1.0 - smoothing) * (beta * x) * y;
        }
        if solve(&self.matrix, cap, n, &self.eta, work) {
            self.mean[..n].copy_from_slice(&work.product);
        }
    }

    /// Puts a place back to the prior. What is believed of the others stays.
    fn clear(&mut self, place: usize, diagonal: f64) {
        let cap = self.cap;
        for i in 0..cap {
            self.matrix[i * cap + place] = 0.0;
            self.matrix[place * cap + i] = 0.0;
        }
        self.matrix[place * cap + place] = diagonal;
        self.eta[place] = 0.0;
        self.mean[place] = 0.0;
    }
}

/// Solves `A·z = b` for the first `n` rows and columns, by elimination with row exchanges. The
/// result is `work.product`; false when A is singular.
fn solve(a: &[f64], side: usize, n: usize, b: &[f64], work: &mut Work) -> bool {
    let Work { product: z, lu, .. } = work;
    z.clear();
    z.extend_from_slice(&b[..n]);
    lu.clear();
    for row in a.chunks_exact(side.max(1)).take(n) {
        lu.extend_from_slice(&row[..n]);
    }
    for k in 0..n {
        let mut pivot = k;
        for i in k + 1..n {
            if lu[i * n + k].abs() > lu[pivot * n + k].abs() {
                pivot = i;
            }
        }
        if lu[pivot * n + k] == 0.0 || !lu[pivot * n + k].is_finite() {
            return false;
        }
        if pivot != k {
            let (upper, lower) = lu.split_at_mut(pivot * n);
            upper[k * n..][..n].swap_with_slice(&mut lower[..n]);
            z.swap(k, pivot);
        }
        let (upper, lower) = lu.split_at_mut((k + 1) * n);
        let top = &upper[k * n + k..];
        for (i, row) in lower.chunks_exact_mut(n).enumerate() {
            let factor = row[k] / top[0];
            for (cell, t) in row[k..].iter_mut().zip(top) {
                *cell -= factor * t;
            }
            z[k + 1 + i] -= factor * z[k];
        }
    }
    for k in (0..n).rev() {
        let rest = math::dot(&lu[k * n + k + 1..(k + 1) * n], &z[k + 1..n]);
        z[k] = (z[k] - rest) / lu[k * n + k];
    }
    true
}

impl Estimator for BayesianLinearRegression {
    fn entry(&self) -> &'static Entry {
        &Self::ENTRY
    }

    crate::additive!();

    fn params(&self) -> serde_json::Value {
        params::write(&self.params)
    }

    fn save(&self, out: &mut Vec<u8>) {
        saved::put(out, &self.state);
    }

    fn load(&mut self, from: &mut Loader<'_>) -> Result<()> {
        self.state = from.get()?;
        Ok(())
    }

    fn forget(&mut self, gone: &[FeatureId]) {
        for &id in gone {
            if let Some(place) = self.state.places.get(id).checked_sub(1) {
                let diagonal = 1.0 / self.params.alpha;
                self.state.clear(place as usize, diagonal);
                self.state.free.push(place + 1);
            }
        }
        self.state.places.forget(gone);
    }

    fn attribute(&self, name: &str, names: &Names<'_>) -> Option<Attribute> {
        let precision = self.params.smoothing.is_some();
        if name != if precision { "precision" } else { "covariance" } {
            return None;
        }
        let s = &self.state;
        let placed = || s.placed();
        let row = |place: usize| {
            let cells = &s.matrix[place * s.cap..][..s.cap];
            Attribute::by_feature(names, placed().map(|(id, at)| (id, Attribute::Float(cells[at]))))
        };
        Some(Attribute::by_feature(names, placed().map(|(id, at)| (id, row(at)))))
    }

    fn weights(&self, visit: &mut dyn FnMut(WeightKey, f64)) {
        for (id, place) in self.state.places.as_slice().iter().enumerate() {
            if let Some(place) = place.checked_sub(1) {
                let feature = Some(id as FeatureId);
                visit(WeightKey { class: None, feature }, self.state.mean[place as usize]);
            }
        }
    }
}

/// `S − αI` and `η`, from the covariance that is kept. With smoothing the past fades by each peer's
/// own count of events.
impl Additive for BayesianLinearRegression {
    fn merge(&self) -> Merge {
        if self.params.smoothing.is_none() { Merge::Exact } else { Merge::Member }
    }

    fn sums(&self, out: &mut Gather<'_>) {
        let (s, n) = (&self.state, self.state.n);
        let (mut work, mut precision) = (Cholesky::default(), vec![0.0; n * n]);
        let mut eta = s.mean[..n].to_vec();
        if !work.factor(n, |i, j| s.matrix[i * s.cap + j]) {
            // No covariance of a belief: nothing that could be told.
            return;
        }
        work.invert(&mut precision, n);
        work.solve(&mut eta);
        let mut natural = out.tensor("natural");
        s.placed().for_each(|(id, at)| natural.feature(id, Fixed::of(eta[at])));
        let mut pairs = out.tensor("precision");
        for (id, a) in s.placed() {
            for (other, b) in s.placed().take_while(|&(other, _)| other <= id) {
                let prior = if a == b { self.params.alpha } else { 0.0 };
                pairs.pair(other, id, Fixed::of(precision[a * n + b] - prior));
            }
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
        let mut s = State::default();
        for (id, _) in from.feature("natural") {
            s.n += 1;
            *s.places.at(id) = s.n as u32;
        }
        let n = s.n;
        s.grow(n, 1.0 / self.params.alpha);
        for (id, eta) in from.feature("natural") {
            s.mean[s.places.get(id) as usize - 1] = eta.to_f64();
        }
        let mut precision = vec![0.0; n * n];
        precision.iter_mut().step_by(n + 1).for_each(|cell| *cell = self.params.alpha);
        for (a, b, cell) in from.pair("precision") {
            if let (Some(a), Some(b)) =
                (s.places.get(a).checked_sub(1), s.places.get(b).checked_sub(1))
            {
                let (low, high) = if a < b { (a, b) } else { (b, a) };
                precision[high as usize * n + low as usize] += cell.to_f64();
            }
        }
        let mut work = Cholesky::default();
        if work.factor_anyway(n, |i, j| precision[i * n + j]) {
            work.invert(&mut s.matrix, n);
            work.solve(&mut s.mean);
        } else {
            s.mean.fill(0.0);
        }
        self.state = s;
    }
}

impl Regressor for BayesianLinearRegression {
    fn learn_one(&mut self, x: &Features, y: f64, _w: f64, _cx: &mut Context<'_>) {
        if self.features_with(x) > FEATURES_MAX {
            return;
        }
        self.place(x);
        if self.state.n == 0 {
            // Nothing but events without features so far: there is no matrix yet.
            return;
        }
        let (state, work) = (&mut self.state, &mut self.work);
        match self.params.smoothing {
            None => state.update_covariance(y, self.params.beta, work),
            Some(smoothing) => state.update_precision(y, self.params.beta, smoothing, work),
        }
    }

    fn predict_one(&self, x: &Features, cx: &mut Context<'_>) -> f64 {
        cx.refuse_texts(x, "BayesianLinearRegression");
        let wanted = self.features_with(x);
        if wanted > FEATURES_MAX {
            cx.refuse(too_many("with this event", wanted));
        }
        let mut sum = 0.0;
        for (id, v) in x.iter() {
            if let Some(place) = self.state.places.get(id).checked_sub(1) {
                sum += self.state.mean[place as usize] * v;
            }
        }
        sum
    }
}
