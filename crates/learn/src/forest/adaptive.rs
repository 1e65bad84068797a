//! What adaptive random forests share: trees that are watched, and replaced when they go wrong.

use serde_json::Value;

use crate::catalog::Builder;
use crate::ensemble::check_n_models;
use crate::error::{Error, Result};
use crate::estimator::{Attribute, DriftDetector};
use crate::features::{Context, FeatureId, Features, Names};
use crate::math;
use crate::metrics::Metric;
use crate::nursery::Nursery;
use crate::parallel::{Together, each, keeps_names};
use crate::params::{Spec, check_range};
use crate::rng::Rng;
use crate::saved::{self, Loader};
use crate::tree::work::Drawn;

/// A tree of a forest.
pub(super) trait Grown: Default + Send + Sync {
    /// What all trees of a forest are told.
    type Config: Send + Sync;
    /// How many features a leaf looks at, among what the trees are told.
    fn max_features(cfg: &mut Self::Config) -> &mut Option<usize>;
    /// How many that are, once it is known.
    fn features(cfg: &Self::Config) -> Option<usize>;
    /// Appends a tree, the one behind it, and how often it met drifts and warnings.
    fn save(member: &Member<Self>, out: &mut Vec<u8>);
    /// Reads what [`save`](Self::save) wrote.
    fn load(member: &mut Member<Self>, cfg: &Self::Config, from: &mut Loader<'_>) -> Result<()>;
    /// Forgets features.
    fn forget(&mut self, gone: &[FeatureId]);
    /// True when learning from this event would draw features for a leaf.
    fn draws(&self, x: &Features) -> bool;
    /// True when no event makes a leaf draw features, as long as there are no new leaves.
    fn is_settled(&self) -> bool;
    /// How many leaves there are.
    fn leaves(&self) -> u64;
    /// What a tree shows under a name.
    fn attribute(&self, name: &str, names: &Names<'_>) -> Option<Attribute>;
}

/// A tree, the figure it votes by, and what watches it.
pub(super) struct Member<T> {
    pub tree: T,
    pub background: Option<T>,
    pub metric: Box<dyn Metric>,
    drift: Box<dyn DriftDetector>,
    warning: Box<dyn DriftDetector>,
    pub n_drifts: u64,
    pub n_warnings: u64,
}

impl<T: Grown> Member<T> {
    /// True when learning from this event would draw features for a leaf.
    fn draws(&self, x: &Features) -> bool {
        self.tree.draws(x) || self.background.as_ref().is_some_and(|tree| tree.draws(x))
    }

    /// Changes when there are new leaves.
    fn stamp(&self) -> [u64; 4] {
        let behind = self.background.as_ref().map_or(0, T::leaves);
        [self.tree.leaves(), behind, self.n_drifts, self.n_warnings]
    }

    /// True when no event makes a leaf draw features, as long as there are no new leaves.
    fn is_settled(&self) -> bool {
        self.tree.is_settled() && self.background.as_ref().is_none_or(T::is_settled)
    }

    /// Gives the detectors their next number, and replaces what has to be.
    pub fn watch(&mut self, number: f64, guards: &Guards) {
        if !is_off(&*self.warning) {
            self.warning.update(number);
            if self.warning.drift_detected() {
                self.background = Some(T::default());
                self.warning = guards.warning.make();
                self.n_warnings += 1;
            }
        }
        if is_off(&*self.drift) {
            return;
        }
        self.drift.update(number);
        if self.drift.drift_detected() {
            match self.background.take() {
                Some(tree) => {
                    self.tree = tree;
                    self.warning = guards.warning.make();
                }
                None => self.tree = T::default(),
            }
            self.drift = guards.drift.make();
            self.metric = guards.metric.make();
            self.n_drifts += 1;
        }
    }
}

fn is_off(detector: &dyn DriftDetector) -> bool {
    detector.entry().name == "NoDrift"
}

/// The weight that a member learns an event with, and where its leaves draw from.
type Dose<'a> = (f64, Drawn<'a>);

/// What all members are told.
pub(super) struct Shared<'a, T: Grown> {
    pub cfg: &'a T::Config,
    pub guards: &'a Guards,
}

/// How to make what follows a tree.
pub(super) struct Guards {
    metric: Nursery<Box<dyn Metric>>,
    drift: Nursery<Box<dyn DriftDetector>>,
    warning: Nursery<Box<dyn DriftDetector>>,
}

