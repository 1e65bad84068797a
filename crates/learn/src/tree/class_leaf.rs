//! A leaf of a tree of classes: what it has seen, and how it predicts.

use serde::{Deserialize, Serialize};

use super::arena::Leaf;
use super::branch::{Seen, value_of};
use super::criterion::{Dist, add, total};
use super::observer::{Gaussian, Judge, Nominal, Offer, best_threshold, heaviest, promise};
use crate::estimator::ClassId;
use crate::features::{Context, FeatureId, Features};
use crate::math;
use crate::rng::Rng;

/// River's names for ways in which a leaf predicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Prediction {
    /// The shares of the classes.
    #[serde(rename = "mc")]
    MajorityClass,
    /// Naive Bayes.
    #[serde(rename = "nb")]
    NaiveBayes,
    /// The one of the two that was right more often here.
    #[serde(rename = "nba")]
    Adaptive,
}

/// What a leaf keeps of a feature.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Kept {
    /// Normal distributions, in the leaf's table.
    Numbers,
    /// Weights by value.
    Values(Box<Nominal>),
    /// Nothing more: it was found poor, or its name was forgotten.
    Nothing,
}

/// Classes and features that came to one place.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClassLeaf {
    /// The weight of each class.
    pub stats: Dist,
    depth: u32,
    active: bool,
    /// The weight at which a split was tried last.
    pub tried_at: f64,
    /// How often the heaviest class, and how often naive Bayes, was right.
    right: (f64, f64),
    /// The features, in the order in which they came, and what is kept of each.
    features: Vec<FeatureId>,
    kept: Vec<Kept>,
    /// The classes of the table, in the order in which they came.
    classes: Vec<ClassId>,
    /// A row of `features.len()` distributions for each class.
    table: Vec<Gaussian>,
    /// The features that are looked at, when not all of them are.
    subspace: Option<Vec<FeatureId>>,
}

/// How leaves work: the parameters of their tree.
#[derive(Debug, Clone, Copy)]
pub struct Manner<'a> {
    pub prediction: Prediction,
    pub nb_threshold: f64,
    /// Numbers that are values, not quantities; sorted.
    pub nominal: &'a [FeatureId],
}

/// Draws the features that a leaf looks at: a forest's generator, and how many.
pub type Draw<'a> = Option<(&'a mut Rng, usize)>;

impl ClassLeaf {
    /// A leaf that begins with these classes.
    pub fn new(stats: Dist, depth: u32) -> Self {
        let tried_at = total(&stats);
        Self {
            stats,
            depth,
            active: true,
            tried_at,
            right: (0.0, 0.0),
            features: Vec::new(),
            kept: Vec::new(),
            classes: Vec::new(),
            table: Vec::new(),
            subspace: None,
        }
    }

    /// Takes an event.
    pub fn learn(
        &mut self,
        x: &Features,
        y: ClassId,
        w: f64,
        manner: &Manner<'_>,
        draw: Draw<'_>,
        cx: &mut Context<'_>,
    ) {
        if self.active && manner.prediction == Prediction::Adaptive {
            if heaviest(&self.stats).is_none_or(|class| class == y) {
                self.right.0 += w;
            }
            let mut votes = cx.take_floats();
            if self.ln_bayes(x, &mut votes) && self.voted(&votes) == Some(y) {
                self.right.1 += w;
            }
            cx.give_floats(votes);
        }
        add(&mut self.stats, y, w);
        if self.active {
            self.observe(x, y, w, manner, draw, cx);
        }
    }

    fn observe(
        &mut self,
        x: &Features,
        y: ClassId,
        w: f64,
        manner: &Manner<'_>,
        draw: Draw<'_>,
        cx: &mut Context<'_>,
    ) {
        let row = self.row(y);
        if let Some((rng, count)) = draw {
            let chosen = self.subspace.take().filter(|s| !s.is_empty());
            let chosen = chosen.unwrap_or_else(|| sample(x, rng, count, cx));
            for &feature in &chosen {
                if let Some(seen) = value_of(x, feature) {
                    self.observe_one(feature, seen, y, row, w, manner);
                }
            }
            self.subspace = Some(chosen);
            return;
        }
        if manner.nominal.is_empty() && self.features == x.ids() {
            let width = self.features.len();
            let of = &mut self.table[row * width..(row + 1) * width];
            if self.kept.iter().all(|k| matches!(k, Kept::Numbers)) {
                for (gaussian, &v) in of.iter_mut().zip(x.values()) {
                    gaussian.update(v, w);
                }
            } else {
                for (id, v) in x.iter() {
                    self.observe_one(id, Seen::Number(v), y, row, w, manner);
                }
            }
        } else {
            for (id, v) in x.iter() {
                self.observe_one(id, Seen::Number(v), y, row, w, manner);
            }
        }
        for (id, text) in x.texts() {
            self.observe_one(id, Seen::Text(text), y, row, w, manner);
        }
    }

