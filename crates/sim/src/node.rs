//! The nodes: who is on them, what they know of each other, and who plans.

use her_gate::placement::{Node as Placed, Planner};

use crate::check::Planet;
use crate::herd::{Key, Levels};
use crate::rng::{Rng, mix};
use crate::rules::Watch;

const GIB: f64 = 1_073_741_824.0;
/// Rates that were drawn are thousandths.
const THOUSAND: f64 = 1e3;

pub(crate) struct Node {
    pub region: usize,
    pub up: bool,
    /// How often it was lost and came back: what was begun in another life does not come to be.
    pub life: u32,
    pub members: Vec<u32>,
    /// The key of each member.
    pub keys: Vec<Key>,
    /// Rates by where their identities were born, in thousandths of an update a second.
    pub rates: [u64; 16],
    pub bytes: u64,
    /// What it can learn, in updates a second.
    pub capacity: f64,
    pub memory: f64,
    /// Its load over about a minute, as Linux tells it.
    pub load: f64,
    /// Moves from it and to it that are under way.
    pub out: u32,
    pub coming: u32,
    pub watched: Vec<Watch>,
    /// Where it looked last for somebody whom a rule means.
    pub cursor: usize,
    /// As others see it, but for its figures.
    pub home: Placed,
    pub known: Known,
    pub max_tier: u32,
    /// Who plans for each rule.
    pub planners: Vec<Planner>,
    /// Who plans when it is lost.
    pub heir: Planner,
    pub lost: Option<Lost>,
}

/// Whom a node knows, as it saw them last.
#[derive(Default)]
pub(crate) struct Known {
    pub peers: Vec<Placed>,
    /// The number of each.
    pub numbers: Vec<u32>,
}

/// A node that is lost, with those who are still to be taken over.
pub(crate) struct Lost {
    /// Which loss it is of.
    pub of: usize,
    pub at_ms: u64,
    /// When it is known.
    pub from_ms: u64,
    /// Members from here on were begun with.
    pub cursor: usize,
    pub under_way: u32,
    /// Those whose heir was lost too.
    pub again: Vec<u32>,
}

impl Node {
    /// How much its learners have to do, over what they can.
    pub fn load_now(&self, factors: &[f64; 16]) -> f64 {
        let sum: f64 = self.rates.iter().zip(factors).map(|(rate, by)| *rate as f64 * by).sum();
        sum / THOUSAND / self.capacity
    }

    pub fn memory_share(&self) -> f64 {
        self.bytes as f64 / self.memory
    }

    /// Takes somebody in; gives the place.
    pub fn push(&mut self, id: u32, key: Key, size: u8, levels: &Levels) -> u32 {
        self.members.push(id);
        self.keys.push(key);
        self.rates[key.home()] += levels.rate[key.rate()];
        self.bytes += levels.size[usize::from(size)];
        self.members.len() as u32 - 1
    }

    /// Lets somebody go; gives the key, and who has the place now.
    pub fn remove(&mut self, slot: usize, size: u8, levels: &Levels) -> (Key, Option<u32>) {
        let key = self.keys.swap_remove(slot);
        self.members.swap_remove(slot);
        self.rates[key.home()] -= levels.rate[key.rate()];
        self.bytes -= levels.size[usize::from(size)];
        (key, self.members.get(slot).copied())
    }
}

/// The nodes of a planet, with nobody on them yet.
pub(crate) fn nodes(planet: &Planet, rng: &mut Rng) -> Vec<Node> {
    let mut nodes = Vec::new();
    let mut of_region = vec![0_u32; planet.regions.len()];
    for (alike, region) in planet.nodes.iter().zip(&planet.region_of) {
        for _ in 0..alike.count {
            let number = &mut of_region[*region as usize];
            *number += 1;
            let name = format!("{}-{number}", planet.regions[*region as usize].name);
            let seed = mix(planet.seed ^ (nodes.len() as u64 + 1) << 20);
            let rules = planet.rules.iter().enumerate();
            nodes.push(Node {
                region: *region as usize,
                up: true,
                life: 0,
                members: Vec::new(),
                keys: Vec::new(),
                rates: [0; 16],
                bytes: 0,
                capacity: f64::from(alike.cores) * alike.updates_per_core,
                memory: alike.memory_gib * GIB,
                load: 0.0,
                out: 0,
                coming: 0,
                watched: Vec::new(),
                cursor: 0,
                home: placed_as(name, alike.tier),
                known: Known::default(),
                max_tier: alike.tier,
                planners: rules
                    .map(|(i, (_, rule))| Planner::new(seed ^ i as u64, rule.spec.cooldown_ms))
                    .collect(),
                heir: Planner::new(!seed, 0),
                lost: None,
            });
        }
    }
    for j in 0..nodes.len() {
        let known = acquaint(planet, &nodes, j, rng);
        nodes[j].max_tier =
            known.peers.iter().map(|peer| peer.tier).fold(nodes[j].max_tier, u32::max);
        nodes[j].known = known;
    }
    nodes
}

fn placed_as(name: String, tier: u32) -> Placed {
    Placed { name, tier, cpu: 0.0, memory: 0.0, rtt_ms: 0.0, coming: 0, ready: true }
}

/// Whom a node knows: so many of its own region, so many of the others, without choice.
fn acquaint(planet: &Planet, nodes: &[Node], j: usize, rng: &mut Rng) -> Known {
    let mut numbers: Vec<u32> = Vec::new();
    for (wanted, near) in [(planet.peers.near, true), (planet.peers.far, false)] {
        let is_so = |i: usize| i != j && (nodes[i].region == nodes[j].region) == near;
        let enough = numbers.len() + wanted as usize;
        // Draws that miss are many where a region is small; then all of it is known.
        for _ in 0..64 * wanted {
            if numbers.len() == enough {
                break;
            }
            let i = rng.below(nodes.len());
            if is_so(i) && !numbers.contains(&(i as u32)) {
                numbers.push(i as u32);
            }
        }
        for i in (0..nodes.len()).filter(|i| is_so(*i)) {
            if numbers.len() == enough {
                break;
            }
            if !numbers.contains(&(i as u32)) {
                numbers.push(i as u32);
            }
        }
    }
    let peer = |i: &u32| {
        let other = &nodes[*i as usize];
        let rtt_ms = planet.rtt_ms[nodes[j].region][other.region];
        Placed { rtt_ms, ..other.home.clone() }
    };
    Known { peers: numbers.iter().map(peer).collect(), numbers }
}