impl Guards {
    fn member<T: Grown>(&self) -> Member<T> {
        Member {
            tree: T::default(),
            background: None,
            metric: self.metric.make(),
            drift: self.drift.make(),
            warning: self.warning.make(),
            n_drifts: 0,
            n_warnings: 0,
        }
    }
}

/// The parameters that both forests have. The specs are written as they were built.
pub(super) struct Settings<'a> {
    pub n_models: usize,
    pub max_features: &'a Value,
    pub lambda_value: u32,
    pub metric: &'a mut Spec,
    pub drift_detector: &'a mut Spec,
    pub warning_detector: &'a mut Spec,
    pub seed: Option<u32>,
    /// Specs of what else is in a tree.
    pub others: &'a Spec,
}

/// The trees, and all that they share.
pub(super) struct Forest<T: Grown> {
    /// Says how many features a leaf looks at from the first event on.
    pub cfg: T::Config,
    pub guards: Guards,
    pub members: Vec<Member<T>>,
    pub rng: Rng,
    /// The mean of the weight with which a tree learns an event.
    pub lambda: f64,
    max_features: Value,
    pub together: Together,
    /// By member: that no event makes a leaf draw features. Apart from the members, so that a look
    /// at it takes nothing out of another thread's cache.
    settled: Vec<bool>,
}

impl<T: Grown> Forest<T> {
    /// A forest that has seen nothing. `of_values` says which metrics fit.
    pub fn new(
        settings: &mut Settings<'_>,
        cfg: T::Config,
        of_values: bool,
        builder: &Builder<'_>,
    ) -> Result<Self> {
        check_n_models(settings.n_models)?;
        let lambda = f64::from(settings.lambda_value);
        check_range("lambda_value", lambda, 1.0, 1000.0)?;
        check_max_features(settings.max_features)?;
        let metric = Nursery::<Box<dyn Metric>>::new("metric", settings.metric, builder)?;
        if metric.first().of_values() != of_values {
            let kinds = ["classes", "numbers"];
            let (wanted, other) = (usize::from(of_values), usize::from(!of_values));
            return Err(Error::new(format!(
                "metric must be one of {}, {} is one of {}",
                kinds[wanted],
                metric.first().entry().name,
                kinds[other]
            )));
        }
        let drift = Nursery::new("drift_detector", settings.drift_detector, builder)?;
        let warning = Nursery::new("warning_detector", settings.warning_detector, builder)?;
        *settings.metric = metric.spec().clone();
        *settings.drift_detector = drift.spec().clone();
        *settings.warning_detector = warning.spec().clone();
        let specs = [metric.spec(), drift.spec(), warning.spec(), settings.others];
        let divisible = specs.iter().all(|spec| keeps_names(&spec.0, builder.catalog()));
        let guards = Guards { metric, drift, warning };
        Ok(Self {
            cfg,
            members: (0..settings.n_models).map(|_| guards.member()).collect(),
            guards,
            rng: Rng::new(u64::from(settings.seed.unwrap_or(0))),
            lambda,
            max_features: settings.max_features.clone(),
            together: Together::new(divisible),
            settled: vec![false; settings.n_models],
        })
    }

    /// True once an event was learned.
    pub fn begun(&self) -> bool {
        T::features(&self.cfg).is_some()
    }

    /// The first event that is learned decides how many features a leaf looks at.
    pub fn begin(&mut self, x: &Features) {
        if !self.begun() {
            let all = x.len() + x.texts().count();
            *T::max_features(&mut self.cfg) = Some(count(&self.max_features, all));
        }
    }

