//! `StandardScaler`: zero mean and unit variance, from running statistics.
//!
//! `z = (x − mean) / √variance`, with the population variance by Welford's update, per feature:
//! a feature that comes and goes has its own count. A feature that was never learned from, or
//! whose variance is 0, becomes 0. With `window_size`, only that many of a feature's newest
//! numbers count.
//!
//! **Shape** any numbers in, the same names out; texts pass through. **Cost** 32 bytes a feature;
//! one square root and three divisions a number. A window adds 56 bytes a feature and 8 a number in
//! it. **Errors** none.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!(["StandardScaler", "LinearRegression"]);
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p) = (Scratch::default(), Prediction::default());
//! for i in 0..100 {
//!     let x = Row::from_json(&json!({"a": f64::from(i % 7) * 1000.0}))?;
//!     model.step(&x, &Target::Number(f64::from(i % 7)), 1.0, &mut p, &mut s)?;
//! }
//! assert!((p.value.unwrap() - 1.0).abs() < 1.0);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Welford, B.P., 1962. Note on a method for calculating corrected sums of squares and
//! products. River, `preprocessing/scale.py`; unlike River, a prediction does not make room for a
//! feature that it meets first.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::estimator::{Attribute, Transformer};
use crate::features::{Context, FeatureId, Features, Names, Slots};
use crate::merge::{Additive, Fixed, Gather, Merge, Spread, fixed};
use crate::stats::{WindowVar, check_window};

