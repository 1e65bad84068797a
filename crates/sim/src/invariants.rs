//! What must hold in every run, checked by other means than those that keep it.

use her_gate::period;

use crate::flight::Bug;
use crate::world::World;
use crate::{Error, Result};

/// A move that was begun: a line of the log that budgets are counted in again at the end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Begun {
    node: u32,
    at_ms: u32,
    ended_ms: u32,
    rule: u8,
    cools: bool,
}

impl Begun {
    pub fn new(rule: usize, node: usize, now_ms: u64) -> Self {
        let (node, rule) = (node as u32, rule as u8);
        Self { node, at_ms: now_ms as u32, ended_ms: u32::MAX, rule, cools: false }
    }

    pub fn end(&mut self, now_ms: u64, came_to_be: bool) {
        self.ended_ms = now_ms as u32;
        self.cools = came_to_be;
    }

    /// From when to when it counts.
    fn counts(&self, cooldown_ms: u64) -> (u64, u64) {
        let until = if self.cools { u64::from(self.at_ms) + cooldown_ms } else { 0 };
        (u64::from(self.at_ms), u64::from(self.ended_ms).max(until))
    }
}

/// The most that count at one time, and when.
fn peak(spans: impl Iterator<Item = (u64, u64)>) -> (u32, u64) {
    // One that ends makes room for one that begins in the same moment.
    let mut steps: Vec<(u64, bool)> =
        spans.filter(|(a, b)| a < b).flat_map(|(a, b)| [(a, true), (b, false)]).collect();
    steps.sort_unstable();
    let (mut count, mut most) = (0_u32, (0, 0));
    for (at_ms, begins) in steps {
        count = if begins { count + 1 } else { count - 1 };
        if count > most.0 {
            most = (count, at_ms);
        }
    }
    most
}

fn broken<T>(at_ms: u64, what: &str) -> Result<T> {
    let at = period::show(at_ms);
    Err(Error::Broken(format!("a check failed {at} after the beginning: {what}")))
}

impl World<'_> {
    /// Every identity is in the list of one node, which is the one that its record names; and the
    /// sums of each node are those of its identities.
    pub(crate) fn census(&self) -> Result<()> {
        let mut counted = 0;
        for (j, node) in self.nodes.iter().enumerate() {
            let (mut rates, mut bytes) = ([0_u64; 16], 0);
            for (slot, (id, key)) in node.members.iter().zip(&node.keys).enumerate() {
                let i = *id as usize;
                if (self.herd.node[i], self.herd.slot[i]) != (j as u32, slot as u32) {
                    return self.not_there(*id, j);
                }
                rates[key.home()] += self.levels.rate[key.rate()];
                bytes += self.levels.size[usize::from(self.herd.size[i])];
            }
            if (rates, bytes) != (node.rates, node.bytes) {
                let what = format!("the sums of {} are not those of its members", node.home.name);
                return broken(self.now_ms, &what);
            }
            counted += node.members.len();
        }
        let all = self.herd.node.len();
        if counted == all {
            return Ok(());
        }
        broken(self.now_ms, &format!("{counted} of {all} identities have an owner"))
    }

    pub(crate) fn not_there(&self, id: u32, j: usize) -> Result<()> {
        let name = |j: usize| self.nodes.get(j).map_or("no node", |node| &*node.home.name);
        let owner = name(self.herd.node[id as usize] as usize);
        let what = format!("identity {id} has two owners, {} and {owner}, or none", name(j));
        broken(self.now_ms, &what)
    }

    pub(crate) fn flapped(&self, id: u32, to: usize, stayed: u64, cooldown: u64) -> Result<()> {
        let (stayed, cooldown) = (period::show(stayed), period::show(cooldown));
        let what = format!(
            "identity {id} moves back to {} after {stayed}, within a cool-down of {cooldown}",
            self.nodes[to].home.name
        );
        broken(self.now_ms, &what)
    }

    /// Every budget was kept at every moment.
    pub(crate) fn budgets(&self) -> Result<()> {
        for (i, watching) in self.rules.iter().enumerate() {
            let (spec, name) = (&watching.rule.spec, &self.planet.rules[i].0);
            let mut of_rule: Vec<&Begun> =
                self.log.iter().filter(|begun| usize::from(begun.rule) == i).collect();
            of_rule.sort_unstable_by_key(|begun| (begun.node, begun.at_ms));
            let kept = |most: (u32, u64), may: u32, who: &str| {
                if most.0 <= may {
                    return Ok(());
                }
                let what = format!("gate {name}: {} moves {who}, where {may} may be", most.0);
                broken(most.1, &what)
            };
            let spans = of_rule.iter().map(|begun| begun.counts(spec.cooldown_ms));
            kept(peak(spans), spec.budget.cluster, "of all nodes")?;
            for of_node in of_rule.chunk_by(|a, b| a.node == b.node) {
                let spans = of_node.iter().map(|begun| begun.counts(spec.cooldown_ms));
                let who = &self.nodes[of_node[0].node as usize].home.name;
                kept(peak(spans), spec.budget.per_node, &format!("of {who}"))?;
            }
        }
        Ok(())
    }

    /// Takeovers under way are as many as may be, now.
    pub(crate) fn takeovers_in_budget(&self) -> Result<()> {
        let may = self.planet.takeover;
        let of = |lost: &crate::node::Lost| lost.under_way;
        let most = self.nodes.iter().filter_map(|node| node.lost.as_ref().map(of)).max();
        if self.taking_over <= may.planet && most.unwrap_or(0) <= may.per_node {
            return Ok(());
        }
        broken(self.now_ms, "more takeovers are under way than may be")
    }

    /// True when a test planted this mistake.
    #[cfg(test)]
    pub(crate) fn planted(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    #[cfg(not(test))]
    #[allow(clippy::unused_self, reason = "it has the shape of the test's")]
    pub(crate) fn planted(&self, _: Bug) -> bool {
        false
    }
}
