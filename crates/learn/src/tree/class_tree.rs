//! A tree of classes: Hoeffding's rule over leaves that watch their features. What the tree
//! classifiers and the forests of them share.

use serde::{Deserialize, Serialize};

use super::arena::{Arena, Leaf as _, Memory, Node};
use super::branch::NodeId;
use super::class_leaf::{ClassLeaf, Draw, Manner, Prediction};
use super::criterion::{Criterion, total};
use super::observer::{Judge, Offer, is_pure};
use crate::estimator::{Attribute, ClassId};
use crate::features::{Context, FeatureId, Features, Names};
use crate::math;

/// The parameters of a tree.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "River's parameters, each on its own")]
pub struct Settings {
    pub grace_period: f64,
    pub depth_max: u32,
    pub criterion: Criterion,
    pub delta: f64,
    pub tau: f64,
    pub prediction: Prediction,
    pub nb_threshold: f64,
    pub nominal_attributes: Vec<String>,
    pub n_splits: u32,
    pub binary_split: bool,
    pub share_min: f64,
    pub share_max: f64,
    pub bytes_max: f64,
    pub memory_period: f64,
    pub stop_mem_management: bool,
    pub remove_poor_attrs: bool,
    pub merit_preprune: bool,
}

impl Settings {
    fn memory(&self) -> Memory {
        Memory {
            bytes_max: self.bytes_max,
            period: self.memory_period,
            stop: self.stop_mem_management,
            depth_max: self.depth_max,
        }
    }

    fn manner<'a>(&self, nominal: &'a [FeatureId]) -> Manner<'a> {
        Manner { prediction: self.prediction, nb_threshold: self.nb_threshold, nominal }
    }
}

/// The nodes, and the classes that came.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ClassTree {
    nodes: Arena<ClassLeaf>,
    /// By class: whether it came.
    classes: Vec<bool>,
    /// The ids of nominal features that came, sorted.
    nominal: Vec<FeatureId>,
}

impl ClassTree {
    /// Learns an event; `draw` is a forest's, which lets leaves look at some features only.
    pub fn learn(
        &mut self,
        settings: &Settings,
        x: &Features,
        y: ClassId,
        w: f64,
        draw: Draw<'_>,
        cx: &mut Context<'_>,
    ) {
        if w <= 0.0 {
            return;
        }
        if self.classes.len() <= y as usize {
            self.classes.resize(y as usize + 1, false);
        }
        self.classes[y as usize] = true;
        self.find_nominal(settings, x, cx);
        if self.nodes.is_empty() {
            self.nodes.add(Node::Leaf(ClassLeaf::new(Vec::new(), 0)));
            self.nodes.active = 1;
        }
        let manner = settings.manner(&self.nominal);
        let mut end = self.nodes.walk(x, 0);
        let at_branch = matches!(self.nodes.node(end), Node::Branch(_));
        if at_branch {
            end = self.nodes.beyond(x, end, |depth| ClassLeaf::new(Vec::new(), depth));
        }
        if let Some(leaf) = self.nodes.leaf_mut(end) {
            leaf.learn(x, y, w, &manner, draw, cx);
            if !at_branch && leaf.is_active() {
                self.look_for_split(settings, end);
            }
        }
        self.nodes.look_at_size(&settings.memory(), w);
    }

    /// The ids of the names that were said to be nominal, as they come.
    fn find_nominal(&mut self, settings: &Settings, x: &Features, cx: &Context<'_>) {
        if self.nominal.len() == settings.nominal_attributes.len() {
            return;
        }
        for &id in x.ids() {
            let name = cx.names.name(id);
            if settings.nominal_attributes.iter().any(|n| n == name)
                && let Err(at) = self.nominal.binary_search(&id)
            {
                self.nominal.insert(at, id);
            }
        }
    }

    /// Tries a split when it is time to.
    fn look_for_split(&mut self, settings: &Settings, at: NodeId) {
        if !self.nodes.grows {
            return;
        }
        let Some(leaf) = self.nodes.leaf_mut(at) else { return };
        if leaf.depth() >= settings.depth_max {
            self.nodes.deactivate(at);
            return;
        }
        let weight = leaf.weight();
        if weight - leaf.tried_at < settings.grace_period {
            return;
        }
        self.try_split(settings, at);
        // A leaf that has become a branch is not asked any more.
        if let Some(leaf) = self.nodes.leaf_mut(at) {
            leaf.tried_at = weight;
        }
    }

