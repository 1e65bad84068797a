//! A classifier's leaf: weights by class, and what its splits are made from.

use serde::{Deserialize, Serialize};

use super::arena::Leaf;
use super::class_tree::{ClassConfig, LeafPrediction};
use super::columns::{Columns, meet};
use super::criterion::SplitCriterion;
use super::dist::{Dist, add, arg_max, largest, total};
use super::nominal::Nominal;
use super::observers::Observers;
use super::split::{Candidate, Test};
use super::value::seen;
use super::watch::Watch;
use super::work::{Drawn, Work};
use crate::estimator::{Attribute, ClassId};
use crate::features::{Context, FeatureId, Features};
use crate::math;

#[derive(Serialize, Deserialize)]
pub(crate) struct ClassLeaf {
    pub stats: Dist,
    pub depth: u32,
    pub active: bool,
    /// The weight at the last attempt to split.
    pub tried_at: f64,
    /// The weight of events that the majority class, and naive Bayes, got right.
    majority_right: f64,
    bayes_right: f64,
    columns: Columns,
    observers: Observers,
    /// Sorted by id.
    nominals: Vec<Nominal<Dist>>,
    pub watch: Option<Box<Watch>>,
}

impl Leaf for ClassLeaf {
    type Stats = Dist;

    fn depth(&self) -> u32 {
        self.depth
    }

    fn stats(&self) -> &Dist {
        &self.stats
    }

    fn total_weight(&self) -> f64 {
        total(&self.stats)
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
        self.observers.clear();
        self.nominals = Vec::new();
    }

    fn promise(&self) -> f64 {
        let seen = total(&self.stats);
        if seen > 0.0 { seen - largest(&self.stats) } else { 0.0 }
    }

    fn bytes(&self) -> usize {
        self.stats.len() * size_of::<(ClassId, f64)>()
            + self.watch.as_ref().map_or(0, |_| Watch::BYTES)
            + self.columns.bytes()
            + self.observers.bytes()
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
    }

    fn show(stats: &Dist) -> Attribute {
        Attribute::Classes(stats.iter().map(|&(c, w)| (c, Attribute::Float(w))).collect())
    }

    fn watch_mut(&mut self) -> Option<&mut Watch> {
        self.watch.as_deref_mut()
    }

    fn watch(&self) -> Option<&Watch> {
        self.watch.as_deref()
    }
}

