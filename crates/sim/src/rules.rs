//! Rules over a planet: who could be meant by one, without asking each of millions each time.
//!
//! A gate that is closed and whose `when` is false changes nothing by being stepped. So only those
//! are stepped whose `when` is true, or whose gate still has something to remember. The parts of
//! `when` that name figures of the node are asked once for the node; those that name figures of the
//! identity once for all that have the same [`Key`].

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use her_gate::figures::{COUNT, DECLARED, find};
use her_gate::{Expr, Gate, Rule, Used, Why};

use crate::herd::{Key, Levels};

/// Figures of an identity that are simulated.
const OF_IDENTITY: [&str; 3] = ["update_rate", "io_wait_ratio", "lag"];
/// Figures of a node that are simulated.
const OF_NODE: [&str; 6] = ["load", "memory", "memory_share", "tier", "max_tier", "peers"];

/// Figures by their place; what is not known is not a number.
pub(crate) type Values = [f64; COUNT];

/// Where the simulated figures lie in [`DECLARED`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Places {
    pub update_rate: usize,
    pub io_wait_ratio: usize,
    pub lag: usize,
    pub of_node: [usize; 6],
}

impl Places {
    pub fn new() -> Self {
        // Every name here is a declared one: a test reads them all.
        let place = |name| find(name).unwrap_or(0);
        let [update_rate, io_wait_ratio, lag] = OF_IDENTITY.map(place);
        Self { update_rate, io_wait_ratio, lag, of_node: OF_NODE.map(place) }
    }
}

/// Refuses a rule that names what is not simulated.
pub(crate) fn check_figures(rule: &Rule) -> Result<(), String> {
    let all = rule.when.figures().iter().chain(rule.clear.iter().flat_map(Expr::figures));
    let known = |name: &str| OF_IDENTITY.contains(&name) || OF_NODE.contains(&name);
    let unknown = all.map(|place| DECLARED[*place].name).find(|name| !known(name));
    unknown.map_or(Ok(()), |name| {
        let known = [&OF_IDENTITY[..], &OF_NODE[..]].concat().join(", ");
        Err(format!("the figure {name} is not simulated; a rule here may name {known}"))
    })
}

/// One rule over all identities.
pub(crate) struct Watching {
    pub rule: Arc<Rule>,
    /// Parts of `when` that name no figure of an identity.
    of_node: Vec<usize>,
    /// Parts that name no figure of a node.
    of_identity: Vec<usize>,
    /// True when a part names figures of both.
    mixed: bool,
    /// By key: 0 for not asked yet, 1 for false, 2 for true.
    memo: Vec<u8>,
}

/// One gate at work: somebody whom a rule means, or meant a while ago.
pub(crate) struct Watch {
    pub id: u32,
    pub rule: usize,
    pub gate: Gate,
    pub last: Why,
}

impl Watch {
    /// True when a new gate would be no different.
    pub fn at_rest(&self, now_ms: u64) -> bool {
        !self.gate.state().open && self.last != Why::ForPending && !self.gate.counts(now_ms)
    }
}

impl Watching {
    pub fn new(rule: &Arc<Rule>, places: &Places) -> Self {
        let (mut of_node, mut of_identity, mut mixed) = (Vec::new(), Vec::new(), false);
        for part in 0..rule.when.conjuncts().count() {
            let figures = rule.when.figures_of(part);
            let node = figures.iter().any(|place| places.of_node.contains(place));
            let identity = figures.iter().any(|place| !places.of_node.contains(place));
            match (node, identity) {
                (true, true) => mixed = true,
                (false, true) => of_identity.push(part),
                (_, false) => of_node.push(part),
            }
        }
        Self { rule: Arc::clone(rule), of_node, of_identity, mixed, memo: vec![0; 1 << 16] }
    }

    /// Forgets what was asked of keys: rates have changed.
    pub fn forget(&mut self) {
        if !self.of_identity.is_empty() {
            self.memo.fill(0);
        }
    }

    fn hold(&self, parts: &[usize], values: &Values) -> bool {
        let when = &self.rule.when;
        parts.iter().all(|part| when.truth(*part, &|place| values[place]) == Some(true))
    }

    /// True when nothing about the node keeps the rule from being true for somebody there.
    pub fn may_be(&self, node: &Values) -> bool {
        self.of_node.is_empty() || self.hold(&self.of_node, node)
    }

    /// True when it is true for one who has this key, on a node for which [`Watching::may_be`].
    /// `node` has all figures of the node and of this one.
    pub fn means(&mut self, key: Key, values: impl Fn() -> Values) -> bool {
        let memo = usize::from(key.0);
        if self.memo[memo] == 0 {
            self.memo[memo] = 1 + u8::from(self.hold(&self.of_identity, &values()));
        }
        if self.memo[memo] == 1 || !self.mixed {
            return self.memo[memo] == 2;
        }
        let values = values();
        let truths = self.rule.when.truths(&|place| values[place]);
        her_gate::expr::all(&truths) == Some(true)
    }
}

/// The figures of one identity, added to those of its node.
pub(crate) fn add_figures(
    values: &mut Values,
    places: &Places,
    levels: &Levels,
    key: Key,
    factors: &[f64; 16],
) {
    values[places.update_rate] = levels.rate[key.rate()] as f64 / 1e3 * factors[key.home()];
    values[places.io_wait_ratio] = levels.wait[key.wait()];
    // What is learned is durable at once.
    values[places.lag] = 0.0;
}

/// How many a rule was done to: what budgets are compared with.
pub(crate) struct Ledger {
    cooldown_ms: u64,
    planet: Counter,
    nodes: Vec<Counter>,
}

#[derive(Default, Clone)]
struct Counter {
    under_way: u32,
    /// When the cool-downs of those that are done are over.
    cooling: BinaryHeap<Reverse<u64>>,
}

impl Counter {
    fn count(&mut self, now_ms: u64) -> u32 {
        while self.cooling.peek().is_some_and(|until| until.0 <= now_ms) {
            self.cooling.pop();
        }
        self.under_way + self.cooling.len() as u32
    }
}

impl Ledger {
    pub fn new(rule: &Rule, nodes: usize) -> Self {
        let nodes = vec![Counter::default(); nodes];
        Self { cooldown_ms: rule.spec.cooldown_ms, planet: Counter::default(), nodes }
    }

    /// What others use, for one who is counted among them or not.
    pub fn used(&mut self, now_ms: u64, node: usize, counted: bool) -> Used {
        let me = u32::from(counted);
        let node = self.nodes[node].count(now_ms).saturating_sub(me);
        Used { node, cluster: self.planet.count(now_ms).saturating_sub(me) }
    }

    pub fn begin(&mut self, node: usize) {
        self.planet.under_way += 1;
        self.nodes[node].under_way += 1;
    }

    /// It came to be, or it did not and counts no more.
    pub fn end(&mut self, node: usize, begun_ms: u64, came_to_be: bool) {
        for counter in [&mut self.planet, &mut self.nodes[node]] {
            counter.under_way -= 1;
            if came_to_be {
                counter.cooling.push(Reverse(begun_ms + self.cooldown_ms));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_simulated_figure_is_a_declared_one() {
        for name in OF_IDENTITY.iter().chain(&OF_NODE) {
            assert!(find(name).is_ok(), "{name}");
        }
    }
}
