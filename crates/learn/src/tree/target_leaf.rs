//! A regressor's leaf: the target's moments, a model, and what its splits are made from.

use serde::{Deserialize, Serialize};

use super::arena::Leaf;
use super::columns::{Columns, meet};
use super::criterion::variance_reduction;
use super::moments::Moments;
use super::nominal::Nominal;
use super::search_tree::Failure;
use super::split::{Candidate, Split, Test};
use super::target_observer::TargetObserver;
use super::target_tree::{TargetConfig, TargetPrediction};
use super::value::seen;
use super::watch::Watch;
use super::work::{Drawn, Work};
use crate::estimator::{Attribute, Regressor};
use crate::features::{Context, FeatureId, Features};

#[derive(Serialize, Deserialize)]
pub(crate) struct TargetLeaf {
    pub stats: Moments,
    pub depth: u32,
    pub active: bool,
    /// The weight at the last attempt to split.
    pub tried_at: f64,
    /// The faded squared errors of the mean and of the model.
    pub mean_errors: f64,
    pub model_errors: f64,
    columns: Columns,
    observers: Vec<TargetObserver>,
    /// Sorted by id.
    nominals: Vec<Nominal<Moments>>,
    /// Saved beside the tree, since it is a child.
    #[serde(skip)]
    pub model: Option<Box<dyn Regressor>>,
    pub watch: Option<Box<Watch>>,
}

impl Leaf for TargetLeaf {
    type Stats = Moments;

    fn depth(&self) -> u32 {
        self.depth
    }

    fn stats(&self) -> &Moments {
        &self.stats
    }

    fn total_weight(&self) -> f64 {
        self.stats.n
    }

    fn is_active(&self) -> bool {
        self.active
    }

    fn activate(&mut self) {
        self.active = true;
    }

    fn deactivate(&mut self) {
        self.active = false;
        self.columns.clear();
        self.observers = Vec::new();
        self.nominals = Vec::new();
    }

    fn promise(&self) -> f64 {
        -f64::from(self.depth)
    }

    fn bytes(&self) -> usize {
        // A linear model has a weight and the state of an optimizer for each feature.
        let model = if self.model.is_some() { 256 + 16 * self.columns.len() } else { 0 };
        self.columns.bytes()
            + self.watch.as_ref().map_or(0, |_| Watch::BYTES)
            + model
            + self.observers.iter().map(TargetObserver::bytes).sum::<usize>()
            + self.nominals.iter().map(Nominal::bytes).sum::<usize>()
    }

    fn forget(&mut self, gone: &[FeatureId]) {
        for &id in gone {
            if let Some(at) = self.columns.remove(id) {
                self.observers.remove(at);
            }
        }
        self.nominals.retain(|n| gone.binary_search(&n.id).is_err());
        self.columns.forget(gone);
        if let Some(model) = &mut self.model {
            model.forget(gone);
        }
    }

    fn show(stats: &Moments) -> Attribute {
        Attribute::Map(vec![
            ("n".into(), Attribute::Float(stats.n)),
            ("mean".into(), Attribute::Float(stats.mean)),
            ("var".into(), Attribute::Float(stats.variance())),
        ])
    }

    fn watch_mut(&mut self) -> Option<&mut Watch> {
        self.watch.as_deref_mut()
    }

    fn watch(&self) -> Option<&Watch> {
        self.watch.as_deref()
    }
}

impl TargetLeaf {
    pub fn new(
        stats: Moments,
        depth: u32,
        model: Option<Box<dyn Regressor>>,
        watch: Option<Box<Watch>>,
    ) -> Self {
        Self {
            tried_at: stats.n,
            stats,
            depth,
            active: true,
            mean_errors: 0.0,
            model_errors: 0.0,
            columns: Columns::default(),
            observers: Vec::new(),
            nominals: Vec::new(),
            model,
            watch,
        }
    }

    /// True when the next event is the first that its features are drawn from.
    pub fn draws(&self) -> bool {
        self.active && !self.has_drawn()
    }

    /// True when it is settled which features are looked at.
    pub fn has_drawn(&self) -> bool {
        self.columns.is_drawn()
    }

    /// Learns from one event.
    pub fn learn(
        &mut self,
        cfg: &TargetConfig,
        x: &Features,
        y: f64,
        w: f64,
        drawn: Drawn<'_>,
        cx: &mut Context<'_>,
    ) {
        if cfg.leaf_prediction == TargetPrediction::Adaptive {
            let of_mean = y - self.stats.mean;
            let of_model = y - self.model.as_ref().map_or(0.0, |m| m.predict_one(x, cx));
            self.mean_errors = cfg.model_selector_decay * self.mean_errors + of_mean * of_mean;
            self.model_errors = cfg.model_selector_decay * self.model_errors + of_model * of_model;
        }
        self.stats.update(y, w);
        if self.active {
            self.observe(cfg, x, y, w, drawn, cx);
        }
        if let Some(model) = &mut self.model {
            model.learn_one(x, y, w, cx);
        }
    }

