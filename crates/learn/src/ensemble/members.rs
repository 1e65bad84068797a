//! What ensembles share: members, and how they vote.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::catalog::{Builder, Catalog};
use crate::drift::{ADWIN, adwin};
use crate::error::{Error, Result};
use crate::estimator::{Classifier, DriftDetector, Estimator, Part};
use crate::features::{Context, FeatureId, Features};
use crate::nursery::{Child, Nursery};
use crate::parallel::{Together, collect, each, keeps_names};
use crate::params::{Spec, check_range};
use crate::saved::{self, Loader};

/// The delta of windows that have none of their own: that of a new `ADWIN`.
pub(super) const ADWIN_DELTA: f64 = 0.002;

/// Refuses a number of members outside of 1 to 1,000.
pub(crate) fn check_n_models(n_models: usize) -> Result<()> {
    check_range("n_models", n_models as f64, 1.0, 1000.0)
}

/// Members of one kind, numbered.
pub(super) struct Members<M>(pub Vec<M>);

impl<M: Child> Members<M> {
    /// This many that have learned nothing.
    pub fn new(nursery: &Nursery<M>, n_models: usize) -> Result<Self> {
        check_n_models(n_models)?;
        Ok(Self((0..n_models).map(|_| nursery.make()).collect()))
    }

    /// One of each spec, at least two; their specs are written as they were built.
    pub fn of(specs: &mut [Spec], builder: &Builder<'_>) -> Result<Self> {
        if specs.len() < 2 {
            let n = specs.len();
            return Err(Error::new(format!("models must be at least two, got {n}")));
        }
        check_range("the number of models", specs.len() as f64, 2.0, 1000.0)?;
        let mut members = Vec::with_capacity(specs.len());
        for (i, spec) in specs.iter_mut().enumerate() {
            let member = M::build(&spec.0, builder).map_err(|e| e.at(format!("models[{i}]")))?;
            *spec = Spec(member.estimator().spec());
            members.push(member);
        }
        Ok(Self(members))
    }

    pub fn save(&self, out: &mut Vec<u8>) {
        for member in &self.0 {
            saved::put_child(out, member.estimator());
        }
    }

    pub fn load(&mut self, from: &mut Loader<'_>) -> Result<()> {
        self.0.iter_mut().try_for_each(|member| from.child(member.estimator_mut()))
    }

    pub fn forget(&mut self, gone: &[FeatureId]) {
        for member in &mut self.0 {
            member.estimator_mut().forget(gone);
        }
    }

    pub fn parts(&self) -> impl Iterator<Item = &dyn Estimator> {
        self.0.iter().map(Child::estimator)
    }

    pub fn parts_mut(&mut self) -> impl Iterator<Item = &mut dyn Estimator> {
        self.0.iter_mut().map(Child::estimator_mut)
    }

    /// The member of a number.
    pub fn child(&mut self, name: &str) -> Option<Part<'_>> {
        let at: usize = name.parse().ok()?;
        self.0.get_mut(at).map(Child::part)
    }
}

impl Members<Box<dyn Classifier>> {
    /// The members' probabilities, added up and made to add up to 1.
    pub fn vote(&self, x: &Features, proba: &mut Vec<f64>, cx: &mut Context<'_>) {
        self.vote_at_once(&Together::default(), x, proba, cx);
    }

    /// The same; members may be asked at once.
    pub fn vote_at_once(
        &self,
        together: &Together,
        x: &Features,
        proba: &mut Vec<f64>,
        cx: &mut Context<'_>,
    ) {
        self.add_up(together, x, proba, cx, |_| 1.0);
        share_out(proba);
    }

    /// The same with each member's probabilities times its weight. When all weights are 0 each
    /// counts the same.
    pub fn vote_by(
        &self,
        x: &Features,
        proba: &mut Vec<f64>,
        cx: &mut Context<'_>,
        weight: impl Fn(usize) -> f64,
    ) {
        self.add_up(&Together::default(), x, proba, cx, weight);
        if !share_out(proba) {
            proba.clear();
            self.vote(x, proba, cx);
        }
    }

