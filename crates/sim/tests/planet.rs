//! A planet of 100 nodes and 100,000 identities, the one of the guide, and smaller ones.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use her_sim::{File, Report, run};

const PLANET: &str = include_str!("../../../docs/guide/planet.toml");

fn lived(text: &str) -> Report {
    let file: File = toml::from_str(text).unwrap();
    run(&file.check().unwrap()).unwrap()
}

#[track_caller]
fn with(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from}");
    text.replace(from, to)
}

/// An hour of a tenth of it.
fn small() -> String {
    let text = with(PLANET, "count = 100_000", "count = 10_000");
    let text = with(&with(&text, "count = 40", "count = 4"), "count = 30", "count = 3");
    let text = with(&with(&text, "\"2h\"", "\"10m\""), "\"4h\"", "\"40m\"");
    with(&with(&text, "\"5h\"", "\"45m\""), "duration = \"6h\"", "duration = \"1h\"")
}

#[test]
fn a_region_is_lost_and_absorbed_within_the_budgets() {
    let report = lived(PLANET);
    assert_eq!((report.nodes, report.identities, report.simulated_s), (100, 100_000, 21_600.0));
    let loss = &report.losses[0];
    assert_eq!((&*loss.region, loss.at_s, loss.came_back), ("america", 7_200.0, 0));
    assert!((25_000..35_000).contains(&loss.identities), "{loss:?}");
    assert_eq!(report.takeovers, loss.identities);
    // 50 at a time, each of at least 500 ms: so many can't be faster, whatever is drawn.
    let absorbed_s = loss.absorbed_s.unwrap();
    assert!(absorbed_s > 15.0 + loss.identities as f64 / 50.0 * 0.5, "{absorbed_s}");
    assert!(loss.settled_s.unwrap() >= absorbed_s && absorbed_s < 7_200.0, "{loss:?}");
    let out_s = report.unavailable.losses_s / loss.identities as f64;
    assert!(out_s > 15.5 && out_s < absorbed_s, "{out_s} of {absorbed_s}");
    assert!((report.ever_without_owner - loss.identities as f64 / 1e5).abs() < 1e-9);
    // Moves between regions take three round trips of 85 to 160 ms.
    assert!(report.moves > 100 && report.flaps == 0, "{} moves", report.moves);
    assert!(report.pause_ms.p50 < 10.0 && (255.0..600.0).contains(&report.pause_ms.max));
    assert!(report.ever_paused_over_50_ms > 0.0);
    assert_eq!(report.rules["unload"].moves, report.moves);
    assert_eq!(report.checks.one_owner_each, 9, "the ends, five hours, a loss and a return");
    let last = report.samples.last().unwrap();
    assert_eq!((last.at_s, last.without_owner, report.samples.len()), (21_600.0, 0, 361));
    assert_eq!(report.samples.iter().map(|s| s.moves).sum::<u64>(), report.moves);
    assert!(report.samples.iter().any(|s| s.without_owner > 20_000));
}

#[test]
fn the_same_file_and_the_same_seed_give_the_same_run() {
    let text = small();
    let first = lived(&text);
    assert_eq!(lived(&text), first);
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let text = text.clone();
            std::thread::spawn(move || lived(&text))
        })
        .collect();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), first);
    }
    assert_ne!(lived(&with(&text, "seed = 7", "seed = 8")).hash, first.hash);
    assert_ne!(lived(&with(&text, "load > 0.9", "load > 0.3")).hash, first.hash);
}

#[test]
fn who_is_not_taken_over_is_there_again_when_the_region_is() {
    let report = lived(&with(&small(), "after = \"15s\"", "after = \"50m\""));
    let loss = &report.losses[0];
    assert_eq!((loss.came_back, report.takeovers), (loss.identities, 0));
    assert_eq!(loss.absorbed_s, Some(1_800.0));
    assert_eq!(report.unavailable.losses_s, loss.identities as f64 * 1_800.0);
    // Both within one loss.
    let report = lived(&with(&small(), "takes = \"500ms\"", "takes = \"60s\""));
    let loss = &report.losses[0];
    assert!(loss.came_back > 0 && report.takeovers > 0);
    assert_eq!(loss.came_back + report.takeovers, loss.identities);
    // And never.
    let text = with(&small(), "after = \"15s\"", "after = \"50m\"");
    let report = lived(&with(&text, "[[event]]\nat = \"40m\"\nreturns = \"america\"\n", ""));
    let loss = &report.losses[0];
    assert_eq!((loss.absorbed_s, loss.settled_s), (None, None));
    assert_eq!(report.unavailable.losses_s, loss.identities as f64 * 3_000.0);
    assert_eq!(report.samples.last().unwrap().without_owner, loss.identities);
}