    fn observe(
        &mut self,
        cfg: &TargetConfig,
        x: &Features,
        y: f64,
        w: f64,
        drawn: Drawn<'_>,
        cx: &mut Context<'_>,
    ) {
        if let (Some(max), Some(rng)) = (cfg.max_features, drawn) {
            self.columns.draw(x, max, rng, cx);
        }
        let observers = &mut self.observers;
        let names = &cfg.nominal_attributes;
        meet(&mut self.columns, &mut self.nominals, names, x, cx, |at| {
            observers.insert(at, TargetObserver::new(cfg.splitter));
        });
        let mut values = cx.take_floats();
        self.columns.gather(x, &mut values);
        for (&v, observer) in values.iter().zip(&mut self.observers) {
            if !v.is_nan() {
                observer.update(cfg.splitter, v, y, w);
            }
        }
        cx.give_floats(values);
        for nominal in &mut self.nominals {
            if let Some(value) = seen(x, nominal.id)
                && let Some(moments) = nominal.at(value)
            {
                moments.update(y, w);
            }
        }
        self.columns.events = self.columns.events.saturating_add(1);
    }

    pub fn predict(&self, cfg: &TargetConfig, x: &Features, cx: &mut Context<'_>) -> f64 {
        match &self.model {
            None => self.stats.mean,
            Some(_)
                if cfg.leaf_prediction == TargetPrediction::Adaptive
                    && self.mean_errors < self.model_errors =>
            {
                self.stats.mean
            }
            Some(model) => model.predict_one(x, cx),
        }
    }

    /// What the leaf might split by, in the order in which its features came.
    pub fn candidates(&self, cfg: &TargetConfig, work: &mut Work) {
        work.candidates.clear();
        if cfg.merit_preprune {
            work.candidates.push(Candidate::NULL);
        }
        let numbers = (0..self.columns.len()).map(|at| (self.columns.born(at), at));
        let nominals = self.nominals.iter().enumerate();
        let nominals = nominals.map(|(i, n)| (n.born, self.columns.len() + i));
        work.features.clear();
        work.features.extend(numbers.chain(nominals));
        work.features.sort_unstable();
        let multiway = cfg.splits_many_ways();
        for at in 0..work.features.len() {
            let (_, feature) = work.features[at];
            let best = match feature.checked_sub(self.columns.len()) {
                None => {
                    let id = self.columns.ids()[feature];
                    let observer = &self.observers[feature];
                    observer.best(id, &self.stats, cfg.min_samples_split, multiway, work)
                }
                Some(nominal) => self.best_nominal(cfg, &self.nominals[nominal], work),
            };
            work.candidates.push(best);
        }
    }

    fn best_nominal(
        &self,
        cfg: &TargetConfig,
        nominal: &Nominal<Moments>,
        work: &mut Work,
    ) -> Candidate {
        let merit =
            |after: &[Moments]| variance_reduction(&self.stats, after, cfg.min_samples_split);
        let mut best = Candidate::NULL;
        if !cfg.binary_split && nominal.values.len() > 2 {
            nominal.each(&mut work.moments);
            let merit = merit(&work.moments);
            best = Candidate { merit, feature: Some(nominal.id), test: Test::OneOf };
        }
        for (at, (_, one)) in nominal.values.iter().enumerate() {
            let others = self.stats.minus(one);
            best.challenge(merit(&[*one, others]), nominal.id, Test::Equals(at));
        }
        best
    }

    /// The split of a candidate, and the target's moments in its branches.
    pub fn split(
        &self,
        cfg: &TargetConfig,
        candidate: &Candidate,
        work: &mut Work,
    ) -> Option<(Split, Vec<Moments>)> {
        let id = candidate.feature?;
        let nominal = || self.nominals.iter().find(|n| n.id == id);
        match candidate.test {
            Test::None => None,
            Test::AtMost(_) | Test::Slots => {
                let column = self.columns.ids().binary_search(&id).ok()?;
                self.observers[column].split(candidate.test, cfg.radius(), &self.stats, work)
            }
            Test::Equals(at) => {
                let one = nominal()?.values[at].1;
                Some((Split::Equals(nominal()?.value(at)), vec![one, self.stats.minus(&one)]))
            }
            Test::OneOf => {
                let mut after = Vec::new();
                nominal()?.each(&mut after);
                Some((Split::OneOf(nominal()?.all_values()), after))
            }
        }
    }

    /// Drops what a failed attempt to split has shown to be of no use.
    pub fn prune(&mut self, cfg: &TargetConfig, failure: &Failure, work: &mut Work) {
        for observer in &mut self.observers {
            observer.prune(&self.stats, cfg.min_samples_split, failure, work);
        }
    }

    /// Stops watching a feature for good.
    pub fn disable(&mut self, id: FeatureId) {
        if let Some(at) = self.columns.remove(id) {
            self.observers.remove(at);
        } else if let Some(at) = self.nominals.iter().position(|n| n.id == id) {
            self.nominals.remove(at);
        }
        self.columns.disable(id);
    }
}
