//! Where an identity goes: the better of two nodes drawn at random, and not again for a while.
//!
//! The best of all nodes is known to be the best by everybody at once, and drowns; the better of
//! two random ones spreads the load nearly as well and needs no agreement (Mitzenmacher, "The power
//! of two choices in randomized load balancing", 2001). Draws come from a seed, so that the same
//! history gives the same decisions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::rule::To;
use crate::{Result, wrong};

/// Identities that a planner remembers its decisions of; beyond it those are forgotten whose
/// cool-down is over, and then nothing is planned until there is room.
pub const PLANNED_MAX: usize = 1 << 20;

/// What a node is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Choose {
    cpu: bool,
    memory: bool,
    rtt: bool,
}

impl Default for Choose {
    fn default() -> Self {
        Self { cpu: true, memory: true, rtt: true }
    }
}

impl TryFrom<String> for Choose {
    type Error = crate::Error;

    fn try_from(text: String) -> Result<Self> {
        let inner = text.strip_prefix("p2c(").and_then(|rest| rest.strip_suffix(')'));
        let mut choose = Self { cpu: false, memory: false, rtt: false };
        for part in inner.unwrap_or_default().split(',').map(str::trim) {
            match part {
                "cpu" => choose.cpu = true,
                "mem" => choose.memory = true,
                "rtt" => choose.rtt = true,
                _ => {
                    return wrong(format!(
                        "choose is {text:?}; write p2c(cpu,mem,rtt), or some of them"
                    ));
                }
            }
        }
        Ok(choose)
    }
}

impl From<Choose> for String {
    fn from(c: Choose) -> Self {
        let parts = [(c.cpu, "cpu"), (c.memory, "mem"), (c.rtt, "rtt")];
        let parts: Vec<&str> = parts.iter().filter(|(on, _)| *on).map(|(_, name)| *name).collect();
        format!("p2c({})", parts.join(","))
    }
}

/// A node as it is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its tier.
    pub tier: u32,
    /// Processes that want a core, over its cores; 0 for an idle one.
    pub cpu: f64,
    /// Share of its memory that is in use, from 0 to 1.
    pub memory: f64,
    /// Time to it and back, in milliseconds.
    pub rtt_ms: f64,
    /// Moves to it that are under way.
    pub coming: u32,
    /// True when it answers and takes identities.
    pub ready: bool,
}

/// A time to a node and back that weighs as much as a core that is wholly used, in milliseconds.
const RTT_UNIT_MS: f64 = 100.0;
/// What each move under way adds to a node, as if so much of it were used.
const COMING: f64 = 0.1;
/// A node must be better than this one by so much to be worth a move to the same tier.
pub const TOLERANCE: f64 = 0.1;

impl Node {
    /// How much of it is used by what it is chosen by; figures that are no numbers are the worst.
    pub fn score(&self, by: Choose) -> f64 {
        let part = |on: bool, value: f64| if on { value.max(0.0) } else { 0.0 };
        let figures = [self.cpu, self.memory, self.rtt_ms];
        if figures.iter().any(|figure| figure.is_nan()) {
            return f64::INFINITY;
        }
        part(by.cpu, self.cpu)
            + part(by.memory, self.memory)
            + part(by.rtt, self.rtt_ms / RTT_UNIT_MS)
            + COMING * f64::from(self.coming)
    }
}

/// Who wants to go where.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// The identity.
    pub identity: &'a str,
    /// When it came to this node, in milliseconds since 1970; none when it was born here. The
    /// cool-down begins with it, or each node would send it on as soon as it came.
    pub arrived_ms: Option<u64>,
    /// Which nodes it may go to.
    pub to: &'a To,
    /// By what they are judged.
    pub by: Choose,
}

/// Why nothing was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoChoice {
    /// No node fits.
    NotReady(String),
    /// All that fit are no better than where it is.
    NoBetter,
    /// It was decided upon a short while ago; so many milliseconds are left.
    Cooldown(u64),
}

/// Who plans: the draws, and what was decided when.
#[derive(Debug, Clone)]
pub struct Planner {
    seed: u64,
    draws: u64,
    cooldown_ms: u64,
    decided: BTreeMap<String, u64>,
}

