//! Mistakes are planted, and the checks of a run find them; without them the same run passes.

#![allow(clippy::unwrap_used, reason = "a test")]

use her_gate::Spec;

use crate::flight::Bug;
use crate::invariants::Begun;
use crate::pause::{BETWEEN, MEASURED, Pause};
use crate::world::World;
use crate::{Error, File, Planet};

/// Ten busy minutes: rates change fast, and nodes send away what they took a moment before.
fn planet() -> Planet {
    let text = include_str!("../../../docs/guide/planet.toml");
    let mut file: File = toml::from_str(text).unwrap();
    file.duration = 1_800_000;
    file.event.clear();
    file.identities.count = 10_000;
    file.identities.change = 60_000;
    file.nodes.iter_mut().for_each(|nodes| nodes.count = 3);
    let rule = "when = 'load > 0.3 && update_rate > 50.0'\ncooldown = '5m'\nmode = 'act'\n\
        budget = { per_node = 20, cluster = 100 }\ndo = { migrate = { to = 'any' } }";
    let spec: Spec = toml::from_str(rule).unwrap();
    file.gate.insert("unload".into(), spec);
    file.check().unwrap()
}

fn lived(bug: Option<Bug>) -> crate::Result<crate::Report> {
    let planet = planet();
    let mut world = World::new(&planet);
    world.bug = bug;
    world.live()
}

#[track_caller]
fn caught(bug: Bug, says: &str) {
    let Err(Error::Broken(said)) = lived(Some(bug)) else { panic!("{bug:?} was not caught") };
    assert!(said.contains(says), "{said}");
}

#[test]
fn a_planted_mistake_is_caught_by_the_checks_of_a_run() {
    let report = lived(None).unwrap();
    assert!(report.moves > 100, "{} moves", report.moves);
    caught(Bug::BlindBudget, "moves of all nodes, where 100 may be");
    caught(Bug::ForgetsArrivals, "within a cool-down of 5m");
    caught(Bug::KeepsSource, "has two owners");
}

#[test]
fn lost_sums_and_lost_identities_are_caught() {
    let planet = planet();
    let mut world = World::new(&planet);
    world.census().unwrap();
    world.nodes[2].bytes += 1;
    assert!(world.census().unwrap_err().to_string().contains("the sums of"));
    world.nodes[2].bytes -= 1;
    let slot = world.nodes[2].members.len() - 1;
    let size = world.herd.size[world.nodes[2].members[slot] as usize];
    world.nodes[2].remove(slot, size, &world.levels);
    let said = world.census().unwrap_err().to_string();
    assert!(said.contains("9999 of 10000 identities have an owner"), "{said}");
}

#[test]
fn budgets_are_counted_to_the_moment() {
    let planet = planet();
    let mut world = World::new(&planet);
    let mut begin = |at_ms: u64, ended_ms: u64, came_to_be| {
        let mut begun = Begun::new(0, 1, at_ms);
        begun.end(ended_ms, came_to_be);
        world.log.push(begun);
    };
    // Twenty that cool down; one that failed counts until it did; one when the first is over.
    (0..20).for_each(|i| begin(1_000 + i, 2_000, true));
    begin(301_000, 301_500, true);
    world.budgets().unwrap();
    let mut failed = Begun::new(0, 1, 1_500);
    failed.end(1_600, false);
    world.log.push(failed);
    let said = world.budgets().unwrap_err().to_string();
    assert!(said.contains("21 moves of europe-2, where 20 may be"), "{said}");
}

#[test]
fn the_pause_is_calibrated_against_what_was_measured_and_says_how_well() {
    let results = include_str!("../../../bench/results/2026-11-26-4-departure.md");
    for row in MEASURED {
        let of = format!("{:.2} ms | {:.2} |", row.p50_ms, row.p99_ms);
        assert!(results.contains(&of), "{of}");
    }
    let results = include_str!("../../../bench/results/2026-11-26-5-planet.md");
    for row in BETWEEN {
        let disk = if row.disk { "a busy disk" } else { "memory" };
        let of = format!("| {disk} | {} MB | {:.2} ms |", row.state_mb, row.p50_ms);
        assert!(results.contains(&of), "{of}");
    }
    let error = Pause::default().calibration();
    let times = |(least, most): (f64, f64)| format!("{least:.1} to {most:.1} times");
    let guide = include_str!("../../../docs/guide/simulating.md");
    assert!(guide.contains(&times(error.between_in_memory)), "{error:?}");
    assert!(guide.contains(&times(error.between_on_disk)), "{error:?}");
    let said = format!("{:.0} % and {:.0} %", error.p50_error * 100.0, error.p99_error * 100.0);
    assert!(guide.contains(&said), "the guide does not say {said}");
    // Least squares: no other line is nearer to the medians.
    let off = |pause: &Pause| -> f64 {
        let of = MEASURED.map(|row| pause.median_ms(row.state_mb * 1e6, 0.0) - row.p50_ms);
        of.iter().map(|d| d * d).sum()
    };
    let best = off(&Pause::default());
    for (base, per_mib) in [(0.01, 0.0), (-0.01, 0.0), (0.0, 0.0003), (0.0, -0.0003)] {
        let mut other = Pause::default();
        other.base_ms += base;
        other.per_mib_ms += per_mib;
        assert!(off(&other) > best, "{base} {per_mib}");
    }
}
