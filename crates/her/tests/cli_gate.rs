//! `her gate` where things are wrong, and where no server runs.

#![allow(clippy::unwrap_used, reason = "a test may panic anywhere")]

use serde_json::json;

mod support;
use support::{Place, Serving, events, str_of};

const RULE: &str = "[gate.copy]\nidentities = 'sam'\nwhen = 'version > 100'\nmode = 'act'\ncooldown = '1h'\n\
                    do = { fork = { name = 'other' } }\n";

const CASES: &str = "rules = 'her.toml'\n\
    [[case]]\nname = 'it acts'\ngate = 'copy'\nfigures = { version = '1x5 200x5' }\n\
    acts = ['5s']\nexpect = [{ at = '4s', decision = 'CONDITION_FALSE' }]\n";

#[test]
fn a_failed_case_is_a_diff_and_exit_code_1() {
    let place = Place::new();
    place.write("her.toml", RULE);
    place.write("cases.toml", CASES);
    let ran = place.run(&["gate", "test", "cases.toml"]).ok();
    assert_eq!(ran.out, "ok   it acts\n");
    place.write("her.toml", &RULE.replace("100", "500"));
    let ran = place.run(&["gate", "test", "cases.toml"]).fails(1, "1 of 1 cases decide otherwise");
    assert_eq!(ran.out, "FAIL it acts\n     at 5s:\n     - ACT\n     + CONDITION_FALSE\n");
    assert!(!ran.err.contains("hint"), "{}", ran.err);
    let told = place.run(&["gate", "test", "cases.toml", "--json"]).fails(1, "otherwise").lines();
    assert_eq!(told[0]["passed"], false);
    assert_eq!(
        told[0]["differs"][0],
        json!({
            "at": "5s", "expected": "ACT", "got": "CONDITION_FALSE",
        })
    );
}

#[test]
fn mistakes_name_the_file_the_place_and_the_remedy() {
    let place = Place::new();
    let test = |rule: &str, cases: &str, code, says: &str| {
        place.write("rules.toml", rule);
        place.write("cases.toml", &cases.replace("her.toml", "rules.toml"));
        place.run(&["gate", "test", "cases.toml"]).fails(code, says);
    };
    test(RULE, &CASES.replace("copy", "cpoy"), 7, "case \"it acts\": there is no gate \"cpoy\"");
    test(RULE, &CASES.replace("expect", "epxect"), 7, "cases.toml, line 7: unknown field `epxect`");
    test(RULE, &CASES.replace("'CONDITION_FALSE'", "'NO'"), 7, "unknown variant `NO`");
    test(RULE, "rules = 'her.toml'\n", 7, "1 to 1000 tables [[case]]");
    test(&RULE.replace("version >", "[1].all(x, true) &&"), CASES, 7, "gate.copy: when: macros");
    test(&RULE.replace("'1h'", "'1y'"), CASES, 7, "\"1y\" is no time; write a whole number");
    place.run(&["gate", "test", "nowhere.toml"]).fails(3, "nowhere.toml");
    // A server does not start with a rule that it does not understand.
    place.write("her.toml", &RULE.replace("version", "vresion"));
    place.run(&["serve"]).fails(7, "gate.copy: when: there is no figure \"vresion\"");
}

#[test]
fn without_a_server_the_past_is_told_and_replayed() {
    let place = Place::new();
    place.write("her.toml", RULE);
    place.born("sam");
    place.run(&["gate", "approve", "sam", "--gate", "copy"]).fails(6, "start `her serve`");
    place.run(&["gate", "replay", "sam"]).fails(3, "no figures of \"sam\" are recorded");
    place.run(&["gate", "explain", "tom"]).fails(3, "tom");
    let serving = Serving::over(&place);
    let file = place.write("some.ndjson", &events(0, 200));
    place.run(&["learn", "sam", str_of(&file)]).ok();
    let decided = || place.run(&["gate", "explain", "sam", "--json"]).ok().json();
    for _ in 0..300 {
        if decided()["gates"][0]["decision"]["decision"] == "DONE" {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    place.run(&["gate", "approve", "sam"]).fails(7, "no gate asks for \"sam\"");
    place.run(&["gate", "approve", "sam", "--gate", "copy"]).fails(7, "mode is not \"ask\"");
    place.run(&["gate", "explain", "sam", "--gate", "copy"]).ok();
    serving.end();

    let told = decided();
    assert_eq!((&told["gates"], &told["history"][0]["decision"]), (&json!([]), &json!("DONE")));
    let text = place.run(&["gate", "explain", "sam"]).ok().out;
    assert!(text.contains("no gate is stepped") && text.contains("DONE (other goes on"), "{text}");
    let listed = place.run(&["gate", "list", "--json"]).ok().lines();
    assert_eq!(listed[0]["rule"]["do"], json!({ "fork": { "name": "other" } }));
    // Of what was recorded, this rule and others.
    let replayed = place.run(&["gate", "replay", "sam", "--json"]).ok().json();
    let of = &replayed["gates"][0]["replayed"];
    assert_eq!(of["acted_ms"].as_array().unwrap().len(), 1, "{replayed}");
    let never = place.write("never.toml", &RULE.replace("100", "1000"));
    let args = ["gate", "replay", "sam", "--rule", str_of(&never)];
    let text = place.run(&args).ok().out;
    assert!(text.contains("copy: would have acted 0 times in "), "{text}");
    place.run(&["gate", "replay", "sam", "--gate", "none"]).fails(3, "no rule named \"none\"");
}

/// Files that the first format of them left, written by a real server; they are opened for ever.
#[test]
fn files_of_the_first_format_are_read_and_gone_on_with() {
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/gates");
    let place = Place::new();
    place.born("sam");
    let gates = place.data().join("gates");
    std::fs::create_dir_all(&gates).unwrap();
    for name in ["sam.decisions.ndjson", "sam.figures.ndjson"] {
        std::fs::copy(format!("{golden}/{name}"), gates.join(name)).unwrap();
    }
    let whole = "when = 'version > 100 && tier == 0'\nclear = 'version < 50'\nfor = '2s'\n\
                 keep = '1s'\nmode = 'act'\nidentities = 'sam'\ncooldown = '1h'\n\
                 do = { fork = { name = 'other' } }\n";
    place.write("her.toml", &format!("[gate.copy]\n{whole}"));
    let replayed = place.run(&["gate", "replay", "sam", "--json"]).ok().json();
    let of = &replayed["gates"][0]["replayed"];
    assert_eq!((&of["steps"], &of["acted_ms"]), (&json!(9), &json!([1_795_705_709_580_u64])));
    // The server goes on with the state of the last line: what was done is done.
    let serving = Serving::over(&place);
    let told = || place.run(&["gate", "explain", "sam", "--json"]).ok().json();
    let stepped = || told()["gates"][0]["decision"].is_object();
    assert!((0..300).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        stepped()
    }));
    let said = told();
    assert_eq!(
        (&said["trouble"], &said["gates"][0]["acted_ms"]),
        (&json!(null), &json!(1_795_705_709_580_u64))
    );
    serving.end();
    let history = told()["history"].as_array().unwrap().clone();
    let oldest: Vec<&str> =
        history.iter().rev().take(4).map(|r| r["decision"].as_str().unwrap()).collect();
    assert_eq!(oldest, ["CONDITION_FALSE", "FOR_PENDING", "ACT", "DONE"]);
    assert!(!gates.join("sam.decisions.ndjson.1").exists(), "it was taken for damaged");
}
