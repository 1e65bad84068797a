//! Gates over a real server with real traffic: they freeze, fork, tell programs, and say why not.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

use her::config::gates;
use her::server::Server;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::client::{PATIENCE, Running, event, line, settings};
use super::person::{Person, asks, until};

/// A server over a directory with these gates.
fn open(dir: TempDir, rules: &str) -> Running {
    let mut settings = settings(dir.path(), &["node.tier=1"]);
    settings.gates = gates::of_text("the test", rules).unwrap();
    let server = Server::start(&settings).unwrap();
    let token = std::fs::read_to_string(dir.path().join("token")).unwrap().trim().to_owned();
    Running { addr: server.addr(), server: Some(server), dir, token }
}

fn with_sam(rules: &str) -> Running {
    let r = open(tempfile::tempdir().unwrap(), rules);
    let spec = json!(["StandardScaler", "LogisticRegression"]);
    assert_eq!(r.put("/v1/identities/sam", &spec).status, 201);
    r
}

/// What is told of a gate over sam.
fn gate(r: &Running, name: &str) -> Value {
    let said = r.get(&format!("/v1/identities/sam/gates?gate={name}"));
    if said.status == 200 { said.json() } else { Value::Null }
}

fn decides(r: &Running, name: &str, decision: &str) {
    until(&format!("{decision} of {name}"), || {
        gate(r, name)["gates"][0]["decision"]["decision"] == decision
    });
}

