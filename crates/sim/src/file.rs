//! A planet as it is written. Times are texts such as `"5s"`, as in rules.

use std::collections::BTreeMap;

use her_gate::{Spec, period};
use serde::Deserialize;

use crate::pause::Pause;

/// A planet as it is written; `File::check` makes a [`crate::Planet`] of it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// What all draws come from.
    #[serde(default)]
    pub seed: u64,
    /// How long it lives, from 1 min to 30 d.
    #[serde(default = "hours_6", deserialize_with = "period::read")]
    pub duration: u64,
    /// How often a node looks at its figures and steps its gates, from 1 s to 5 s.
    #[serde(default = "seconds_5", deserialize_with = "period::read")]
    pub step: u64,
    /// Who learns.
    pub identities: Identities,
    /// The regions, by name.
    pub region: BTreeMap<String, Region>,
    /// The nodes.
    pub nodes: Vec<Nodes>,
    /// Time there and back between two regions, in milliseconds; of a region and itself within it.
    #[serde(default)]
    pub rtt_ms: BTreeMap<String, BTreeMap<String, f64>>,
    /// Whom a node knows.
    #[serde(default)]
    pub peers: Peers,
    /// How moves go.
    #[serde(default)]
    pub moves: Moves,
    /// How long learning stands still while an identity moves.
    #[serde(default)]
    pub pause: Pause,
    /// What becomes of the identities of a lost region.
    #[serde(default)]
    pub takeover: Takeover,
    /// What the rates of a region are multiplied by at each full hour of its day; straight lines
    /// between.
    pub day: Option<Vec<f64>>,
    /// What happens.
    #[serde(default)]
    pub event: Vec<Event>,
    /// The rules, as a server's settings have them.
    #[serde(default)]
    pub gate: BTreeMap<String, Spec>,
}

/// Who learns.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identities {
    /// How many.
    pub count: u32,
    /// Updates a second.
    pub rate: Rate,
    /// How long an identity keeps its rate, on average.
    #[serde(default = "hour", deserialize_with = "period::read")]
    pub change: u64,
    /// Bytes of state, in KiB: log-uniform between the two.
    pub state_kib: Span,
    /// The figure `io_wait_ratio`, a ratio: log-uniform between the two, for good.
    #[serde(default = "nobody_waits")]
    pub io_wait_ratio: Span,
}

/// Rates with a heavy tail: the share of rates above `r` is `(least / r)^tail`.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// The least, in updates a second.
    pub least: f64,
    /// The most: what is drawn above it is it.
    pub most: f64,
    /// The exponent, from 0.2 to 10; the smaller, the heavier.
    pub tail: f64,
}

/// From and to.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// The least, above 0.
    pub least: f64,
    /// The most.
    pub most: f64,
}

/// A region.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// The local time at which the simulation begins, in hours.
    #[serde(default)]
    pub hour: f64,
    /// Its share of the identities, against those of the other regions; its share of the cores
    /// unless said.
    pub share: Option<f64>,
}

/// Nodes that are alike.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nodes {
    /// Their region.
    pub region: String,
    /// How many.
    pub count: u32,
    /// Their tier.
    #[serde(default)]
    pub tier: u32,
    /// Cores of each.
    pub cores: u32,
    /// Memory of each, in GiB.
    pub memory_gib: f64,
    /// What a core learns, in updates a second.
    pub updates_per_core: f64,
    /// True when nobody is on them at first.
    #[serde(default)]
    pub empty: bool,
}

/// Whom a node knows, drawn when the planet is made.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Peers {
    /// So many of its own region.
    pub near: u32,
    /// So many of the other regions.
    pub far: u32,
}

impl Default for Peers {
    fn default() -> Self {
        Self { near: 12, far: 12 }
    }
}

/// How moves go.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Moves {
    /// Moves from one node at a time: the server's `departures_max`.
    pub at_a_time: u32,
    /// What a node sends in a second, in MiB.
    pub link_mib_s: f64,
}

impl Default for Moves {
    fn default() -> Self {
        Self { at_a_time: 2, link_mib_s: 100.0 }
    }
}

/// What becomes of the identities of a lost region: other nodes take them over.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Takeover {
    /// How long until it is known that a region is lost.
    #[serde(deserialize_with = "period::read")]
    pub after: u64,
    /// What taking over takes beside reading the state.
    #[serde(deserialize_with = "period::read")]
    pub takes: u64,
    /// At a time from one lost node.
    pub per_node: u32,
    /// At a time on the planet.
    pub planet: u32,
}

impl Default for Takeover {
    fn default() -> Self {
        Self { after: 15_000, takes: 500, per_node: 2, planet: 1_000 }
    }
}

/// Something that happens: one of `loses`, `returns` and `grows`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// When, since the beginning.
    #[serde(deserialize_with = "period::read")]
    pub at: u64,
    /// This region is lost.
    pub loses: Option<String>,
    /// This region is there again.
    pub returns: Option<String>,
    /// All rates are multiplied by so much.
    pub grows: Option<f64>,
    /// Only those of this region's people.
    pub region: Option<String>,
    /// How long the growth takes.
    #[serde(default, deserialize_with = "period::read")]
    pub within: u64,
}

fn hours_6() -> u64 {
    6 * 3_600_000
}

fn hour() -> u64 {
    3_600_000
}

fn seconds_5() -> u64 {
    5_000
}

fn nobody_waits() -> Span {
    Span { least: 1.0, most: 1.0 }
}

impl File {
    /// The same planet, so many times as large: nodes, identities, and the budgets of the whole.
    pub fn scale(&mut self, times: u32) -> crate::Result<()> {
        let of = |what: &str, n: &mut u32| {
            *n = n.checked_mul(times).filter(|_| times > 0).ok_or_else(|| {
                crate::Error::Wrong(format!(
                    "{what} {n} can't be taken {times} times; scale by 1 or more, and by less"
                ))
            })?;
            Ok(())
        };
        of("identities.count", &mut self.identities.count)?;
        of("takeover.planet", &mut self.takeover.planet)?;
        for nodes in &mut self.nodes {
            of("the nodes' count", &mut nodes.count)?;
        }
        for rule in self.gate.values_mut() {
            of("a rule's budget.cluster", &mut rule.budget.cluster)?;
        }
        Ok(())
    }
}