    /// The number of a class's row in the table.
    fn row(&mut self, y: ClassId) -> usize {
        if let Some(row) = self.classes.iter().position(|c| *c == y) {
            return row;
        }
        self.classes.push(y);
        self.table.resize(self.classes.len() * self.features.len(), Gaussian::default());
        self.classes.len() - 1
    }

    fn observe_one(
        &mut self,
        feature: FeatureId,
        seen: Seen<'_>,
        y: ClassId,
        row: usize,
        w: f64,
        manner: &Manner<'_>,
    ) {
        let at = match self.features.iter().position(|f| *f == feature) {
            Some(at) => at,
            None => self.add_feature(feature, seen, manner),
        };
        match (&mut self.kept[at], seen) {
            (Kept::Numbers, Seen::Number(v)) => {
                self.table[row * self.features.len() + at].update(v, w);
            }
            (Kept::Values(nominal), seen) => nominal.update(seen, y, w),
            _ => {}
        }
    }

    #[cold]
    fn add_feature(&mut self, feature: FeatureId, seen: Seen<'_>, manner: &Manner<'_>) -> usize {
        let is_nominal = matches!(seen, Seen::Text(_)) || manner.nominal.contains(&feature);
        let before = self.features.len();
        self.features.push(feature);
        self.kept.push(if is_nominal { Kept::Values(Box::default()) } else { Kept::Numbers });
        // Every class's row gets one column more.
        let mut table = Vec::with_capacity(self.classes.len() * (before + 1));
        for row in 0..self.classes.len() {
            table.extend_from_slice(&self.table[row * before..(row + 1) * before]);
            table.push(Gaussian::default());
        }
        self.table = table;
        before
    }

    /// Writes the logarithm of naive Bayes' vote for each class of `stats`, in its order. False
    /// without an opinion.
    fn ln_bayes(&self, x: &Features, votes: &mut Vec<f64>) -> bool {
        let sum = total(&self.stats);
        if self.stats.is_empty() || sum == 0.0 {
            return false;
        }
        let width = self.features.len();
        let plain = self.features == x.ids();
        for &(class, weight) in &self.stats {
            if weight <= 0.0 {
                votes.push(0.0);
                continue;
            }
            let mut vote = math::ln(weight / sum);
            let row = self.classes.iter().position(|c| *c == class);
            let of = row.map_or(&[][..], |row| &self.table[row * width..(row + 1) * width]);
            if plain {
                for (gaussian, &v) in of.iter().zip(x.values()) {
                    vote += gaussian.ln_density(v);
                }
            } else {
                for (at, &feature) in self.features.iter().enumerate() {
                    vote += match (value_of(x, feature), of.get(at)) {
                        (Some(Seen::Number(v)), Some(g)) if self.is_number(at) => g.ln_density(v),
                        _ => 0.0,
                    };
                }
            }
            for (&feature, kept) in self.features.iter().zip(&self.kept) {
                if let (Kept::Values(nominal), Some(seen)) = (kept, value_of(x, feature)) {
                    vote += nominal.ln_share(seen, class);
                }
            }
            votes.push(vote);
        }
        true
    }

    fn is_number(&self, at: usize) -> bool {
        matches!(self.kept[at], Kept::Numbers)
    }

    /// The class with the most votes, the first of equals.
    fn voted(&self, votes: &[f64]) -> Option<ClassId> {
        let mut best: Option<(ClassId, f64)> = None;
        for (&(class, _), &vote) in self.stats.iter().zip(votes) {
            if best.is_none_or(|(_, most)| vote > most) {
                best = Some((class, vote));
            }
        }
        best.map(|(class, _)| class)
    }