/// What it decided, oldest first.
fn history(r: &Running, name: &str) -> Vec<String> {
    let said = gate(r, name);
    let all = said["history"].as_array().unwrap().iter().rev();
    all.map(|record| record["decision"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_gate_freezes_and_tells_what_it_decided_by() {
    let r = with_sam(
        "[gate.full]\nwhen = 'version > 30 && tier == 1'\nfor = '1s'\nmode = 'act'\ndo = 'freeze'",
    );
    decides(&r, "full", "CONDITION_FALSE");
    r.lines("/v1/identities/sam/learn", &(0..50).map(line).collect::<String>());
    decides(&r, "full", "DONE");
    r.post("/v1/identities/sam/learn", &event(1)).refused(409, "frozen", "fork it");
    assert_eq!(r.post("/v1/identities/sam/predict", &json!({"x": {"a": 1}})).status, 200);

    let said = gate(&r, "full");
    let decision = &said["gates"][0]["decision"];
    assert_eq!(decision["detail"], "frozen at version 52");
    assert_eq!(
        decision["when"][0],
        json!({
            "text": "version > 30.0", "figures": ["version"], "truth": true,
        })
    );
    assert_eq!(said["figures"]["tier"]["value"], 1.0);
    assert_eq!(said["figures"]["update_rate"]["unit"], "updates/s");
    assert_eq!(said["gates"][0]["rule"]["for"], "1s");
    let decided = history(&r, "full");
    for wanted in ["CONDITION_FALSE", "FOR_PENDING", "ACT", "DONE"] {
        assert!(decided.iter().any(|d| d == wanted), "{wanted} in {decided:?}");
    }
    let acted =
        said["history"].as_array().unwrap().iter().find(|d| d["decision"] == "ACT").unwrap();
    assert!(acted["figures"]["version"].as_f64().unwrap() > 30.0, "{acted}");

    let audit = r.get("/v1/audit").json();
    let deed = audit["records"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&deed["by"], &deed["what"]), (&json!("gate full"), &json!("freeze")), "{deed}");
    assert_eq!((&deed["after"], &deed["outcome"]), (&json!(52), &json!("done")));
    let metrics = r.get("/metrics").text();
    let wanted = "her_gate_decisions_total{gate=\"full\",decision=\"ACT\"} 1";
    assert!(metrics.contains(wanted) && !metrics.contains("sam"), "{metrics}");
    let rules = r.get("/v1/gates").json();
    assert_eq!((&rules["watched"], &rules["gates"][0]["name"]), (&json!(1), &json!("full")));

    // What was done is done after a restart too, and what was recorded is there.
    let dir = r.stop();
    let rules =
        "[gate.full]\nwhen = 'version > 30 && tier == 1'\nfor = '1s'\nmode = 'act'\ndo = 'freeze'";
    let r = open(dir, rules);
    // It rests on disk: nothing is known of it, and it is not woken to be looked at.
    decides(&r, "full", "MISSING_FIGURE");
    assert_eq!(gate(&r, "full")["gates"][0]["decision"]["detail"], "version was not read");
    assert_eq!(r.post("/v1/identities/sam/predict", &json!({"x": {"a": 1}})).status, 200);
    decides(&r, "full", "DONE");
    assert_eq!(history(&r, "full").iter().filter(|d| *d == "ACT").count(), 1);
    let recorded = r.get("/v1/identities/sam/gates/figures").text();
    assert!(recorded.lines().count() > 4, "{recorded}");
    r.stop();
}

#[test]
fn an_operator_is_asked_before_a_fork() {
    let r = with_sam(
        "[gate.copy]\nidentities = 'sam'\nwhen = 'version > 10'\nmode = 'ask'\n\
         do = { fork = { name = '{identity}-at-{version}' } }\n\
         [gate.other]\nidentities = 'eve*'\nwhen = 'version > 0'\ndo = 'freeze'",
    );
    let approve = || r.ask("POST", "/v1/identities/sam/gates/copy/approve", "", b"");
    until("the gate", || gate(&r, "copy")["gates"][0]["decision"].is_object());
    approve().refused(422, "invalid", "nothing waits for a yes");
    r.lines("/v1/identities/sam/learn", &(0..20).map(line).collect::<String>());
    decides(&r, "copy", "ASKED");
    assert!(r.get("/v1/identities/sam-at-21").status == 404, "nobody said yes");
    let page = r.get("/ui/sam/departure").text();
    assert!(
        page.contains("ASKED") && page.contains("action=\"/ui/sam/gates/copy/approve\""),
        "{page}"
    );
    assert_eq!(approve().json()["approved"], true);
    decides(&r, "copy", "DONE");
    let fork = r.get("/v1/identities/sam-at-21").json();
    assert_eq!(fork["version"], 22, "{fork}");
    assert_eq!(
        gate(&r, "copy")["gates"][0]["decision"]["detail"],
        "sam-at-21 goes on from version 21"
    );
    // A gate of others is not over sam.
    let none = r.get("/v1/identities/sam/gates?gate=other");
    none.refused(404, "not_found", "no gate \"other\" is over the identity \"sam\"");
    let none = r.ask("POST", "/v1/identities/sam/gates/other/approve", "", b"");
    none.refused(404, "not_found", "\"other\"");
    r.get("/v1/identities/tom/gates").refused(404, "not_found", "tom");
    r.stop();
}

/// A program that is told: every request's head and body; it answers by `answer`, or never.
fn hook(answer: Option<&'static str>) -> (String, Receiver<(String, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook/secret", listener.local_addr().unwrap());
    let (tell, told) = channel();
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let (mut head, mut line) = (String::new(), String::new());
            while reader.read_line(&mut line).unwrap() > 2 {
                head.push_str(&line.to_lowercase());
                line.clear();
            }
            let length = head.lines().find_map(|l| l.strip_prefix("content-length: ")).unwrap();
            let mut body = vec![0; length.parse().unwrap()];
            reader.read_exact(&mut body).unwrap();
            match answer {
                Some(answer) => {
                    let said = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n");
                    reader.get_mut().write_all(said.as_bytes()).unwrap();
                }
                None => held.push(reader),
            }
            if tell.send((head, serde_json::from_slice(&body).unwrap())).is_err() {
                return;
            }
        }
    });
    (url, told)
}

