//! A planet that was checked: names are numbers, and every number is in its range.

use std::collections::BTreeMap;
use std::sync::Arc;

use her_gate::{Action, Mode, Rule, To};

use crate::file::{Event, File, Identities, Moves, Nodes, Peers, Span, Takeover};
use crate::pause::Pause;
use crate::regions::{Grows, Region};
use crate::report::Happened;
use crate::{Error, Result, rules, wrong};

/// Nodes of a planet.
pub const NODES_MAX: u64 = 100_000;
/// Identities of a planet.
pub const IDENTITIES_MAX: u32 = 50_000_000;
/// Regions of a planet.
pub const REGIONS_MAX: usize = 16;
/// Things that happen.
const EVENTS_MAX: usize = 1_000;
/// Rules of a planet.
const RULES_MAX: usize = 16;
/// Nodes that a node knows.
const PEERS_MAX: u32 = 256;

/// A planet that was checked.
#[derive(Debug, Clone)]
pub struct Planet {
    pub(crate) seed: u64,
    pub(crate) duration_ms: u64,
    pub(crate) step_ms: u64,
    pub(crate) identities: Identities,
    pub(crate) regions: Vec<Region>,
    pub(crate) nodes: Vec<Nodes>,
    /// The region of each run of [`Planet::nodes`].
    pub(crate) region_of: Vec<u8>,
    pub(crate) rtt_ms: Vec<Vec<f64>>,
    pub(crate) peers: Peers,
    pub(crate) moves: Moves,
    pub(crate) pause: Pause,
    pub(crate) takeover: Takeover,
    pub(crate) events: Vec<(u64, What)>,
    pub(crate) happened: Vec<Happened>,
    pub(crate) rules: Vec<(String, Arc<Rule>)>,
}

/// A change of the whole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum What {
    Lost(u8),
    Back(u8),
}

type Names<'a> = Vec<&'a str>;

impl File {
    /// The planet, or what is wrong with it.
    pub fn check(self) -> Result<Planet> {
        times(&self)?;
        let names: Names<'_> = self.region.keys().map(String::as_str).collect();
        if names.is_empty() || names.len() > REGIONS_MAX {
            return wrong(format!("a planet has 1 to {REGIONS_MAX} tables [region.NAME]"));
        }
        let region_of = nodes(&self, &names)?;
        identities(&self.identities, &self.nodes)?;
        numbers(&self)?;
        let rtt_ms = rtts(&self.rtt_ms, &names)?;
        let events = events(&self, &names)?;
        let regions = regions(&self, &names, &region_of)?;
        let happened = happened(&self.event);
        let rules = self.gate.into_iter().map(|(name, spec)| {
            let at = |e: String| Error::Wrong(format!("gate.{name}: {e}"));
            let rule = spec.check().map_err(|e| at(e.0))?;
            check_rule(&rule).map_err(at)?;
            Ok((name, Arc::new(rule)))
        });
        let rules: Vec<(String, Arc<Rule>)> = rules.collect::<Result<_>>()?;
        if rules.len() > RULES_MAX {
            return wrong(format!("{} gates; a planet has at most {RULES_MAX}", rules.len()));
        }
        Ok(Planet {
            seed: self.seed,
            duration_ms: self.duration,
            step_ms: self.step,
            identities: self.identities,
            regions,
            nodes: self.nodes,
            region_of,
            rtt_ms,
            peers: self.peers,
            moves: self.moves,
            pause: self.pause,
            takeover: self.takeover,
            events,
            happened,
            rules,
        })
    }
}

fn within(place: &str, value: f64, from: f64, to: f64) -> Result<()> {
    if value.is_finite() && (from..=to).contains(&value) {
        return Ok(());
    }
    wrong(format!("{place} is {value}; write a number from {from} to {to}"))
}

fn times(file: &File) -> Result<()> {
    let time = |place: &str, ms: u64, from: u64, to: u64| {
        let show = her_gate::period::show;
        if (from..=to).contains(&ms) {
            return Ok(());
        }
        wrong(format!("{place} is {}; write {} to {}", show(ms), show(from), show(to)))
    };
    time("duration", file.duration, 60_000, her_gate::period::LONGEST_MS)?;
    // A gate takes what was not stepped for longer for a gap in time.
    time("step", file.step, 1_000, her_gate::figures::STALE_MS)?;
    time("identities.change", file.identities.change, 1_000, her_gate::period::LONGEST_MS)?;
    time("takeover.after", file.takeover.after, 0, 86_400_000)?;
    time("takeover.takes", file.takeover.takes, 1, 86_400_000)
}

fn region(names: &Names<'_>, place: &str, name: &str) -> Result<u8> {
    names.iter().position(|known| *known == name).map(|i| i as u8).ok_or_else(|| {
        let known = names.join(", ");
        Error::Wrong(format!(
            "{place}: there is no region {name:?}; there are {known}: write one of them, or a \
             table [region.{name}]"
        ))
    })
}