crate::params! {
    /// Parameters of [`StandardScaler`].
    pub struct Params {
        /// Whether to divide by the standard deviation.
        with_std: bool = true,
        /// How many of a feature's newest numbers count, from 1 to 1,000,000; `null` for all.
        window_size: Option<u32> = None,
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    counts: Slots<f64>,
    means: Slots<f64>,
    vars: Slots<f64>,
    /// Used in place of the three above when there is a window.
    windows: Slots<WindowVar>,
    /// The square roots of `vars`, of which an event is worth two; none until the next event is
    /// learned after a model was read, set or made to forget.
    #[serde(skip)]
    roots: Vec<f64>,
}

/// See the module's documentation.
pub struct StandardScaler {
    params: Params,
    state: State,
}

crate::estimator! {
    StandardScaler in "preprocessing" as Transformer, version 1, name "StandardScaler",
    "Zero mean and unit variance, from running statistics",
    forget = |state: &mut State, gone: &[FeatureId]| {
        state.counts.forget(gone);
        state.means.forget(gone);
        state.vars.forget(gone);
        state.windows.forget(gone);
        state.roots.clear();
    },
    attribute = |model: &StandardScaler, name: &str, names: &Names<'_>| model.shown(name, names),
    set_attribute = |model: &mut StandardScaler, name: &str, values: &[(Option<FeatureId>, f64)]| {
        model.set(name, values)
    },
    merge = exact "count, sum and sum of squares of each feature",
}

/// Count, sum and sum of squares of each feature, without the rounding that sums of squares of
/// doubles suffer far from 0. A window is one peer's own.
impl Additive for StandardScaler {
    fn merge(&self) -> Merge {
        if self.params.window_size.is_none() { Merge::Exact } else { Merge::Member }
    }

    fn sums(&self, out: &mut Gather<'_>) {
        let s = &self.state;
        for (name, power) in [("n", 0), ("sum", 1), ("squares", 2)] {
            let mut tensor = out.tensor(name);
            for (i, &n) in s.counts.as_slice().iter().enumerate().filter(|(_, n)| **n > 0.0) {
                let (mean, var) = (s.means.as_slice()[i], s.vars.as_slice()[i]);
                let cell = match power {
                    0 => Fixed::of(n),
                    1 => Fixed::product(n, mean),
                    _ => Fixed::product(n, var).add(Fixed::square(n, mean)),
                };
                tensor.feature(i as FeatureId, cell);
            }
        }
    }

    fn set_sums(&mut self, from: &Spread<'_>) {
        let end = from.end();
        let mut s = State::default();
        let mut sums: Slots<[Fixed; 2]> = Slots::default();
        sums.grow(end);
        s.counts.grow(end);
        s.means.grow(end);
        s.vars.grow(end);
        from.feature("sum").for_each(|(id, sum)| sums.at(id)[0] = sum);
        from.feature("squares").for_each(|(id, sum)| sums.at(id)[1] = sum);
        for (id, n) in from.feature("n").filter(|(_, n)| *n > Fixed::ZERO) {
            let [s1, s2] = sums.get(id);
            let (mean, m2) = fixed::moments(n, s1, s2);
            *s.counts.at(id) = n.to_f64();
            *s.means.at(id) = mean;
            *s.vars.at(id) = m2 / n.to_f64();
        }
        self.state = s;
    }
}

impl StandardScaler {
    /// River's `counts`, `means` and `vars`, of the features that came; `window` has the numbers
    /// of each one's window.
    fn shown(&self, name: &str, names: &Names<'_>) -> Option<Attribute> {
        let s = &self.state;
        if name == "window" {
            let windows = s.windows.as_slice().iter().enumerate();
            let windows = windows.filter(|(_, w)| w.numbers().len() > 0).map(|(id, w)| {
                let numbers = w.numbers().map(Attribute::Float).collect();
                (id as FeatureId, Attribute::List(numbers))
            });
            return Some(Attribute::by_feature(names, windows));
        }
        let of = match name {
            "counts" => &s.counts,
            "means" => &s.means,
            "vars" => &s.vars,
            _ => return None,
        };
        let came = s.counts.as_slice().iter().zip(of.as_slice()).enumerate();
        let came = came.filter(|(_, (count, _))| **count > 0.0).map(|(id, (_, &value))| {
            (names.name(id as FeatureId).to_owned(), Attribute::Float(value))
        });
        Some(Attribute::Map(came.collect()))
    }

    fn set(&mut self, name: &str, values: &[(Option<FeatureId>, f64)]) -> bool {
        let s = &mut self.state;
        let slots = match name {
            "counts" => &mut s.counts,
            "means" => &mut s.means,
            "vars" => &mut s.vars,
            _ => return false,
        };
        super::put(slots, values, |v| v);
        s.roots.clear();
        let end = s.counts.len().max(s.means.len()).max(s.vars.len());
        s.counts.grow(end);
        s.means.grow(end);
        s.vars.grow(end);
        true
    }

    /// A scaler that has seen nothing.
    pub fn new(params: Params) -> Result<Self> {
        params.window_size.map_or(Ok(()), check_window)?;
        Ok(Self { params, state: State::default() })
    }
}

#[inline]
fn update(x: f64, count: &mut f64, mean: &mut f64, var: &mut f64) {
    *count += 1.0;
    let off = x - *mean;
    *mean += off / *count;
    *var += (off * (x - *mean) - *var) / *count;
}

#[inline]
fn scale(x: f64, mean: f64, root: f64) -> f64 {
    // The quotient is computed either way, so that the loop over a slice has no branch. A root is
    // above 0 where its variance is.
    let z = (x - mean) / root;
    if root > 0.0 { z } else { 0.0 }
}

/// Updates the statistics of a run of features. A function of its own, not inlined, so that the
/// compiler knows that the slices are apart and works on several features at a time.
#[inline(never)]
fn update_run(x: &[f64], counts: &mut [f64], means: &mut [f64], vars: &mut [f64]) {
    let n = x.len();
    let (counts, means, vars) = (&mut counts[..n], &mut means[..n], &mut vars[..n]);
    for i in 0..n {
        update(x[i], &mut counts[i], &mut means[i], &mut vars[i]);
    }
}

/// The square roots of a run of variances; apart from its callers for the same reason.
#[inline(never)]
fn root_run(vars: &[f64], roots: &mut [f64]) {
    for (root, var) in roots.iter_mut().zip(vars) {
        *root = var.sqrt();
    }
}

/// Scales a run of features; apart from its callers for the same reason.
#[inline(never)]
fn scale_run(x: &[f64], means: &[f64], roots: &[f64], z: &mut [f64]) {
    let n = x.len();
    let (means, roots, z) = (&means[..n], &roots[..n], &mut z[..n]);
    for i in 0..n {
        z[i] = scale(x[i], means[i], roots[i]);
    }
}

impl Transformer for StandardScaler {
    fn learn_one(&mut self, x: &Features, _cx: &mut Context<'_>) {
        let s = &mut self.state;
        if let Some(window_size) = self.params.window_size {
            super::update_slots(&mut s.counts, x, |count, _| *count += 1.0);
            return super::update_slots(&mut s.windows, x, |w, v| w.update(v, window_size));
        }
        let end = x.end();
        s.counts.grow(end);
        s.means.grow(end);
        s.vars.grow(end);
        let (counts, means, vars) =
            (s.counts.as_mut_slice(), s.means.as_mut_slice(), s.vars.as_mut_slice());
        let all = s.roots.len() < vars.len();
        if self.params.with_std && all {
            s.roots.resize(vars.len(), 0.0);
        }
        if let Some(start) = x.run() {
            update_run(x.values(), &mut counts[start..], &mut means[start..], &mut vars[start..]);
        } else {
            for (id, v) in x.iter() {
                let i = id as usize;
                update(v, &mut counts[i], &mut means[i], &mut vars[i]);
            }
        }
        if !self.params.with_std {
            return;
        }
        match x.run() {
            Some(start) if !all => root_run(&vars[start..end], &mut s.roots[start..end]),
            None if !all => {
                x.ids().iter().for_each(|&id| s.roots[id as usize] = vars[id as usize].sqrt());
            }
            _ => root_run(vars, &mut s.roots),
        }
    }

    fn transform_one(&self, x: &Features, out: &mut Features, _cx: &mut Context<'_>) {
        if self.params.window_size.is_some() {
            let with_std = self.params.with_std;
            return super::map_slots(&self.state.windows, x, out, |w, v| {
                if with_std { scale(v, w.mean(), w.var().sqrt()) } else { v - w.mean() }
            });
        }
        let (means, vars) = (self.state.means.as_slice(), self.state.vars.as_slice());
        let roots = self.state.roots.as_slice();
        let with_std = self.params.with_std;
        match x.run() {
            Some(start) if with_std && x.end() <= roots.len() => {
                scale_run(x.values(), &means[start..], &roots[start..], out.same_ids(x));
            }
            _ => out.derive(
                x,
                x.iter().map(|(id, v)| match (means.get(id as usize), vars.get(id as usize)) {
                    (Some(&mean), Some(&var)) if with_std => scale(v, mean, var.sqrt()),
                    (Some(&mean), _) => v - mean,
                    _ if with_std => 0.0,
                    _ => v,
                }),
            ),
        }
    }
}

#[cfg(test)]
#[expect(clippy::approx_constant, reason = "values as River gave them")]
mod tests {
    use serde_json::json;

    use crate::preprocessing::tests::{Bench, check, refusal, rows};

    #[test]
    fn river() {
        check(
            &json!("StandardScaler"),
            &rows(),
            &[
                json!({"a": 0.0, "b": 0.0}),
                json!({"a": -1.0, "b": 1.0, "c": 0.0}),
                json!({"a": -0.3730620025303552, "c": -1.0}),
                json!({"a": 1.45665397908593, "b": 0.7071067811865475, "c": -1.1573808071162308}),
                json!({"a": 1.0916672057617163, "b": -0.12216944435630522}),
                json!({
                    "a": -1.5148830219706861, "b": -0.7144345083117603,
                    "c": 0.7154498816626002
                }),
                json!({"a": 0.00904838439685347, "b": -1.9109796396476963, "c": 0.609480459978338}),
                json!({"a": 1.7439851955621577, "b": 0.6277703362906875, "c": -0.7420282753032341}),
            ],
        );
        check(
            &json!({"StandardScaler": {"with_std": false}}),
            &rows(),
            &[
                json!({"a": 0.0, "b": 0.0}),
                json!({"a": -2.375, "b": 2.5, "c": 0.0}),
                json!({"a": -0.75, "c": -3.75}),
                json!({"a": 4.6875, "b": 1.6666666666666665, "c": -6.166666666666666}),
                json!({"a": 3.75, "b": -0.25}),
                json!({"a": -6.458333333333333, "b": -1.4, "c": 3.625}),
                json!({"a": 0.03571428571428581, "b": -6.583333333333333, "c": 2.9000000000000004}),
                json!({"a": 8.5625, "b": 2.071428571428571, "c": -3.416666666666666}),
            ],
        );
        check(
            &json!({"StandardScaler": {"window_size": 3}}),
            &rows(),
            &[
                json!({"a": 0.0, "b": 0.0}),
                json!({"a": -1.0, "b": 1.0, "c": 0.0}),
                json!({"a": -0.3730620025303552, "c": -1.0}),
                json!({"a": 1.4001731038549103, "b": 0.7071067811865476, "c": -1.1573808071162306}),
                json!({"a": 0.7071067811865477, "b": -1.414213562373094}),
                json!({"a": -1.414213562373095, "b": -1.1624763874381927, "c": 1.224744871391589}),
                json!({
                    "a": 0.10619884881071844, "b": -1.3920445461382258,
                    "c": 0.7071067811865475
                }),
                json!({"a": 1.2977713690461006, "b": 1.0105619828766177, "c": -1.414213562373095}),
            ],
        );
        check(
            &json!({"StandardScaler": {"window_size": 2, "with_std": false}}),
            &rows(),
            &[
                json!({"a": 0.0, "b": 0.0}),
                json!({"a": -2.375, "b": 2.5, "c": 0.0}),
                json!({"a": 0.625, "c": -3.75}),
                json!({"a": 3.5, "b": 0.0, "c": -2.75}),
                json!({"a": 0.0, "b": -1.0}),
                json!({"a": -5.75, "b": -0.75, "c": 5.5}),
                json!({"a": 3.25, "b": -3.25, "c": 0.0}),
                json!({"a": 4.875, "b": 4.5, "c": -3.5}),
            ],
        );
    }

    #[test]
    fn what_was_never_learned_becomes_0() {
        for window_size in [json!(null), json!(3)] {
            let mut bench = Bench::new(&json!({"StandardScaler": {"window_size": window_size}}));
            bench.learn(&json!({"a": 1}));
            bench.learn(&json!({"a": 2}));
            assert_eq!(bench.transform(&json!({"a": 1.5, "z": 9})), json!({"a": 0.0, "z": 0.0}));
            bench.forget(&["a"]);
            assert_eq!(bench.transform(&json!({"a": 2})), json!({"a": 0.0}));
        }
    }

    #[test]
    fn refuses_windows_without_room() {
        assert_eq!(
            refusal(&json!({"StandardScaler": {"window_size": 2_000_000}})),
            "StandardScaler: window_size must lie between 1 and 1000000, got 2000000"
        );
    }
}