    fn add_up(
        &self,
        together: &Together,
        x: &Features,
        sums: &mut Vec<f64>,
        cx: &mut Context<'_>,
        weight: impl Fn(usize) -> f64,
    ) {
        let mut i = 0;
        let add = |one: &[f64]| {
            add_votes(sums, one, weight(i));
            i += 1;
        };
        collect(together, &self.0, cx, |member, one, cx| member.predict_proba_one(x, one, cx), add);
    }
}

/// Adds a member's probabilities, times its weight. Classes without an opinion stay without one.
pub(crate) fn add_votes(sums: &mut Vec<f64>, one: &[f64], weight: f64) {
    if sums.len() < one.len() {
        sums.resize(one.len(), f64::NAN);
    }
    for (sum, &p) in sums.iter_mut().zip(one).filter(|(_, p)| !p.is_nan()) {
        let p = p * weight;
        *sum = if sum.is_nan() { p } else { *sum + p };
    }
}

/// Divides votes by their sum, unless that is 0. False when it is.
pub(crate) fn share_out(votes: &mut [f64]) -> bool {
    let total: f64 = votes.iter().filter(|p| !p.is_nan()).sum();
    if total > 0.0 {
        for p in votes {
            *p /= total;
        }
    }
    total > 0.0
}

/// Takes the next of a series. True when its mean has risen.
fn has_risen(watch: &mut ADWIN, one: bool) -> bool {
    let before = watch.estimation();
    watch.update(f64::from(u8::from(one)));
    watch.drift_detected() && watch.estimation() > before
}

/// Classifiers that are watched: each has an [`ADWIN`] for a series of zeros and ones, and when
/// the mean of one rises, the member with the largest mean is made anew.
pub(super) struct Watched {
    pub nursery: Nursery<Box<dyn Classifier>>,
    pub members: Members<Box<dyn Classifier>>,
    watches: Vec<ADWIN>,
    fresh: ADWIN,
    pub together: Together,
}

impl Watched {
    pub fn new(
        nursery: Nursery<Box<dyn Classifier>>,
        n_models: usize,
        delta: f64,
        catalog: &Catalog,
    ) -> Result<Self> {
        let together = Together::new(keeps_names(&nursery.spec().0, catalog));
        let fresh = ADWIN::new(adwin::Params { delta, ..adwin::Params::default() })?;
        let members = Members::new(&nursery, n_models)?;
        Ok(Self { nursery, members, watches: vec![fresh.clone(); n_models], fresh, together })
    }

    /// Where the mean of a member's series stands.
    pub fn mean(&self, member: usize) -> f64 {
        self.watches[member].estimation()
    }

    /// Lets `turn` have each member with its number; what it says, if anything, is the next of the
    /// member's series. True when the mean of one has risen. Members that make no names of
    /// features may have their turns at once.
    pub fn turns(
        &mut self,
        cx: &mut Context<'_>,
        turn: impl Fn(usize, &mut dyn Classifier, &mut Context<'_>) -> Option<bool> + Sync,
    ) -> bool {
        let changed = AtomicBool::new(false);
        let spell = self.together.spell(self.watches.len());
        let pairs = self.members.0.iter_mut().zip(&mut self.watches);
        each(&spell, pairs, cx, |i, (member, watch), cx| {
            if let Some(one) = turn(i, &mut **member, cx)
                && has_risen(watch, one)
            {
                changed.store(true, Ordering::Relaxed);
            }
        });
        changed.into_inner()
    }

    /// Takes the next of a member's series. True when its mean has risen.
    pub fn watch(&mut self, member: usize, one: bool) -> bool {
        has_risen(&mut self.watches[member], one)
    }

    /// Puts a new member, and a new watch, where the mean is largest: at the first of equals. Says
    /// where.
    pub fn replace(&mut self) -> usize {
        let mut at = 0;
        for i in 1..self.watches.len() {
            if self.mean(i) > self.mean(at) {
                at = i;
            }
        }
        self.members.0[at] = self.nursery.make();
        self.watches[at] = self.fresh.clone();
        at
    }

    pub fn save(&self, out: &mut Vec<u8>) {
        self.members.save(out);
        for watch in &self.watches {
            saved::put_child(out, watch);
        }
    }

    pub fn load(&mut self, from: &mut Loader<'_>) -> Result<()> {
        self.members.load(from)?;
        self.watches.iter_mut().try_for_each(|watch| from.child(watch))
    }
}