    /// Writes the probability of each class of `stats` into `proba`, by class.
    pub fn predict(
        &self,
        x: &Features,
        manner: &Manner<'_>,
        proba: &mut [f64],
        cx: &mut Context<'_>,
    ) {
        let sum = total(&self.stats);
        let bayes = self.active
            && match manner.prediction {
                Prediction::MajorityClass => false,
                Prediction::NaiveBayes => sum >= manner.nb_threshold,
                Prediction::Adaptive => self.right.1 >= self.right.0,
            };
        if bayes {
            let mut votes = cx.take_floats();
            if self.ln_bayes(x, &mut votes) {
                let most = votes.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let all = most + math::ln(votes.iter().map(|v| math::exp(v - most)).sum());
                for (&(class, _), &vote) in self.stats.iter().zip(&votes) {
                    proba[class as usize] = math::exp(vote - all);
                }
            }
            cx.give_floats(votes);
            return;
        }
        let scale = if sum == 0.0 { 1.0 } else { 1.0 / sum };
        for &(class, weight) in &self.stats {
            proba[class as usize] = weight * scale;
        }
    }

    /// The best split that each feature offers, in their order; none for those without any.
    pub fn offers(&self, judge: &Judge<'_>) -> Vec<(FeatureId, Option<Offer>)> {
        let width = self.features.len();
        let mut offers = Vec::with_capacity(width);
        for (at, &feature) in self.features.iter().enumerate() {
            let offer = match &self.kept[at] {
                Kept::Nothing => continue,
                Kept::Values(nominal) => nominal.best(judge),
                Kept::Numbers => {
                    let of = self.classes.iter().enumerate();
                    best_threshold(of.map(|(row, &c)| (c, &self.table[row * width + at])), judge)
                }
            };
            offers.push((feature, offer));
        }
        offers
    }

    /// Looks no more at a feature that was found poor.
    pub fn disable(&mut self, feature: FeatureId) {
        self.drop_feature(feature);
    }

    fn drop_feature(&mut self, feature: FeatureId) {
        if let Some(at) = self.features.iter().position(|f| *f == feature) {
            self.kept[at] = Kept::Nothing;
            let width = self.features.len();
            for row in 0..self.classes.len() {
                self.table[row * width + at] = Gaussian::default();
            }
        }
    }
}

/// River's draw of `count` features: from their names in order.
#[cold]
fn sample(x: &Features, rng: &mut Rng, count: usize, cx: &mut Context<'_>) -> Vec<FeatureId> {
    let ids = x.ids().iter().copied().chain(x.texts().map(|(id, _)| id));
    let mut sorted: Vec<FeatureId> = ids.collect();
    sorted.sort_by(|a, b| cx.names.name(*a).cmp(cx.names.name(*b)));
    if sorted.len() < count {
        return sorted;
    }
    rng.sample(sorted.len(), count).into_iter().map(|at| sorted[at]).collect()
}

impl Leaf for ClassLeaf {
    fn weight(&self) -> f64 {
        total(&self.stats)
    }

    fn depth(&self) -> u32 {
        self.depth
    }

    fn is_active(&self) -> bool {
        self.active
    }

    fn activate(&mut self) {
        self.active = true;
    }

    fn deactivate(&mut self) {
        self.active = false;
        self.features = Vec::new();
        self.kept = Vec::new();
        self.classes = Vec::new();
        self.table = Vec::new();
    }

    fn promise(&self) -> f64 {
        promise(&self.stats)
    }

    fn bytes(&self) -> usize {
        let nominal = |kept: &Kept| match kept {
            Kept::Values(nominal) => nominal.bytes(),
            _ => 0,
        };
        self.stats.len() * size_of::<(ClassId, f64)>()
            + self.features.len() * (size_of::<FeatureId>() + size_of::<Kept>())
            + self.table.len() * size_of::<Gaussian>()
            + self.kept.iter().map(nominal).sum::<usize>()
    }

    fn forget(&mut self, gone: &[FeatureId]) {
        if !self.features.iter().any(|f| gone.binary_search(f).is_ok()) {
            return;
        }
        // Whole columns go, so that a leaf does not grow with names that are no more.
        let width = self.features.len();
        let stay: Vec<usize> =
            (0..width).filter(|&at| gone.binary_search(&self.features[at]).is_err()).collect();
        let rows = 0..self.classes.len();
        let cell = |row: usize, at: usize| self.table[row * width + at];
        let table = rows.flat_map(|row| stay.iter().map(move |&at| cell(row, at))).collect();
        self.table = table;
        self.features = stay.iter().map(|&at| self.features[at]).collect();
        let mut at = 0;
        self.kept.retain(|_| {
            at += 1;
            stay.binary_search(&(at - 1)).is_ok()
        });
        if let Some(subspace) = &mut self.subspace {
            subspace.retain(|f| gone.binary_search(f).is_err());
        }
    }
}