#[test]
fn a_larger_budget_absorbs_sooner() {
    let absorbed =
        |planet: &str| lived(&with(&small(), "planet = 50", planet)).losses[0].absorbed_s.unwrap();
    let (few, many) = (absorbed("planet = 3"), absorbed("planet = 6"));
    assert!(few > 1.8 * many, "{few} s and {many} s");
}

#[test]
fn everybody_departs_to_a_higher_tier_by_the_rule_of_the_essay() {
    let text = small();
    let (before, _) = text.split_once("[gate.unload]").unwrap();
    let essay = "[gate.departure]\n\
        when = \"io_wait_ratio > 1000.0 && update_rate >= 1.0 && tier < max_tier && lag < 100\"\n\
        clear = \"io_wait_ratio < 500.0\"\nfor = \"30s\"\nkeep = \"60s\"\ncooldown = \"10m\"\n\
        budget = { per_node = 1000, cluster = 4000 }\nmode = \"act\"\n\
        do = { migrate = { to = \"tier+1\" } }\n";
    let higher = "[[nodes]]\nregion = \"asia\"\ncount = 5\ntier = 2\ncores = 32\n\
        memory_gib = 256.0\nupdates_per_core = 10_000.0\nempty = true\n";
    let waits = "io_wait_ratio = { least = 10.0, most = 100_000.0 }\n\n[region.europe]";
    let text = with(&format!("{before}{higher}{essay}"), "\n[region.europe]", waits);
    let text = with(&text, "loses = \"america\"", "grows = 1.0");
    let text = with(&text, "[[event]]\nat = \"40m\"\nreturns = \"america\"\n", "");
    let report = lived(&with(&text, "[takeover]", "[moves]\nat_a_time = 64\n\n[takeover]"));
    let departure = &report.rules["departure"];
    // Half of the sixteen levels lie above a ratio of 1,000, and nobody comes back.
    assert!((4_700..5_300).contains(&departure.moves), "{departure:?}");
    assert_eq!((report.moved_back, report.losses.len()), (0, 0));
    // 4,000 in ten minutes: the rest waits for the next ten.
    let early: u64 = report.samples.iter().filter(|s| s.at_s <= 600.0).map(|s| s.moves).sum();
    assert!((3_000..=4_000).contains(&early), "{early}");
    assert!(departure.decisions["BUDGET"] > 0 && departure.decisions["ACT"] >= departure.moves);
    // The same as a dry run moves nobody, and is told of as often within its budget.
    let dry = lived(&with(&text, "mode = \"act\"", "mode = \"dry-run\""));
    assert_eq!((dry.moves, dry.rules["departure"].moves), (0, 0));
    assert!(dry.rules["departure"].dry_runs >= 4_000);
}

#[test]
fn a_planet_can_be_scaled() {
    let mut file: File = toml::from_str(&small()).unwrap();
    file.scale(3).unwrap();
    let report = run(&file.check().unwrap()).unwrap();
    assert_eq!((report.nodes, report.identities), (30, 30_000));
    let mut file: File = toml::from_str(&small()).unwrap();
    let said = file.scale(4_000_000).unwrap_err().to_string();
    assert!(said.contains("can't be taken 4000000 times"), "{said}");
    assert!(file.scale(0).is_err());
}

