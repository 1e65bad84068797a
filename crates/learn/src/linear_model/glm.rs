//! What linear and logistic regression share: River's `GLM`, learned by gradient steps.
//!
//! The order of operations is River's: gradient with the old weights, intercept (by its own
//! learning rate at the optimizer's step count *before* the step), weights, then the cumulative
//! L1 penalty. L2 acts on the features that are present.
//!
//! **Source** River, `linear_model/base.py`; Tsuruoka, Y., Tsujii, J. and Ananiadou, S., 2009.
//! Stochastic gradient descent training for L1-regularized log-linear models (the L1 penalty).

use serde::{Deserialize, Serialize};

use super::{dot, visit_weights, weights_to};
use crate::catalog::Builder;
use crate::error::{Error, Result};
use crate::estimator::{Part, WeightKey};
use crate::features::{Context, FeatureId, Features, Slots};
use crate::math;
use crate::merge::{Fixed, Gather, Merge, Spread};
use crate::optim::{Initializer, LearningRate, Loss, Optimizer};
use crate::params::{Spec, check_range};
use crate::rng::NormalRng;
use crate::saved::{self, Loader};

/// The parameters that linear and logistic regression share.
pub(crate) struct Settings {
    pub optimizer: Spec,
    pub loss: Loss,
    pub l2: f64,
    pub l1: f64,
    pub intercept_init: f64,
    pub intercept_lr: LearningRate,
    pub clip_gradient: f64,
    pub initializer: Initializer,
}

/// A vector of weights, an intercept, and how they move.
pub(crate) struct Glm {
    pub loss: Loss,
    l2: f64,
    l1: f64,
    intercept_init: f64,
    intercept_lr: LearningRate,
    clip_gradient: f64,
    initializer: Initializer,
    optimizer: Box<dyn Optimizer>,
    state: State,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct State {
    weights: Slots<f64>,
    intercept: f64,
    /// Draws the first weights, when they are random.
    rng: Option<NormalRng>,
    /// Which weights were made; kept only when they do not begin at 0.
    made: Slots<bool>,
    max_cum_l1: f64,
    cum_l1: Slots<f64>,
}

impl Glm {
    pub fn new(settings: Settings, builder: &Builder<'_>) -> Result<Self> {
        let Settings { l1, l2, clip_gradient, intercept_init, .. } = settings;
        check_range("l2", l2, 0.0, 1e12)?;
        check_range("l1", l1, 0.0, 1e12)?;
        check_range("clip_gradient", clip_gradient, 0.0, f64::MAX)?;
        check_range("intercept_init", intercept_init, -1e300, 1e300)?;
        settings.intercept_lr.check("intercept_lr")?;
        if l1 != 0.0 && l2 != 0.0 {
            return Err(Error::new("l1 and l2 can't be used together; set one of them to 0"));
        }
        let optimizer = builder.optimizer(&settings.optimizer.0).map_err(|e| e.at("optimizer"))?;
        if l1 != 0.0 && !optimizer.has_learning_rate() {
            return Err(Error::new(format!(
                "l1 grows by the optimizer's learning rate and {} has none; set l1 to 0",
                optimizer.entry().name
            )));
        }
        let state = State {
            weights: Slots::default(),
            intercept: intercept_init,
            rng: settings.initializer.rng(),
            made: Slots::default(),
            max_cum_l1: 0.0,
            cum_l1: Slots::default(),
        };
        let Settings { loss, intercept_lr, initializer, .. } = settings;
        Ok(Self {
            loss,
            l2,
            l1,
            intercept_init,
            intercept_lr,
            clip_gradient,
            initializer,
            optimizer,
            state,
        })
    }

    /// The raw prediction: `w · x + intercept`.
    #[inline]
    pub fn raw_dot(&self, x: &Features) -> f64 {
        dot(&self.state.weights, x) + self.state.intercept
    }

    pub fn learn(&mut self, x: &Features, y: f64, w: f64, cx: &mut Context<'_>) {
        self.make_weights(x);
        self.optimizer.look_ahead(x, &mut self.state.weights);
        let slope = self.loss.gradient(y, self.raw_dot(x)) * w;
        let slope = math::clamp(slope, -self.clip_gradient, self.clip_gradient);
        let mut gradient = cx.take_floats();
        gradient.extend(x.values().iter().map(|v| v * slope));
        if self.l2 != 0.0 {
            let weights = self.state.weights.as_slice();
            for (g, &id) in gradient.iter_mut().zip(x.ids()) {
                *g += self.l2 * weights[id as usize];
            }
        }
        self.state.intercept -= self.intercept_lr.get(self.optimizer.n_iterations()) * slope;
        self.optimizer.step(x, &gradient, &mut self.state.weights);
        cx.give_floats(gradient);
        if self.l1 != 0.0 {
            self.state.max_cum_l1 += self.l1 * self.optimizer.learning_rate();
            self.shrink(x);
        }
    }

    fn make_weights(&mut self, x: &Features) {
        let s = &mut self.state;
        s.weights.grow(x.end());
        if self.initializer.is_zero() {
            return;
        }
        for &id in x.ids() {
            if !s.made.get(id) {
                *s.made.at(id) = true;
                *s.weights.at(id) = self.initializer.draw(&mut s.rng);
            }
        }
    }

    /// The cumulative L1 penalty: a weight may reach 0 and not cross it.
    fn shrink(&mut self, x: &Features) {
        let s = &mut self.state;
        for &id in x.ids() {
            let before = s.weights.get(id);
            let cum = s.cum_l1.get(id);
            let after = if before > 0.0 {
                (before - (s.max_cum_l1 + cum)).max(0.0)
            } else if before < 0.0 {
                (before + (s.max_cum_l1 - cum)).min(0.0)
            } else {
                before
            };
            *s.weights.at(id) = after;
            *s.cum_l1.at(id) = cum + (after - before);
        }
    }