fn nodes(file: &File, names: &Names<'_>) -> Result<Vec<u8>> {
    let mut of = Vec::new();
    let mut count = 0;
    for (i, nodes) in file.nodes.iter().enumerate() {
        let place = |what: &str| format!("nodes, table {}: {what}", i + 1);
        of.push(region(names, &place("region"), &nodes.region)?);
        within(&place("count"), f64::from(nodes.count), 1.0, NODES_MAX as f64)?;
        within(&place("cores"), f64::from(nodes.cores), 1.0, 4_096.0)?;
        within(&place("tier"), f64::from(nodes.tier), 0.0, 1_000.0)?;
        within(&place("memory_gib"), nodes.memory_gib, 0.001, 1e6)?;
        within(&place("updates_per_core"), nodes.updates_per_core, 1.0, 1e9)?;
        count += u64::from(nodes.count);
    }
    if count > NODES_MAX {
        return wrong(format!("{count} nodes; a planet has at most {NODES_MAX}"));
    }
    if !file.nodes.iter().any(|nodes| !nodes.empty) {
        return wrong(
            "nodes: all are empty, so nobody can be born; write a table [[nodes]] without empty",
        );
    }
    Ok(of)
}

fn identities(identities: &Identities, nodes: &[Nodes]) -> Result<()> {
    within("identities.count", f64::from(identities.count), 1.0, f64::from(IDENTITIES_MAX))?;
    let rate = identities.rate;
    within("identities.rate.least", rate.least, 0.001, 1e9)?;
    within("identities.rate.most", rate.most, rate.least, 1e9)?;
    within("identities.rate.tail", rate.tail, 0.2, 10.0)?;
    let slowest = nodes.iter().map(|nodes| nodes.updates_per_core).fold(f64::INFINITY, f64::min);
    if rate.most > slowest {
        return wrong(format!(
            "identities.rate.most is {}; an identity has one writer, and the slowest core learns \
             {slowest} updates a second: write at most that",
            rate.most
        ));
    }
    let span = |place: &str, span: Span, most: f64| {
        within(&format!("{place}.least"), span.least, 1e-3, most)?;
        within(&format!("{place}.most"), span.most, span.least, most)
    };
    span("identities.state_kib", identities.state_kib, 1_048_576.0)?;
    span("identities.io_wait_ratio", identities.io_wait_ratio, 1e9)
}

fn numbers(file: &File) -> Result<()> {
    let budget = |place: &str, n: u32| {
        if n == 0 {
            return wrong(format!("{place} is 0, so nothing would ever move; write 1 or more"));
        }
        Ok(())
    };
    budget("moves.at_a_time", file.moves.at_a_time)?;
    budget("takeover.per_node", file.takeover.per_node)?;
    budget("takeover.planet", file.takeover.planet)?;
    within("moves.link_mib_s", file.moves.link_mib_s, 0.001, 1e6)?;
    let peers = file.peers.near.saturating_add(file.peers.far);
    within("peers.near and peers.far together", f64::from(peers), 1.0, f64::from(PEERS_MAX))?;
    within("pause.base_ms", file.pause.base_ms, 0.0, 3.6e6)?;
    within("pause.per_mib_ms", file.pause.per_mib_ms, 0.0, 3.6e6)?;
    within("pause.round_trips", file.pause.round_trips, 0.0, 100.0)?;
    within("pause.spread", file.pause.spread, 0.0, 3.0)?;
    if let Some(day) = &file.day {
        if day.len() != 24 {
            return wrong(format!("day has {} numbers; write one for each of 24 hours", day.len()));
        }
        for (hour, factor) in day.iter().enumerate() {
            within(&format!("day, hour {hour}"), *factor, 0.01, 100.0)?;
        }
    }
    Ok(())
}

fn rtts(
    said: &BTreeMap<String, BTreeMap<String, f64>>,
    names: &Names<'_>,
) -> Result<Vec<Vec<f64>>> {
    let mut rtt_ms = vec![vec![f64::NAN; names.len()]; names.len()];
    for (from, row) in said {
        for (to, ms) in row {
            let place = format!("rtt_ms.{from}.{to}");
            let (a, b) = (region(names, &place, from)?, region(names, &place, to)?);
            within(&place, *ms, 0.0, 60_000.0)?;
            let other = rtt_ms[b as usize][a as usize];
            if a != b && !other.is_nan() && other != *ms {
                return wrong(format!(
                    "{place} is {ms}, and rtt_ms.{to}.{from} is {other}; it is the time there and \
                     back, so write it once"
                ));
            }
            rtt_ms[a as usize][b as usize] = *ms;
            rtt_ms[b as usize][a as usize] = *ms;
        }
    }
    for (a, row) in rtt_ms.iter().enumerate() {
        if let Some(b) = row.iter().position(|ms| ms.is_nan()) {
            let (a, b) = (names[a], names[b]);
            return wrong(format!(
                "rtt_ms.{a}.{b} is missing: write the milliseconds between two nodes there"
            ));
        }
    }
    Ok(rtt_ms)
}