#[test]
fn programs_are_told_and_who_does_not_answer_holds_nobody_up() {
    let (good, told) = hook(Some("204 No Content"));
    let (bad, told_bad) = hook(Some("500 Internal Server Error"));
    let (mute, told_mute) = hook(None);
    let rule = |name: &str, url: &str| {
        format!(
            "[gate.{name}]\nwhen = 'version > 10'\nmode = 'act'\n\
             do = {{ notify = {{ url = '{url}' }} }}\n"
        )
    };
    let r = with_sam(&(rule("good", &good) + &rule("bad", &bad) + &rule("mute", &mute)));
    r.lines("/v1/identities/sam/learn", &(0..20).map(line).collect::<String>());
    let (head, body) = told.recv_timeout(PATIENCE).unwrap();
    assert!(head.contains("idempotency-key: sam/good/"), "{head}");
    assert_eq!((&body["identity"], &body["gate"]), (&json!("sam"), &json!("good")), "{body}");
    assert_eq!(body["decision"]["decision"], "ACT");
    assert!(body["decision"]["figures"]["version"].as_f64().unwrap() > 10.0);
    told_bad.recv_timeout(PATIENCE).unwrap();
    told_mute.recv_timeout(PATIENCE).unwrap();
    // One of them never answers: learning goes on.
    decides(&r, "mute", "UNDER_WAY");
    let before = r.version();
    r.lines("/v1/identities/sam/learn", &(0..500).map(line).collect::<String>());
    assert_eq!(r.version(), before + 500);
    decides(&r, "good", "DONE");
    decides(&r, "bad", "FAILED");
    let said = gate(&r, "bad");
    assert_eq!(said["gates"][0]["decision"]["detail"], "the answer is 500");
    assert!(said["gates"][0]["decision"]["timers"]["retry_left_ms"].as_u64().unwrap() > 0);
    assert!(!said.to_string().contains("secret"), "addresses hold secrets: {said}");
    decides(&r, "mute", "FAILED");
    r.stop();
}

#[test]
fn without_other_nodes_nobody_leaves_and_people_are_waited_for() {
    let r = with_sam(
        "[gate.mars]\nwhen = 'io_wait_ratio > 20.0 && channels == 1'\nmode = 'act'\n\
         do = { migrate = { to = 'mars' } }\n\
         [gate.up]\nwhen = 'io_wait_ratio > 20.0 && tier < max_tier'\nmode = 'act'\n\
         do = { migrate = { to = 'tier+1' } }",
    );
    decides(&r, "mars", "CONDITION_FALSE");
    let mut person = Person::new(&r, "");
    person.says(&asks(1));
    // A person who thinks: the wait dwarfs the work.
    decides(&r, "mars", "TARGET_NOT_READY");
    let said = gate(&r, "mars");
    let detail = said["gates"][0]["decision"]["detail"].as_str().unwrap();
    assert!(detail.contains("no node named mars is configured"), "{detail}");
    assert!(said["figures"]["io_wait_ratio"]["value"].as_f64().unwrap() > 20.0, "{said}");
    decides(&r, "up", "CONDITION_FALSE");
    let said = gate(&r, "up");
    assert_eq!(
        said["gates"][0]["decision"]["when"][1]["truth"], false,
        "no node is of a higher tier"
    );
    assert_eq!(said["figures"]["peers"]["value"], 0.0);
    r.stop();
}

