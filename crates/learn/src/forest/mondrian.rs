//! What the two aggregated Mondrian forests share: a tree that halves its boxes at random times.
//!
//! A node keeps the smallest box around the events that passed it. An event outside of the box by
//! `e` in all (summed over its features) would be cut off after an exponential time of rate `e`;
//! when that comes before the node's own split, a new node takes its place, split between box and
//! event. `weight` is minus `step` times the losses of a node's predictions so far, and
//! `log_weight_tree` the same for the best mixture of it and all below: `ln(½eʷ + ½eˢ)`, with `s`
//! the sum of the children's.

use serde::{Deserialize, Serialize};

use crate::features::{FeatureId, Features, Names};
use crate::math;
use crate::rng::Rng;

/// Where a tree without `max_nodes` stops to grow.
pub const NODES_MAX: u32 = 1 << 16;
/// How many numbers the nodes of one tree may keep beside their own fields: 32 MiB.
const NUMBERS_MAX: usize = 1 << 22;

/// No node, no feature.
const NONE: u32 = u32::MAX;

/// What all trees of a forest obey.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    pub step: f64,
    pub use_aggregation: bool,
    /// A tree of this many nodes splits no more.
    pub max_nodes: u32,
}

/// One event's target, and how a node's numbers predict and learn it.
pub trait Target: Copy {
    /// How many numbers a node must have.
    fn numbers(self) -> usize;
    /// The event's weight.
    fn weight(self) -> f64;
    /// True when a node that saw `n` events has no reason to split on this one.
    fn is_settled(self, n: f64, numbers: &[f64]) -> bool;
    /// The loss of a node's prediction, this event counted in `n` and not yet in the numbers.
    fn loss(self, n: f64, numbers: &[f64]) -> f64;
    /// Counts the event in the numbers; it is counted in `n`.
    fn learn(self, n: f64, numbers: &mut [f64]);
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Node {
    time: f64,
    threshold: f64,
    weight: f64,
    log_weight_tree: f64,
    /// The node's share in the mixture of it and all below, known since the last upward walk.
    share: f64,
    /// The weight of the events that passed.
    n: f64,
    /// The feature to split on; none in a leaf, and once it was forgotten.
    feature: FeatureId,
    parent: u32,
    /// The left child, and the right one; none in a leaf.
    children: [u32; 2],
}

impl Node {
    fn leaf(parent: u32, time: f64) -> Self {
        Self {
            time,
            threshold: 0.0,
            weight: 0.0,
            log_weight_tree: 0.0,
            share: 0.5,
            n: 0.0,
            feature: NONE,
            parent,
            children: [NONE; 2],
        }
    }

    fn is_leaf(&self) -> bool {
        self.children[0] == NONE
    }
}

/// An event, with a shorter way to its numbers when its ids are a run.
#[derive(Clone, Copy)]
pub struct Event<'a> {
    x: &'a Features,
    run: Option<usize>,
}

impl<'a> Event<'a> {
    pub fn new(x: &'a Features) -> Self {
        Self { x, run: x.run() }
    }

    #[inline]
    fn get(self, feature: FeatureId) -> Option<f64> {
        match self.run {
            Some(first) => self.x.values().get((feature as usize).wrapping_sub(first)).copied(),
            None => self.x.get(feature),
        }
    }
}

/// One tree: nodes in one vector, the root first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Tree {
    nodes: Vec<Node>,
    /// Per node, the low and then the high ends of its box, `width` each; NaN where it has none.
    boxes: Vec<f64>,
    width: usize,
    /// Per node, `depth` numbers to predict from.
    numbers: Vec<f64>,
    depth: usize,
    rng: Rng,
}

/// The trees of a forest, each with a seed that is drawn from the forest's.
pub fn plant(n_estimators: usize, seed: Option<u32>) -> Vec<Tree> {
    let mut rng = Rng::new(u64::from(seed.unwrap_or(0)));
    (0..n_estimators).map(|_| Tree::new(rng.randint(0, 9_999_999) as u64)).collect()
}

impl Tree {
    fn new(seed: u64) -> Self {
        Self {
            nodes: vec![Node::leaf(NONE, 0.0)],
            boxes: Vec::new(),
            width: 0,
            numbers: Vec::new(),
            depth: 0,
            rng: Rng::new(seed),
        }
    }

    /// Learns from one event.
    pub fn learn<T: Target>(&mut self, x: Event<'_>, y: T, rules: &Rules, names: &Names<'_>) {
        self.make_room(x.x.end(), y.numbers());
        if self.nodes[0].n == 0.0 {
            self.update(0, x, y, None);
            return;
        }
        let weigh = Some(rules).filter(|r| r.use_aggregation);
        let mut at = 0;
        let leaf = loop {
            if let Some(time) = self.split_time(at, x, y, rules) {
                let leaf = self.split(at, time, x, names);
                self.update(at, x, y, weigh);
                self.update(leaf, x, y, None);
                break leaf;
            }
            self.update(at, x, y, weigh);
            if self.nodes[at].is_leaf() {
                break at;
            }
            at = self.below(at, x);
        };
        if rules.use_aggregation {
            self.reweigh(leaf);
        }
    }