fn regions(file: &File, names: &Names<'_>, region_of: &[u8]) -> Result<Vec<Region>> {
    let mut cores = vec![0.0; names.len()];
    for (nodes, of) in file.nodes.iter().zip(region_of) {
        if !nodes.empty {
            cores[*of as usize] += f64::from(nodes.count) * f64::from(nodes.cores);
        }
    }
    let mut regions = Vec::new();
    for ((name, said), cores) in file.region.iter().zip(cores) {
        within(&format!("region.{name}.hour"), said.hour, 0.0, 24.0)?;
        let share = said.share.unwrap_or(cores);
        within(&format!("region.{name}.share"), share, 0.0, 1e9)?;
        if share > 0.0 && cores == 0.0 {
            return wrong(format!(
                "region.{name}.share is {share}, and no node there takes the newly born; write 0, \
                 or a table [[nodes]] for it"
            ));
        }
        let day = file.day.as_deref().and_then(|day| day.try_into().ok());
        regions.push(Region { name: name.clone(), hour: said.hour, share, day, grows: Vec::new() });
    }
    if regions.iter().all(|region| region.share == 0.0) {
        return wrong("the share of every region is 0, so nobody is born; give one a share");
    }
    for event in &file.event {
        let Some(by) = event.grows else { continue };
        let grows = Grows { from_ms: event.at, within_ms: event.within, by };
        let all = regions.iter_mut();
        let meant = all.filter(|r| event.region.as_ref().is_none_or(|name| *name == r.name));
        meant.for_each(|region| region.grows.push(grows));
    }
    Ok(regions)
}

fn events(file: &File, names: &Names<'_>) -> Result<Vec<(u64, What)>> {
    if file.event.len() > EVENTS_MAX {
        return wrong(format!("{} events; at most {EVENTS_MAX} can be", file.event.len()));
    }
    let mut events = Vec::new();
    for (i, event) in file.event.iter().enumerate() {
        let place = format!("event {}", i + 1);
        if event.at >= file.duration {
            let (at, end) =
                (her_gate::period::show(event.at), her_gate::period::show(file.duration));
            return wrong(format!("{place}: at is {at}, and all ends after {end}; write less"));
        }
        events.extend(one_event(&place, event, names)?.map(|what| (event.at, what)));
    }
    events.sort_by_key(|(at, _)| *at);
    let mut lost = vec![false; names.len()];
    for (_, what) in &events {
        let (region, loses) = match what {
            What::Lost(region) => (*region as usize, true),
            What::Back(region) => (*region as usize, false),
        };
        if lost[region] == loses {
            let (does, is) = if loses { ("loses", "lost") } else { ("returns", "there") };
            let name = names[region];
            return wrong(format!(
                "event: {does} = {name:?}, and it is {is} already then; take that event out, or \
                 give it another time"
            ));
        }
        lost[region] = loses;
    }
    Ok(events)
}

fn one_event(place: &str, event: &Event, names: &Names<'_>) -> Result<Option<What>> {
    let of_growth = event.region.is_some() || event.within > 0;
    match (&event.loses, &event.returns, event.grows) {
        (Some(name), None, None) if !of_growth => {
            Ok(Some(What::Lost(region(names, &format!("{place}: loses"), name)?)))
        }
        (None, Some(name), None) if !of_growth => {
            Ok(Some(What::Back(region(names, &format!("{place}: returns"), name)?)))
        }
        (None, None, Some(by)) => {
            within(&format!("{place}: grows"), by, 0.01, 100.0)?;
            if let Some(name) = &event.region {
                region(names, &format!("{place}: region"), name)?;
            }
            Ok(None)
        }
        _ => wrong(format!(
            "{place}: write one of loses = REGION, returns = REGION and grows = NUMBER; region and \
             within go with grows"
        )),
    }
}

/// The events in few words, in order.
fn happened(events: &[Event]) -> Vec<Happened> {
    let say = |event: &Event| match (&event.loses, &event.returns, event.grows) {
        (Some(name), _, _) => format!("{name} is lost"),
        (_, Some(name), _) => format!("{name} is back"),
        (_, _, by) => {
            let whose = event.region.as_deref().unwrap_or("all");
            format!("{whose} × {}", by.unwrap_or(1.0))
        }
    };
    let said = events.iter().map(|e| Happened { at_s: e.at as f64 / 1e3, what: say(e) });
    let mut said: Vec<Happened> = said.collect();
    said.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
    said
}

/// What a rule says that has no meaning on a planet.
fn check_rule(rule: &Rule) -> std::result::Result<(), String> {
    let spec = &rule.spec;
    if spec.identities != "*" {
        return Err(format!(
            "identities is {:?}; identities have no names here: leave it out",
            spec.identities
        ));
    }
    if spec.mode == Mode::Ask {
        return Err("mode is \"ask\", and nobody says yes here; write act or dry-run".into());
    }
    match &spec.action {
        Action::Migrate { to: To::Node(name), .. } => Err(format!(
            "to is the node {name:?}; a planet has no node of your settings: write any, tier or \
             tier+1"
        )),
        Action::Migrate { .. } => rules::check_figures(rule),
        other => Err(format!(
            "do is {}; the simulator moves identities and does nothing else: write migrate",
            other.name()
        )),
    }
}