impl Planner {
    /// A planner whose draws come from a seed, and that decides once within a cool-down for each
    /// identity.
    pub fn new(seed: u64, cooldown_ms: u64) -> Self {
        Self { seed, draws: 0, cooldown_ms, decided: BTreeMap::new() }
    }

    /// The node that an identity goes to. `home` is where it is; `nodes` are the others.
    pub fn choose<'a>(
        &mut self,
        now_ms: u64,
        ask: Ask<'_>,
        home: &Node,
        nodes: &'a [Node],
    ) -> std::result::Result<&'a Node, NoChoice> {
        let Ask { identity, to, by, .. } = ask;
        if let Some(left) = self.cooldown_left(now_ms, ask) {
            return Err(NoChoice::Cooldown(left));
        }
        let fits = |node: &&Node| {
            node.name != home.name
                && node.ready
                && match to {
                    To::Any => true,
                    To::Above(above) => node.tier == home.tier.saturating_add(*above),
                    To::Node(name) => node.name == *name,
                }
        };
        let candidates: Vec<&Node> = nodes.iter().filter(fits).collect();
        let Some(best) = self.better_of_two(&candidates, by) else {
            return Err(NoChoice::NotReady(none_fits(home, nodes, to)));
        };
        // A named node is an order, and a higher tier is the purpose; else it must be worth it.
        let for_load = matches!(to, To::Any | To::Above(0));
        let at_home = Node { rtt_ms: 0.0, ..home.clone() };
        if for_load && best.score(by) + TOLERANCE > at_home.score(by) {
            return Err(NoChoice::NoBetter);
        }
        self.remember(now_ms, identity)?;
        Ok(best)
    }

    fn cooldown_left(&self, now_ms: u64, ask: Ask<'_>) -> Option<u64> {
        let decided_ms = self.decided.get(ask.identity).copied().max(ask.arrived_ms)?;
        let until = decided_ms.min(now_ms).saturating_add(self.cooldown_ms);
        until.checked_sub(now_ms).filter(|left| *left > 0)
    }

    fn remember(&mut self, now_ms: u64, identity: &str) -> std::result::Result<(), NoChoice> {
        if self.decided.len() >= PLANNED_MAX {
            let cooldown = self.cooldown_ms;
            self.decided.retain(|_, at| at.saturating_add(cooldown) > now_ms);
            if self.decided.len() >= PLANNED_MAX {
                return Err(NoChoice::Cooldown(cooldown));
            }
        }
        self.decided.insert(identity.to_owned(), now_ms);
        Ok(())
    }

    /// Forgets that an identity was decided upon: what was decided did not come to be.
    pub fn forget(&mut self, identity: &str) {
        self.decided.remove(identity);
    }

    fn better_of_two<'a>(&mut self, nodes: &[&'a Node], by: Choose) -> Option<&'a Node> {
        if nodes.len() < 2 {
            return nodes.first().copied();
        }
        let first = self.draw(nodes.len());
        let mut second = self.draw(nodes.len() - 1);
        if second >= first {
            second += 1;
        }
        let (a, b) = (nodes[first], nodes[second]);
        Some(if b.score(by) < a.score(by) { b } else { a })
    }

    /// A number below `n`, by `SplitMix64` (Steele, Lea, Flood, OOPSLA 2014).
    fn draw(&mut self, n: usize) -> usize {
        self.draws = self.draws.wrapping_add(1);
        let mut z = self.seed.wrapping_add(self.draws.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((u128::from(z ^ (z >> 31)) * n as u128) >> 64) as usize
    }
}

fn none_fits(home: &Node, nodes: &[Node], to: &To) -> String {
    let said = match to {
        To::Node(name) if nodes.iter().any(|node| node.name == *name) => {
            return format!("the node {name} takes nobody at present");
        }
        To::Node(name) => format!("no node named {name} is configured"),
        To::Any => "no other node is configured".to_owned(),
        To::Above(above) => {
            format!("no node of tier {} is configured", u64::from(home.tier) + u64::from(*above))
        }
    };
    let takes = nodes.iter().filter(|node| node.ready).count();
    format!("{said}; {} other nodes are known, {takes} of them take identities", nodes.len())
}
