//! Where figures come from: the node, the identity in its learner's memory, its channels.

use std::collections::{BTreeMap, VecDeque};
use std::sync::mpsc::channel;
use std::time::Duration;

use her_gate::figures::Figures;
use her_identity::House;
use her_identity::shard::TimesSoFar;

use super::departures::Departures;
use super::host;
use super::window::Window;

/// How long a learner may take to tell of its identities before they are left out of a reading.
const PATIENCE: Duration = Duration::from_millis(500);
/// Of a time within which nobody worked for people, so much counts as work, in seconds: a ratio
/// needs something to divide by.
const WORK_AT_LEAST_S: f64 = 0.001;

/// What one open channel waited for since it was opened.
pub(crate) struct Waits {
    pub identity: Box<str>,
    pub session: Box<str>,
    /// Seconds for people, who think or do not listen.
    pub people_s: f64,
    /// Seconds of the identity's work for them.
    pub model_s: f64,
}

/// What an identity in memory tells of itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    version: u64,
    learned: u64,
    bits_saved: f64,
    drift_alarms: u64,
}

/// The readings of the node, which all identities share.
#[derive(Default)]
pub(super) struct NodeReads {
    commits: Recent,
    predictions: Recent,
}

/// Times of the last minute.
#[derive(Default)]
struct Recent(VecDeque<(u64, TimesSoFar)>);

impl Recent {
    const SPAN_MS: u64 = 60_000;

    /// What 99 of 100 took less than within the last minute, in milliseconds; none when there was
    /// nothing. What is longer than the scale counts as twice the scale.
    fn p99_ms(&mut self, now_ms: u64, times: TimesSoFar) -> Option<f64> {
        if self.0.back().is_some_and(|(at, _)| now_ms < *at) {
            self.0.clear();
        }
        self.0.push_back((now_ms, times));
        while self.0.len() > 2 && now_ms - self.0[1].0 >= Self::SPAN_MS {
            self.0.pop_front();
        }
        let ((_, first), (_, last)) = (self.0.front()?, self.0.back()?);
        let recent = last.since(first);
        let longest = recent.buckets.iter().map(|(s, _)| *s).rfind(|s| s.is_finite());
        recent
            .within(0.99)
            .map(|s| 1e3 * if s.is_finite() { s } else { 2.0 * longest.unwrap_or(s) })
    }
}

impl NodeReads {
    pub fn read(
        &mut self,
        now_ms: u64,
        house: &House,
        tier: u32,
        departures: &dyn Departures,
    ) -> Figures {
        let nodes = departures.nodes();
        let highest = nodes.iter().map(|node| node.tier).chain([tier]).max();
        let mut figures = Figures::default();
        for (name, value) in [
            ("queue_depth", Some(house.queued() as f64)),
            ("predict_p99", self.predictions.p99_ms(now_ms, house.predictions().times())),
            ("commit_p99", self.commits.p99_ms(now_ms, house.commits().times())),
            ("memory", host::memory_mib()),
            ("memory_share", host::memory_share()),
            ("load", host::load()),
            ("tier", Some(f64::from(tier))),
            ("max_tier", highest.map(f64::from)),
            ("peers", Some(nodes.len() as f64)),
        ] {
            set(&mut figures, name, value, now_ms);
        }
        figures
    }
}

fn set(figures: &mut Figures, name: &str, value: Option<f64>, now_ms: u64) {
    if let Some(value) = value {
        // Every name here is a declared one: a test reads them all.
        let _ = figures.set(name, value, now_ms);
    }
}

/// What all identities that are in memory tell of themselves, by name.
pub(super) fn ask(house: &House, names: &[String]) -> BTreeMap<String, Told> {
    let (tell, told) = channel();
    let mut asked = 0;
    for (i, name) in names.iter().enumerate() {
        let tell = tell.clone();
        let peek = move |found: Option<&her_identity::identity::Identity>| {
            let told = found.map(|identity| {
                let (state, figures) = (identity.state(), identity.state().figures());
                Told {
                    version: state.version(),
                    learned: figures.learned,
                    bits_saved: figures.bits_saved,
                    drift_alarms: figures.drift_alarms,
                }
            });
            // Whoever asked may not wait any more.
            let _ = tell.send((i, told));
        };
        asked += usize::from(house.peek(name, peek).is_ok());
    }
    let mut found = BTreeMap::new();
    for _ in 0..asked {
        let Ok((i, told)) = told.recv_timeout(PATIENCE) else { break };
        found.extend(told.map(|told| (names[i].clone(), told)));
    }
    found
}

/// The readings of one identity.
pub(super) struct Reads {
    updates: Window,
    bits: Window,
    drift: Window,
    people: Window,
    work: Window,
    /// What each open channel waited for when it was looked at last, and their sums for ever.
    channels: BTreeMap<Box<str>, (f64, f64)>,
    people_s: f64,
    work_s: f64,
}

impl Reads {
    pub fn new() -> Self {
        Self {
            updates: Window::new(10_000),
            bits: Window::of_sum(60_000),
            drift: Window::new(600_000),
            people: Window::new(60_000),
            work: Window::new(60_000),
            channels: BTreeMap::new(),
            people_s: 0.0,
            work_s: 0.0,
        }
    }