    /// The leaf that an event falls into.
    pub fn find(&self, x: Event<'_>) -> usize {
        let mut at = 0;
        while !self.nodes[at].is_leaf() {
            at = self.below(at, x);
        }
        at
    }

    /// The node above, and its share in the mixture of it and all below.
    pub fn above(&self, at: usize) -> Option<(usize, f64)> {
        let parent = self.nodes[at].parent as usize;
        self.nodes.get(parent).map(|node| (parent, node.share))
    }

    /// What a node predicts from: the weight of its events, and its numbers.
    pub fn seen(&self, at: usize) -> (f64, &[f64]) {
        (self.nodes[at].n, &self.numbers[at * self.depth..][..self.depth])
    }

    /// Forgets features: their splits send events the way of the heavier child.
    pub fn forget(&mut self, gone: &[FeatureId]) {
        for (at, node) in self.nodes.iter_mut().enumerate() {
            if gone.binary_search(&node.feature).is_ok() {
                node.feature = NONE;
            }
            for &id in gone.iter().filter(|&&id| (id as usize) < self.width) {
                let low = 2 * at * self.width + id as usize;
                self.boxes[low] = f64::NAN;
                self.boxes[low + self.width] = f64::NAN;
            }
        }
    }

    /// Room for features below `end`, as far as there may be, and for `depth` numbers a node.
    fn make_room(&mut self, end: usize, depth: usize) {
        if depth > self.depth {
            spread(&mut self.numbers, self.nodes.len(), self.depth, depth, 0.0);
            self.depth = depth;
        }
        if end > self.width {
            // A stream whose features come one by one moves the boxes a few times only.
            let most = (NUMBERS_MAX / self.nodes.len()).saturating_sub(self.depth) / 2;
            let width = end.max(self.width + self.width / 4).min(most);
            if width > self.width {
                spread(&mut self.boxes, 2 * self.nodes.len(), self.width, width, f64::NAN);
                self.width = width;
            }
        }
    }

    fn is_full(&self, max_nodes: u32) -> bool {
        let nodes = self.nodes.len();
        nodes >= max_nodes as usize || (nodes + 2) * (2 * self.width + self.depth) > NUMBERS_MAX
    }

    /// When this event is cut off from the node's box, if that comes before the node's split.
    #[inline]
    fn split_time<T: Target>(
        &mut self,
        at: usize,
        x: Event<'_>,
        y: T,
        rules: &Rules,
    ) -> Option<f64> {
        let (n, numbers) = self.seen(at);
        if y.is_settled(n, numbers) || self.is_full(rules.max_nodes) {
            return None;
        }
        let outside = self.outside(at, x);
        if outside <= 0.0 {
            return None;
        }
        let node = self.nodes[at];
        let time = node.time - math::ln(1.0 - self.rng.random()) / outside;
        let in_time = node.is_leaf() || time < self.nodes[node.children[0] as usize].time;
        (in_time && time > 0.0).then_some(time)
    }

    /// The low and the high ends of a node's box.
    #[inline]
    fn bounds(&self, at: usize) -> (&[f64], &[f64]) {
        self.boxes[2 * at * self.width..][..2 * self.width].split_at(self.width)
    }

    /// How far an event lies outside of a node's box, over all features.
    #[inline]
    fn outside(&self, at: usize, x: Event<'_>) -> f64 {
        let (low, high) = self.bounds(at);
        let mut sum = 0.0;
        if let Some(first) = x.run.filter(|&first| first < self.width) {
            for ((&v, &low), &high) in x.x.values().iter().zip(&low[first..]).zip(&high[first..]) {
                sum += distance(v, low, high);
            }
            return sum;
        }
        for (id, v) in x.x.iter().take_while(|&(id, _)| (id as usize) < self.width) {
            sum += distance(v, low[id as usize], high[id as usize]);
        }
        sum
    }

    /// Counts an event in a node, and its loss where there are rules to weigh it by.
    #[inline]
    fn update<T: Target>(&mut self, at: usize, x: Event<'_>, y: T, weigh: Option<&Rules>) {
        self.cover(at, x);
        let node = &mut self.nodes[at];
        let numbers = &mut self.numbers[at * self.depth..][..self.depth];
        node.n += y.weight();
        if let Some(rules) = weigh {
            node.weight -= rules.step * y.weight() * y.loss(node.n, numbers);
        }
        y.learn(node.n, numbers);
    }

    /// Widens a node's box to hold the event.
    #[inline]
    fn cover(&mut self, at: usize, x: Event<'_>) {
        let width = self.width;
        let (low, high) = self.boxes[2 * at * width..][..2 * width].split_at_mut(width);
        if let Some(first) = x.run.filter(|&first| first < width) {
            let ends = low[first..].iter_mut().zip(&mut high[first..]);
            for (&v, (low, high)) in x.x.values().iter().zip(ends) {
                widen(v, low, high);
            }
            return;
        }
        for (id, v) in x.x.iter().take_while(|&(id, _)| (id as usize) < width) {
            widen(v, &mut low[id as usize], &mut high[id as usize]);
        }
    }