impl ClassLeaf {
    pub fn new(cfg: &ClassConfig, stats: Dist, depth: u32, watch: Option<Box<Watch>>) -> Self {
        Self {
            tried_at: total(&stats),
            stats,
            depth,
            active: true,
            majority_right: 0.0,
            bayes_right: 0.0,
            columns: Columns::default(),
            observers: Observers::new(cfg.splitter),
            nominals: Vec::new(),
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
        cfg: &ClassConfig,
        x: &Features,
        y: ClassId,
        w: f64,
        drawn: Drawn<'_>,
        cx: &mut Context<'_>,
    ) {
        if !self.active {
            add(&mut self.stats, y, w);
            return;
        }
        let mut gathered = cx.take_floats();
        if let (Some(max), Some(rng)) = (cfg.max_features, drawn) {
            self.columns.draw(x, max, rng, cx);
        }
        let (columns, observers) = (&mut self.columns, &mut self.observers);
        meet(columns, &mut self.nominals, &cfg.nominal_attributes, x, cx, |at| {
            observers.insert(at);
        });
        let whole = self.columns.is_whole(x);
        let mut complete = true;
        let values = if whole {
            x.values()
        } else {
            complete = self.columns.gather(x, &mut gathered);
            &gathered[..]
        };
        if cfg.leaf_prediction == LeafPrediction::Adaptive {
            self.judge(x, y, w, values, complete, cx);
        }
        add(&mut self.stats, y, w);
        self.observers.learn(values, y, w, self.columns.events);
        for nominal in &mut self.nominals {
            if let Some(value) = seen(x, nominal.id)
                && let Some(dist) = nominal.at(value)
            {
                add(dist, y, w);
            }
        }
        self.columns.events = self.columns.events.saturating_add(1);
        cx.give_floats(gathered);
    }

    /// Counts who would have predicted the event.
    fn judge(
        &mut self,
        x: &Features,
        y: ClassId,
        w: f64,
        values: &[f64],
        complete: bool,
        cx: &mut Context<'_>,
    ) {
        let majority = arg_max(self.stats.iter().map(|&(_, w)| w));
        if majority.is_none_or(|at| self.stats[at].0 == y) {
            self.majority_right += w;
        }
        let mut votes = cx.take_floats();
        self.votes(x, values, complete, &mut votes);
        if arg_max(votes.iter().copied()).is_some_and(|at| self.stats[at].0 == y) {
            self.bayes_right += w;
        }
        cx.give_floats(votes);
    }

    /// The logarithm of each class's likelihood, up to a constant; nothing before the first event.
    fn votes(&self, x: &Features, values: &[f64], complete: bool, votes: &mut Vec<f64>) {
        votes.clear();
        let sum = total(&self.stats);
        if sum == 0.0 {
            return;
        }
        for (at, &(class, weight)) in self.stats.iter().enumerate() {
            if weight <= 0.0 {
                votes.push(0.0);
                continue;
            }
            let prior = math::ln(weight / sum);
            let mut vote = self.observers.add_log_density(prior, values, complete, (at, class));
            for nominal in &self.nominals {
                let share = seen(x, nominal.id).map_or(0.0, |v| nominal.share(v, class));
                if share > 0.0 {
                    vote += math::ln(share);
                }
            }
            votes.push(vote);
        }
    }

    /// Writes a probability for each class of `stats`.
    pub fn predict(
        &self,
        cfg: &ClassConfig,
        x: &Features,
        out: &mut Vec<f64>,
        cx: &mut Context<'_>,
    ) {
        let bayes = self.active
            && match cfg.leaf_prediction {
                LeafPrediction::Majority => false,
                LeafPrediction::Bayes => total(&self.stats) >= cfg.nb_threshold,
                LeafPrediction::Adaptive => self.bayes_right >= self.majority_right,
            };
        if bayes {
            let mut gathered = cx.take_floats();
            if self.columns.is_whole(x) {
                self.votes(x, x.values(), true, out);
            } else {
                let complete = self.columns.gather(x, &mut gathered);
                self.votes(x, &gathered, complete, out);
            }
            cx.give_floats(gathered);
            soft_max(out);
            return;
        }
        out.clear();
        let sum = total(&self.stats);
        let factor = if sum == 0.0 { 1.0 } else { 1.0 / sum };
        out.extend(self.stats.iter().map(|&(_, w)| w * factor));
    }

    /// What the leaf might split by, in the order in which its features came.
    pub fn candidates(&self, cfg: &ClassConfig, work: &mut Work) {
        work.candidates.clear();
        let most = largest(&self.stats);
        if most > 0.0 && most / total(&self.stats) > cfg.max_share_to_split {
            work.candidates.push(Candidate::NULL);
            return;
        }
        if cfg.merit_preprune {
            work.candidates.push(Candidate::NULL);
        }
        let numbers = (0..self.columns.len()).map(|at| (self.columns.born(at), at));
        let nominals = self.nominals.iter().enumerate();
        let nominals = nominals.map(|(i, n)| (n.born, self.columns.len() + i));
        work.features.clear();
        work.features.extend(numbers.chain(nominals));
        work.features.sort_unstable();
        for at in 0..work.features.len() {
            let (_, feature) = work.features[at];
            let best = match feature.checked_sub(self.columns.len()) {
                None => self.best_number(cfg, feature, work),
                Some(nominal) => self.best_nominal(cfg, &self.nominals[nominal], work),
            };
            work.candidates.push(best);
        }
    }

    fn best_number(&self, cfg: &ClassConfig, column: usize, work: &mut Work) -> Candidate {
        let id = self.columns.ids()[column];
        let mut best = Candidate::NULL;
        let merit =
            |after: &[Dist]| cfg.criterion.merit(&self.stats, after, cfg.min_branch_fraction);
        self.observers.each_threshold(column, &self.stats, work, |t, after| {
            best.challenge(merit(after), id, Test::AtMost(t));
        });
        best
    }

    fn best_nominal(
        &self,
        cfg: &ClassConfig,
        nominal: &Nominal<Dist>,
        work: &mut Work,
    ) -> Candidate {
        let criterion: SplitCriterion = cfg.criterion;
        let merit = |after: &[Dist]| criterion.merit(&self.stats, after, cfg.min_branch_fraction);
        let mut best = Candidate::NULL;
        if !cfg.binary_split {
            let n = nominal.values.len();
            work.empty(n);
            nominal.each(&mut work.after[..n]);
            let merit = merit(&work.after[..n]);
            best = Candidate { merit, feature: Some(nominal.id), test: Test::OneOf };
        }
        for at in 0..nominal.values.len() {
            work.empty(2);
            let [one, others] = &mut work.after[..2] else { break };
            nominal.one_and_others(at, &self.stats, one, others);
            best.challenge(merit(&work.after[..2]), nominal.id, Test::Equals(at));
        }
        best
    }

    /// The split of a candidate, and the weights by class in its branches.
    pub fn split(
        &self,
        candidate: &Candidate,
        work: &mut Work,
    ) -> Option<(super::split::Split, Vec<Dist>)> {
        use super::split::Split;
        let id = candidate.feature?;
        let nominal = || self.nominals.iter().find(|n| n.id == id);
        let mut after = Vec::new();
        let split = match candidate.test {
            Test::AtMost(threshold) => {
                let column = self.columns.ids().binary_search(&id).ok()?;
                self.observers.each_threshold(column, &self.stats, work, |t, dists| {
                    if t == threshold && after.is_empty() {
                        after = dists.to_vec();
                    }
                });
                Split::AtMost(threshold)
            }
            Test::Equals(at) => {
                let (mut one, mut others) = (Dist::new(), Dist::new());
                nominal()?.one_and_others(at, &self.stats, &mut one, &mut others);
                after = vec![one, others];
                Split::Equals(nominal()?.value(at))
            }
            Test::OneOf => {
                after.resize_with(nominal()?.values.len(), Dist::new);
                nominal()?.each(&mut after);
                Split::OneOf(nominal()?.all_values())
            }
            Test::Slots | Test::None => return None,
        };
        Some((split, after))
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

/// Turns logarithms into probabilities.
fn soft_max(votes: &mut [f64]) {
    let Some(at) = arg_max(votes.iter().copied()) else { return };
    let most = votes[at];
    let mut sum = 0.0;
    for v in &mut *votes {
        *v = math::exp(*v - most);
        sum += *v;
    }
    for v in votes {
        *v /= sum;
    }
}