    /// Lets `turn` have each member, with the weight that it learns the event with and with where
    /// leaves draw their features from. All is drawn member by member; members of which no leaf
    /// draws may be worked at together afterwards.
    pub fn turns<E: Send>(
        &mut self,
        others: &mut [E],
        (x, w): (&Features, f64),
        cx: &mut Context<'_>,
        turn: impl Fn(&mut Member<T>, &mut E, Dose<'_>, &Shared<'_, T>, &mut Context<'_>) + Sync,
    ) {
        let all = Shared { cfg: &self.cfg, guards: &self.guards };
        let (members, rng) = (&mut self.members, &mut self.rng);
        let spell = self.together.spell(members.len());
        if !spell.at_once() {
            self.settled.fill(false);
            for (member, other) in members.iter_mut().zip(others) {
                let k = f64::from(rng.poisson(self.lambda)) * w;
                turn(member, other, (k, Some(&mut *rng)), &all, cx);
            }
            return;
        }
        let mut weights = cx.take_floats();
        let settled = &mut self.settled;
        for (i, (member, other)) in members.iter_mut().zip(others.iter_mut()).enumerate() {
            let k = f64::from(rng.poisson(self.lambda)) * w;
            if k > 0.0 && !settled[i] && member.draws(x) {
                turn(member, other, (k, Some(&mut *rng)), &all, cx);
                weights.push(f64::NAN);
            } else {
                weights.push(k);
            }
        }
        let items = members.iter_mut().zip(others).zip(settled);
        each(&spell, items, cx, |i, ((member, other), settled), cx| {
            let stamp = member.stamp();
            if !weights[i].is_nan() {
                turn(member, other, (weights[i], None), &all, cx);
            }
            if !*settled || stamp != member.stamp() {
                *settled = member.is_settled();
            }
        });
        cx.give_floats(weights);
    }

    pub fn save(&self, out: &mut Vec<u8>) {
        let count = T::features(&self.cfg).unwrap_or(0);
        saved::put(out, &(&self.rng, count as u64));
        for member in &self.members {
            T::save(member, out);
            saved::put_child(out, &*member.metric);
            saved::put_child(out, &*member.drift);
            saved::put_child(out, &*member.warning);
        }
    }

    pub fn load(&mut self, from: &mut Loader<'_>) -> Result<()> {
        let count: u64;
        self.settled.fill(false);
        (self.rng, count) = from.get()?;
        *T::max_features(&mut self.cfg) = Some(count as usize).filter(|&count| count > 0);
        for member in &mut self.members {
            T::load(member, &self.cfg, from)?;
            from.child(&mut *member.metric)?;
            from.child(&mut *member.drift)?;
            from.child(&mut *member.warning)?;
        }
        Ok(())
    }

    pub fn forget(&mut self, gone: &[FeatureId]) {
        self.settled.fill(false);
        for member in &mut self.members {
            member.tree.forget(gone);
            if let Some(tree) = &mut member.background {
                tree.forget(gone);
            }
        }
    }

    /// What River shows of its members, as a list with one item for each.
    pub fn attribute(&self, name: &str, names: &Names<'_>) -> Option<Attribute> {
        let of = |of: fn(&Member<T>) -> u64| {
            let counts = self.members.iter().map(|m| Attribute::Int(of(m) as i64));
            Attribute::List(counts.collect())
        };
        match name {
            "drifts_by_tree" => Some(of(|m| m.n_drifts)),
            "warnings_by_tree" => Some(of(|m| m.n_warnings)),
            "trees" => {
                let shown = |m: &Member<T>| m.tree.attribute("summary", names);
                Some(Attribute::List(self.members.iter().filter_map(shown).collect()))
            }
            _ => None,
        }
    }
}

/// River's number of features for a leaf, of as many as the first event has.
fn count(max_features: &Value, all: usize) -> usize {
    let n = all as f64;
    let wanted = match max_features {
        Value::String(name) if name == "log2" => math::log2(n).round_ties_even(),
        Value::String(_) => n.sqrt().round_ties_even(),
        Value::Number(count) => match count.as_i64() {
            Some(count) => count as f64,
            None => (count.as_f64().unwrap_or(1.0) * n).floor(),
        },
        _ => n,
    };
    let wanted = if wanted < 0.0 { wanted + n } else { wanted };
    (wanted.max(1.0) as usize).min(all.max(1))
}

fn check_max_features(value: &Value) -> Result<()> {
    let good = match value {
        Value::Null => true,
        Value::String(name) => name == "sqrt" || name == "log2",
        Value::Number(count) => {
            count.is_i64() || count.as_f64().is_some_and(|share| share > 0.0 && share <= 1.0)
        }
        _ => false,
    };
    if good {
        return Ok(());
    }
    Err(Error::new(format!(
        "max_features must be \"sqrt\", \"log2\", a whole number, a share between 0 and 1, or null, \
         got {value}"
    )))
}