    pub fn forget(&mut self, gone: &[FeatureId]) {
        self.state.weights.forget(gone);
        self.state.made.forget(gone);
        self.state.cum_l1.forget(gone);
        self.optimizer.forget(gone);
    }

    pub fn weights(&self, visit: &mut dyn FnMut(WeightKey, f64)) {
        visit(WeightKey { class: None, feature: None }, self.state.intercept);
        visit_weights(&self.state.weights, None, visit);
    }

    /// Puts other weights, or another intercept, in place of what was learned.
    pub fn set(&mut self, name: &str, values: &[(Option<FeatureId>, f64)]) -> bool {
        let s = &mut self.state;
        match (name, values) {
            ("intercept", &[(None, value)]) => s.intercept = value,
            ("weights", _) => {
                s.weights.as_mut_slice().fill(0.0);
                s.made.as_mut_slice().fill(false);
                for (id, value) in values.iter().filter_map(|&(id, v)| Some((id?, v))) {
                    *s.weights.at(id) = value;
                    if !self.initializer.is_zero() {
                        *s.made.at(id) = true;
                    }
                }
            }
            _ => return false,
        }
        true
    }

    /// Weights add up as steps do, unless they begin somewhere else at every peer, are held back by
    /// a penalty of all steps so far, or come from an optimizer's own sums.
    pub fn merge(&self) -> Merge {
        let plain = self.initializer.is_zero() && self.l1 == 0.0 && self.optimizer.is_incremental();
        if plain { Merge::Deltas } else { Merge::Member }
    }

    pub fn sums(&self, out: &mut Gather<'_>) {
        let s = &self.state;
        out.tensor("intercept").whole(Fixed::of(s.intercept).sub(Fixed::of(self.intercept_init)));
        weights_to(&s.weights, &mut out.tensor("weights"));
    }

    pub fn set_sums(&mut self, from: &Spread<'_>) {
        let s = &mut self.state;
        s.intercept = from.whole("intercept").add(Fixed::of(self.intercept_init)).to_f64();
        s.weights.as_mut_slice().fill(0.0);
        for (id, w) in from.feature("weights") {
            *s.weights.at(id) = w.to_f64();
        }
    }

    pub fn optimizer(&self) -> &dyn Optimizer {
        &*self.optimizer
    }

    /// The live optimizer, by its parameter's name.
    pub fn child(&mut self, name: &str) -> Option<Part<'_>> {
        (name == "optimizer").then_some(Part::Optimizer(&mut *self.optimizer))
    }

    pub fn save(&self, out: &mut Vec<u8>) {
        saved::put(out, &self.state);
        saved::put_child(out, &*self.optimizer);
    }

    pub fn load(&mut self, from: &mut Loader<'_>) -> Result<()> {
        self.state = from.get()?;
        from.child(&mut *self.optimizer)
    }
}

/// The catalogue row and the [`Estimator`](crate::estimator::Estimator) of a type that holds
/// `params` and `glm`. The expression `params` completes the parameters with what the children
/// say of themselves.
macro_rules! glm_estimator {
    (
        $ty:ident as $kind:ident, name $name:literal, $summary:literal, params = $params:expr $(,)?
    ) => {
        impl $crate::estimator::Estimator for $ty {
            fn entry(&self) -> &'static $crate::catalog::Entry {
                &Self::ENTRY
            }

            fn params(&self) -> serde_json::Value {
                let mut params = self.params.clone();
                #[allow(clippy::redundant_closure_call, reason = "the macro's argument")]
                ($params)(&mut params, &self.glm);
                $crate::params::write(&params)
            }

            fn save(&self, out: &mut Vec<u8>) {
                self.glm.save(out);
            }

            fn load(&mut self, from: &mut $crate::saved::Loader<'_>) -> $crate::Result<()> {
                self.glm.load(from)
            }

            fn forget(&mut self, gone: &[$crate::features::FeatureId]) {
                self.glm.forget(gone);
            }

            fn child(&mut self, name: &str) -> Option<$crate::estimator::Part<'_>> {
                self.glm.child(name)
            }

            $crate::additive!();

            fn weights(&self, visit: &mut dyn FnMut($crate::estimator::WeightKey, f64)) {
                self.glm.weights(visit);
            }

            fn set_attribute(
                &mut self,
                name: &str,
                values: &[(Option<$crate::features::FeatureId>, f64)],
            ) -> bool {
                self.glm.set(name, values)
            }
        }

        impl $crate::merge::Additive for $ty {
            fn merge(&self) -> $crate::merge::Merge {
                self.glm.merge()
            }

            fn sums(&self, out: &mut $crate::merge::Gather<'_>) {
                self.glm.sums(out);
            }

            fn set_sums(&mut self, from: &$crate::merge::Spread<'_>) {
                self.glm.set_sums(from);
            }
        }

        impl $ty {
            /// This estimator's row in the catalogue.
            pub const ENTRY: $crate::catalog::Entry = $crate::catalog::Entry {
                name: $name,
                module: "linear_model",
                kind: $crate::catalog::Kind::$kind,
                version: 1,
                summary: $summary,
                merge: $crate::merge::Statement::Sums(
                    $crate::merge::Merge::Deltas,
                    "steps of the weights",
                ),
                params: Params::DOCS,
                defaults: || $crate::params::write(&Params::default()),
                build: |params, builder| {
                    let params = $crate::params::read(params)?;
                    let built = $ty::new(params, builder)?;
                    Ok($crate::estimator::Any::$kind(Box::new(built)))
                },
                example: || serde_json::json!(["StandardScaler", $name]),
            };
        }
    };
}
pub(crate) use glm_estimator;