    /// The child of `at` that an event goes to: the heavier one when it lacks the feature.
    #[inline]
    fn below(&self, at: usize, x: Event<'_>) -> usize {
        let node = &self.nodes[at];
        let [left, right] = node.children;
        let goes_left = match x.get(node.feature) {
            Some(v) => v <= node.threshold,
            None => self.nodes[left as usize].weight >= self.nodes[right as usize].weight,
        };
        (if goes_left { left } else { right }) as usize
    }

    /// Puts a split between a node's box and an event, and gives the event's new leaf.
    fn split(&mut self, at: usize, time: f64, x: Event<'_>, names: &Names<'_>) -> usize {
        let (low, high) = self.bounds(at);
        // River draws among the features in the order of their names.
        let mut outside: Vec<(&str, FeatureId, f64)> = (x.x.iter())
            .take_while(|&(id, _)| (id as usize) < self.width)
            .map(|(id, v)| (id, distance(v, low[id as usize], high[id as usize])))
            .filter(|&(_, by)| by > 0.0)
            .map(|(id, by)| (names.name(id), id, by))
            .collect();
        outside.sort_unstable_by_key(|&(name, ..)| name);
        let by: Vec<f64> = outside.iter().map(|&(.., by)| by).collect();
        let feature = outside[self.rng.weighted_choice(&by)].1;
        let (low, high) = self.bounds(at);
        let (low, high) = (low[feature as usize], high[feature as usize]);
        let v = x.get(feature).unwrap_or(high);
        let is_right = v > high;
        let (from, to) = if is_right { (high, v) } else { (v, low) };
        let threshold = self.rng.uniform(from, to);
        let (inner, leaf) = self.push_children(at, time);
        let node = &mut self.nodes[at];
        node.feature = feature;
        node.threshold = threshold;
        node.children = if is_right { [inner, leaf] } else { [leaf, inner] };
        leaf as usize
    }

    /// Adds a node that is what `at` was, and an empty leaf.
    fn push_children(&mut self, at: usize, time: f64) -> (u32, u32) {
        let inner = self.nodes.len() as u32;
        let was = self.nodes[at];
        for child in was.children {
            if let Some(child) = self.nodes.get_mut(child as usize) {
                child.parent = inner;
            }
        }
        self.nodes.push(Node { time, parent: at as u32, ..was });
        self.nodes.push(Node::leaf(at as u32, time));
        let (boxed, depth) = (2 * self.width, self.depth);
        self.boxes.extend_from_within(at * boxed..(at + 1) * boxed);
        self.boxes.resize(self.nodes.len() * boxed, f64::NAN);
        self.numbers.extend_from_within(at * depth..(at + 1) * depth);
        self.numbers.resize(self.nodes.len() * depth, 0.0);
        (inner, inner + 1)
    }

    /// Weighs every node from `at` up to the root against all below it.
    fn reweigh(&mut self, mut at: usize) {
        loop {
            let node = &self.nodes[at];
            let (mut log_weight_tree, mut share) = (node.weight, 1.0);
            if !node.is_leaf() {
                let [left, right] = node.children.map(|c| self.nodes[c as usize].log_weight_tree);
                (log_weight_tree, share) = mix(node.weight, left + right);
            }
            let node = &mut self.nodes[at];
            node.log_weight_tree = log_weight_tree;
            node.share = share;
            if node.parent == NONE {
                return;
            }
            at = node.parent as usize;
        }
    }
}

/// `ln(½eᵃ + ½eᵇ)`, and the share of `a` in it.
#[inline]
fn mix(a: f64, b: f64) -> (f64, f64) {
    let small = math::exp(-(a - b).abs());
    let log = a.max(b) - std::f64::consts::LN_2 + math::ln_1p(small);
    (log, if a > b { 1.0 } else { small } / (1.0 + small))
}

/// How far `v` lies outside; a feature without a box yet lies inside.
#[inline]
fn distance(v: f64, low: f64, high: f64) -> f64 {
    if v < low {
        low - v
    } else if v > high {
        v - high
    } else {
        0.0
    }
}

/// Moves the ends, NaN at first, so that `v` lies between.
#[inline]
fn widen(v: f64, low: &mut f64, high: &mut f64) {
    *low = if *low <= v { *low } else { v };
    *high = if *high >= v { *high } else { v };
}

/// Makes `rows` rows of `from` numbers as long as `to`.
fn spread(numbers: &mut Vec<f64>, rows: usize, from: usize, to: usize, fill: f64) {
    let mut wide = vec![fill; rows * to];
    for row in 0..rows {
        wide[row * to..][..from].copy_from_slice(&numbers[row * from..][..from]);
    }
    *numbers = wide;
}