/// What is changed in the planet of the guide, to what, and what is said then.
const MISTAKES: &[(&str, &str, &str)] = &[
    (
        "loses = \"america\"",
        "loses = \"africa\"",
        "event 1: loses: there is no region \"africa\"; there are america, asia, europe: write",
    ),
    (
        "region = \"asia\"\ncount",
        "region = \"mars\"\ncount",
        "nodes, table 3: region: there is no region \"mars\"",
    ),
    ("asia = 150.0", "africa = 150.0", "rtt_ms.america.africa: there is no region \"africa\""),
    (", asia = 150.0", "", "rtt_ms.america.asia is missing: write the milliseconds"),
    (
        "asia = { asia = 1.0 }",
        "asia = { asia = 1.0, europe = 161.0 }",
        "rtt_ms.europe.asia is 160, and rtt_ms.asia.europe is 161; it is the time",
    ),
    (
        "america = 85.0",
        "america = nan",
        "rtt_ms.europe.america is NaN; write a number from 0 to 60000",
    ),
    ("tail = 1.1", "tail = inf", "identities.rate.tail is inf; write a number from 0.2 to 10"),
    ("least = 3.0", "least = -1.0", "identities.rate.least is -1"),
    (
        "most = 10_000.0",
        "most = 10_001.0",
        "identities.rate.most is 10001; an identity has one writer",
    ),
    ("0.5, 0.4, 0.4", "0.4, 0.4", "day has 23 numbers; write one for each of 24 hours"),
    ("0.5, 0.4, 0.4", "0.5, nan, 0.4", "day, hour 1 is NaN"),
    (
        "per_node = 2 ",
        "per_node = 0 ",
        "takeover.per_node is 0, so nothing would ever move; write 1",
    ),
    ("per_node = 8", "per_node = 0", "gate.unload: budget: per_node and cluster are at least 1"),
    ("duration = \"6h\"", "duration = \"5s\"", "duration is 5s; write 1m to 30d"),
    ("step = \"5s\"", "step = \"6s\"", "step is 6s; write 1s to 5s"),
    ("at = \"4h\"", "at = \"1h\"", "event: returns = \"america\", and it is there already then"),
    (
        "returns = \"america\"",
        "loses = \"america\"",
        "event: loses = \"america\", and it is lost already",
    ),
    ("at = \"5h\"", "at = \"6h\"", "event 3: at is 6h, and all ends after 6h; write less"),
    (
        "loses = \"america\"",
        "loses = \"asia\"\nreturns = \"asia\"",
        "event 1: write one of loses = REGION",
    ),
    ("grows = 1.2", "grows = nan", "event 3: grows is NaN; write a number from 0.01 to 100"),
    (
        "grows = 1.2\nregion = \"asia\"",
        "grows = 1.2\nregion = \"\"",
        "event 3: region: there is no region \"\"",
    ),
    ("count = 100_000", "count = 0", "identities.count is 0; write a number from 1 to 50000000"),
    ("count = 40", "count = 4_000_000", "nodes, table 1: count is 4000000"),
    ("hour = 5.0", "hour = 25.0", "region.europe.hour is 25; write a number from 0 to 24"),
    ("hour = 5.0", "share = 0.0\n[region.africa]", "rtt_ms.africa.africa is missing"),
    (
        "load > 0.9 &&",
        "queue_depth > 9 &&",
        "gate.unload: the figure queue_depth is not simulated; a rule here may name update_rate",
    ),
    ("load > 0.9 &&", "laod > 9 &&", "gate.unload: when: there is no figure \"laod\""),
    ("mode = \"act\"", "mode = \"ask\"", "gate.unload: mode is \"ask\", and nobody says yes here"),
    ("to = \"any\"", "to = \"berlin\"", "gate.unload: to is the node \"berlin\""),
    (
        "for = \"30s\"",
        "for = \"30s\"\nidentities = \"fraud-*\"",
        "gate.unload: identities is \"fraud-*\"",
    ),
    (
        "do = { migrate = { to = \"any\", choose = \"p2c(cpu,mem,rtt)\", leave = \"nothing\" } }",
        "do = \"freeze\"",
        "gate.unload: do is freeze; the simulator moves",
    ),
    (
        "[takeover]",
        "[peers]\nnear = 0\nfar = 0\n[takeover]",
        "peers.near and peers.far together is 0",
    ),
    (
        "[takeover]",
        "[moves]\nlink_mib_s = 0.0\n[takeover]",
        "moves.link_mib_s is 0; write a number from 0.001",
    ),
    (
        "[takeover]",
        "[pause]\nspread = nan\n[takeover]",
        "pause.spread is NaN; write a number from 0 to 3",
    ),
];

#[test]
fn what_is_wrong_is_named_with_its_place_and_the_remedy() {
    let wrong = |from: &str, to: &str| {
        let file: File = toml::from_str(&with(PLANET, from, to)).unwrap();
        file.check().unwrap_err().to_string()
    };
    for (from, to, says) in MISTAKES {
        let said = wrong(from, to);
        assert!(said.contains(says), "{from} -> {to}: {said}");
    }
    let said = toml::from_str::<File>(&with(PLANET, "after = ", "afetr = ")).unwrap_err();
    assert!(said.message().contains("unknown field `afetr`"), "{said}");
}