#[test]
fn the_page_shows_the_rule_its_figures_and_what_was_decided() {
    let r = with_sam(
        "[gate.busy]\nwhen = 'version > 5 && queue_depth < 1000'\nclear = 'version < 3'\n\
         keep = '1m'\ndo = 'freeze'",
    );
    r.lines("/v1/identities/sam/learn", &(0..20).map(line).collect::<String>());
    decides(&r, "busy", "DRY_RUN");
    let page = r.get("/ui/sam/departure");
    let text = page.text();
    for wanted in [
        "queue_depth &lt; 1000.0",
        "DRY_RUN",
        "it would have been done",
        "data-of=\"/figures/version/value\"",
        "version &lt; 3.0",
        "data-live=\"/ui/sam/live?page=departure\"",
        "may be done again in",
    ] {
        assert!(text.contains(wanted), "{wanted} in {text}");
    }
    assert_eq!(r.version(), 21, "a dry run does nothing");
    // Without a rule the page says how one is made.
    let none = Running::with_sam(&[]);
    assert!(none.get("/ui/sam/departure").text().contains("[gate."));
    r.stop();
}

/// The log of sam's decisions, in a directory whose server has ended.
fn log(dir: &TempDir) -> std::path::PathBuf {
    dir.path().join("gates").join("sam.decisions.ndjson")
}

#[test]
fn what_a_server_left_half_done_is_done_again_and_a_cool_down_outlives_it() {
    let rules = "[gate.full]\nwhen = 'version > 30'\nmode = 'act'\nidentities = 'sam'\ncooldown = '1h'\n\
                 do = { fork = { name = 'copy' } }";
    let r = with_sam(rules);
    r.lines("/v1/identities/sam/learn", &(0..50).map(line).collect::<String>());
    decides(&r, "full", "DONE");
    let dir = r.stop();

    // As if it had been killed after it wrote that it acts, and the fork was made all the same.
    let whole = std::fs::read_to_string(log(&dir)).unwrap();
    let until_act = whole.find("\"decision\":\"ACT\"").unwrap();
    let end = until_act + whole[until_act..].find('\n').unwrap() + 1;
    std::fs::write(log(&dir), &whole[..end]).unwrap();
    let r = open(dir, rules);
    r.post("/v1/identities/sam/predict", &json!({"x": {"a": 1}}));
    decides(&r, "full", "DONE");
    assert_eq!(history(&r, "full").iter().filter(|d| *d == "ACT").count(), 2, "and again");
    let detail = &gate(&r, "full")["gates"][0]["decision"]["detail"];
    assert_eq!(detail, "copy goes on from here already");

    // A changed rule begins anew, but not before the cool-down is over.
    let r = open(r.stop(), &rules.replace("> 30", "> 20"));
    r.post("/v1/identities/sam/predict", &json!({"x": {"a": 1}}));
    decides(&r, "full", "COOLDOWN");
    let left = &gate(&r, "full")["gates"][0]["decision"]["timers"]["cooldown_left_ms"];
    assert!((3_000_000..3_600_000).contains(&left.as_u64().unwrap()), "{left}");
    r.stop();
}

#[test]
fn a_decision_that_can_not_be_written_is_not_acted_upon() {
    let rules = "[gate.full]\nwhen = 'version > 30'\nmode = 'act'\ndo = 'freeze'";
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("gates")).unwrap();
    let hash = "0".repeat(64);
    let newer = format!("{{\"n\":1,\"at_ms\":1,\"format\":99,\"hash\":\"{hash}\"}}\n");
    std::fs::write(log(&dir), &newer).unwrap();
    let r = open(dir, rules);
    assert_eq!(r.put("/v1/identities/sam", &json!("LogisticRegression")).status, 201);
    r.lines("/v1/identities/sam/learn", &(0..50).map(line).collect::<String>());
    decides(&r, "full", "FAILED");
    let said = r.get("/v1/identities/sam/gates?history=0").json();
    let detail = said["gates"][0]["decision"]["detail"].as_str().unwrap();
    assert!(detail.contains("could not be written"), "{detail}");
    assert!(said["trouble"].as_str().unwrap().contains("a newer her reads it"), "{said}");
    assert_eq!(r.post("/v1/identities/sam/learn", &event(1)).status, 200, "it was not frozen");
    assert_eq!(std::fs::read_to_string(log(&r.stop())).unwrap(), newer, "and nothing is lost");
}