    /// Adds the figures of an identity to those of its node.
    pub fn read(
        &mut self,
        now_ms: u64,
        figures: &mut Figures,
        waits: &[&Waits],
        told: Option<(Told, u64)>,
    ) {
        self.wait(now_ms, waits);
        let people = self.people.grew().map(|(s, _)| s);
        let work = self.work.grew().map_or(0.0, |(s, _)| s).max(WORK_AT_LEAST_S);
        set(figures, "io_wait_ratio", people.map(|people| people / work), now_ms);
        set(figures, "channels", Some(waits.len() as f64), now_ms);
        // Who rests on disk tells nothing: its figures grow stale.
        let Some((told, durable)) = told else { return };
        self.updates.push(now_ms, told.learned as f64);
        self.bits.push(now_ms, told.bits_saved);
        self.drift.push(now_ms, told.drift_alarms as f64);
        for (name, value) in [
            ("update_rate", self.updates.per_second()),
            ("bits_saved_rate", self.bits.per_second()),
            ("drift", Some(self.drift.grew().map_or(0.0, |(alarms, _)| alarms))),
            ("version", Some(told.version as f64)),
            ("lag", Some(told.version.saturating_sub(durable) as f64)),
        ] {
            set(figures, name, value, now_ms);
        }
    }

    /// Adds up what channels waited for since they were looked at last, so that one that is gone
    /// takes nothing with it.
    fn wait(&mut self, now_ms: u64, waits: &[&Waits]) {
        let mut open = BTreeMap::new();
        for wait in waits {
            let (people, work) = self.channels.get(&wait.session).copied().unwrap_or_default();
            self.people_s += (wait.people_s - people).max(0.0);
            self.work_s += (wait.model_s - work).max(0.0);
            open.insert(wait.session.clone(), (wait.people_s, wait.model_s));
        }
        self.channels = open;
        self.people.push(now_ms, self.people_s);
        self.work.push(now_ms, self.work_s);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gates::departures::Nowhere;
    use her_gate::figures::{DECLARED, find};
    use her_learn::Catalog;

    fn get(figures: &Figures, name: &str) -> f64 {
        figures.get(find(name).unwrap()).unwrap().value
    }

    #[test]
    fn every_declared_figure_has_a_source() {
        let dir = tempfile::tempdir().unwrap();
        let config = her_identity::house::Config::new(dir.path());
        let house = House::open(config, Catalog::builtin()).unwrap();
        let spec = serde_json::json!("LogisticRegression");
        house.create("sam", &her_identity::event::Birth::from_json(&spec).unwrap()).unwrap();
        let (mut node, mut reads) = (NodeReads::default(), Reads::new());
        let mut figures = Figures::default();
        for now_ms in [1_000, 2_000] {
            house.predict_wait("sam", her_learn::Row::default()).unwrap();
            house.snapshot("sam").unwrap();
            let learned = house.event(her_identity::event::What::Learn {
                row: her_learn::Row::from_json(&serde_json::json!({"a": 1})).unwrap(),
                target: her_learn::Target::Bool(true),
                weight: 1.0,
            });
            house.submit_wait("sam", vec![learned]).unwrap();
            figures = node.read(now_ms, &house, 3, &Nowhere);
            let told = ask(&house, &["sam".into(), "tom".into()]);
            let durable = house.head("sam").unwrap().seq;
            reads.read(now_ms, &mut figures, &[], Some((told["sam"], durable)));
        }
        for figure in DECLARED {
            let place = find(figure.name).unwrap();
            assert!(figures.get(place).is_some_and(|r| r.value.is_finite()), "{}", figure.name);
        }
        assert_eq!((get(&figures, "tier"), get(&figures, "max_tier")), (3.0, 3.0));
        assert_eq!((get(&figures, "update_rate"), get(&figures, "lag")), (1.0, 0.0));
        assert_eq!((get(&figures, "version"), get(&figures, "peers")), (3.0, 0.0));
    }

    #[test]
    fn the_wait_on_people_is_over_the_work_for_them() {
        let mut reads = Reads::new();
        let mut figures = Figures::default();
        let wait = |people_s, model_s| Waits {
            identity: "sam".into(),
            session: "s".into(),
            people_s,
            model_s,
        };
        reads.read(0, &mut figures, &[], None);
        for second in 1..=20_u64 {
            let open = wait(second as f64, second as f64 / 500.0);
            reads.read(second * 1000, &mut figures, &[&open], None);
        }
        assert!((get(&figures, "io_wait_ratio") - 500.0).abs() < 1e-9);
        // One that is gone takes nothing with it, and one that comes back begins anew.
        reads.read(21_000, &mut figures, &[], None);
        assert_eq!(get(&figures, "channels"), 0.0);
        assert!((get(&figures, "io_wait_ratio") - 500.0).abs() < 1e-9);
        for second in 22..=200_u64 {
            reads.read(second * 1000, &mut figures, &[], None);
        }
        assert_eq!(get(&figures, "io_wait_ratio"), 0.0, "nobody is waited for");
        reads.read(201_000, &mut figures, &[&wait(30.0, 0.0)], None);
        assert_eq!(get(&figures, "io_wait_ratio"), 30_000.0);
    }

    #[test]
    fn times_of_the_last_minute_only() {
        let times = |fast: u64, slow: u64| TimesSoFar {
            buckets: vec![(0.001, fast), (2.0, 0), (f64::INFINITY, slow)],
            sum_s: 0.0,
        };
        let mut recent = Recent::default();
        assert_eq!(recent.p99_ms(0, times(0, 0)), None);
        assert_eq!(recent.p99_ms(1_000, times(50, 0)), Some(1.0));
        assert_eq!(recent.p99_ms(2_000, times(50, 1)), Some(4_000.0));
        assert_eq!(recent.p99_ms(70_000, times(60, 1)), Some(1.0));
        assert_eq!(recent.p99_ms(200_000, times(60, 1)), None);
    }
}