    #[cold]
    fn try_split(&mut self, settings: &Settings, at: NodeId) {
        let Some(leaf) = self.nodes.leaf_mut(at) else { return };
        if is_pure(&leaf.stats) {
            return;
        }
        let (mut offers, no_choice) = offers(leaf, settings);
        let best = match offers.pop() {
            None => return,
            Some(best) if offers.is_empty() || no_choice => best,
            Some(best) => {
                let second = offers.last().map_or(f64::NEG_INFINITY, |(_, o)| merit(o.as_ref()));
                let bound = hoeffding_bound(
                    settings.criterion.range(&leaf.stats),
                    settings.delta,
                    total(&leaf.stats),
                );
                if settings.remove_poor_attrs && settings.prediction == Prediction::MajorityClass {
                    let first = merit(best.1.as_ref());
                    for (feature, offer) in &offers {
                        if let Some(feature) = feature
                            && first - merit(offer.as_ref()) > bound
                        {
                            leaf.disable(*feature);
                        }
                    }
                }
                // Two splits without merit have no lead over one another.
                let lead = merit(best.1.as_ref()) - second;
                if (lead.is_nan() || lead <= bound) && bound >= settings.tau {
                    return;
                }
                best
            }
        };
        match best {
            (Some(feature), Some(offer)) => {
                let depth = leaf.depth() + 1;
                let leaves = offer.parts.into_iter().map(|d| ClassLeaf::new(d, depth)).collect();
                self.nodes.split(at, feature, offer.test, leaves);
            }
            _ => self.nodes.deactivate(at),
        }
        self.nodes.keep_within(&settings.memory());
    }

    /// Writes the probability of each class that came; nothing before the first event.
    pub fn predict(
        &self,
        settings: &Settings,
        x: &Features,
        proba: &mut Vec<f64>,
        cx: &mut Context<'_>,
    ) {
        let Some(leaf) = self.nodes.leaf_for(x) else { return };
        proba.extend(self.classes.iter().map(|came| if *came { 0.0 } else { f64::NAN }));
        leaf.predict(x, &settings.manner(&self.nominal), proba, cx);
    }

    /// Forgets features.
    pub fn forget(&mut self, gone: &[FeatureId]) {
        self.nodes.forget(gone);
        self.nominal.retain(|id| gone.binary_search(id).is_err());
    }

    /// What River shows of a tree.
    pub fn attribute(&self, name: &str, names: &Names<'_>) -> Option<Attribute> {
        self.nodes.attribute(name, names)
    }
}

/// A feature and the split it offers. No feature: not to split.
type Choice = (Option<FeatureId>, Option<Offer>);

fn merit(offer: Option<&Offer>) -> f64 {
    offer.map_or(f64::NEG_INFINITY, |o| o.merit)
}

/// The choices by merit, the best one last; and whether there is only one, since one class has
/// nearly all of the weight.
fn offers(leaf: &ClassLeaf, settings: &Settings) -> (Vec<Choice>, bool) {
    let most = leaf.stats.iter().map(|(_, w)| *w).fold(f64::NEG_INFINITY, f64::max);
    if most != 0.0 && most / total(&leaf.stats) > settings.share_max {
        return (vec![(None, None)], true);
    }
    let judge = Judge {
        criterion: settings.criterion,
        before: &leaf.stats,
        share_min: settings.share_min,
        binary: settings.binary_split,
        n_splits: settings.n_splits,
    };
    let mut choices: Vec<Choice> = Vec::new();
    if settings.merit_preprune {
        choices.push((None, None));
    }
    let offered = leaf.offers(&judge).into_iter();
    // A feature without a split is no choice of that feature.
    choices.extend(offered.map(|(feature, offer)| (offer.as_ref().map(|_| feature), offer)));
    choices.sort_by(|(_, a), (_, b)| {
        merit(a.as_ref()).partial_cmp(&merit(b.as_ref())).unwrap_or(std::cmp::Ordering::Equal)
    });
    (choices, false)
}

/// `√(R² ln(1/δ) / 2n)`.
pub fn hoeffding_bound(range: f64, delta: f64, n: f64) -> f64 {
    (range * range * math::ln(1.0 / delta) / (2.0 * n)).sqrt()
}
