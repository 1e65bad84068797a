//! Every route when all goes well.

use serde_json::{Value, json};

use super::client::{Running, event, line};

#[test]
fn an_identity_is_made_asked_and_taught() {
    let r = Running::new(&[]);
    let spec = json!(["StandardScaler", "LogisticRegression"]);
    let made = r.put("/v1/identities/sam", &spec);
    assert_eq!((made.status, made.header("her-version")), (201, Some("1")));
    assert_eq!(made.json()["name"], "sam");
    assert!(made.json()["spec"]["Pipeline"]["steps"][1]["LogisticRegression"].is_object());

    let asked = r.post("/v1/identities/sam/predict", &json!({"x": {"a": 1}}));
    assert_eq!((asked.status, asked.header("her-version")), (200, Some("1")));
    for i in 0..50 {
        let taught = r.post("/v1/identities/sam/learn", &event(i));
        assert_eq!(taught.json()["version"], i + 2, "{}", taught.text());
        assert_eq!(taught.header("her-version").unwrap(), (i + 2).to_string());
    }
    let asked = r.post("/v1/identities/sam/predict?min_version=51", &json!({"x": {"a": 100}}));
    let p = asked.json()["prediction"]["proba"]["true"].as_f64().unwrap();
    assert!(p > 0.5, "{}", asked.text());

    let list = r.get("/v1/identities").json();
    assert_eq!(list["identities"][0]["name"], "sam");
    assert_eq!(list["identities"][0]["version"], 51);
    assert_eq!(list["next"], Value::Null);
    let card = r.get("/v1/identities/sam?top=1").json();
    assert_eq!(card["top_weights"].as_object().unwrap().len(), 1);
    assert_eq!(card["figures"]["learned"], 50);
    r.stop();
}

#[test]
fn names_come_a_page_at_a_time() {
    let r = Running::new(&[]);
    for name in ["ada", "bob", "cy"] {
        assert_eq!(
            r.put(&format!("/v1/identities/{name}"), &json!("LinearRegression")).status,
            201
        );
    }
    let names = |page: &Value| -> Vec<String> {
        let lines = page["identities"].as_array().unwrap();
        lines.iter().map(|l| l["name"].as_str().unwrap().to_owned()).collect()
    };
    let first = r.get("/v1/identities?limit=2").json();
    assert_eq!((names(&first), &first["next"]), (vec!["ada".into(), "bob".into()], &json!("bob")));
    let last = r.get("/v1/identities?limit=2&after=bob").json();
    assert_eq!((names(&last), &last["next"]), (vec!["cy".to_owned()], &Value::Null));
}

#[test]
fn a_label_comes_late_and_once() {
    let r = Running::with_sam(&[]);
    let asked = r.post("/v1/identities/sam/predict", &json!({"x": {"a": 1}, "id": "p1"}));
    assert_eq!(asked.json()["version"], 2, "remembering is an event");
    let told = r.post("/v1/identities/sam/label", &json!({"id": "p1", "y": true}));
    assert_eq!((told.status, told.json()["version"].as_u64()), (200, Some(3)));
    let label = json!({"id": "p1", "y": true});
    r.post("/v1/identities/sam/label", &label).refused(410, "gone", "p1");
    let label = json!({"id": "p2", "y": true});
    r.post("/v1/identities/sam/label", &label).refused(404, "not_found", "p2");
}

#[test]
fn an_expired_label_is_gone() {
    let r = Running::new(&[]);
    let spec = json!({"model": "LogisticRegression", "late_labels_max": 1});
    assert_eq!(r.put("/v1/identities/sam", &spec).status, 201);
    for id in ["old", "new"] {
        r.post("/v1/identities/sam/predict", &json!({"x": {"a": 1}, "id": id}));
    }
    let label = json!({"id": "old", "y": true});
    r.post("/v1/identities/sam/label", &label).refused(410, "gone", "old");

    let spec = json!({"model": "LogisticRegression", "late_label_ttl_s": 1});
    assert_eq!(r.put("/v1/identities/eve", &spec).status, 201);
    r.post("/v1/identities/eve/predict", &json!({"x": {"a": 1}, "id": "p"}));
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let label = json!({"id": "p", "y": true});
    r.post("/v1/identities/eve/label", &label).refused(410, "gone", "1 s");
}

#[test]
fn the_past_is_shown_asked_and_compared() {
    let r = Running::with_sam(&[]);
    let body: String = (0..100).map(line).collect();
    r.lines("/v1/identities/sam/learn", &body);

    let then = r.get("/v1/identities/sam/at/51");
    assert_eq!((then.header("her-version"), &then.json()["version"]), (Some("51"), &json!(51)));
    for (path, version) in [("model", "101"), ("at/51/model", "51")] {
        let said = r.get(&format!("/v1/identities/sam/{path}"));
        assert_eq!((said.status, said.header("her-version")), (200, Some(version)));
        assert_eq!(said.header("content-type"), Some("application/octet-stream"));
        let model = her_learn::Model::load(&said.body, &her_learn::Catalog::builtin()).unwrap();
        assert_eq!(*model.spec(), r.get("/v1/identities/sam").json()["spec"]);
    }
    let asked = r.post("/v1/identities/sam/at/1/predict", &json!({"x": {"a": 1}})).json();
    assert_eq!(asked["version"], 1);

    let log = r.get("/v1/identities/sam/log?from=2&limit=70");
    assert_eq!(log.header("content-type"), Some("application/x-ndjson"));
    let log = log.lines();
    assert_eq!((log.len(), &log[0]["version"], &log[69]["version"]), (70, &json!(2), &json!(71)));
    assert_eq!(log[9]["x"]["a"].as_f64(), event(9)["x"]["a"].as_f64());
    assert_eq!(r.get("/v1/identities/sam/log").lines().len(), 101);
    assert!(r.get("/v1/identities/sam/log?limit=0").lines().is_empty());

    let diff = r.get("/v1/identities/sam/diff?from=2&top=1").json();
    assert_eq!((&diff["to"], diff["top"].as_array().unwrap().len()), (&json!(101), 1));
    assert!(diff["distance"].as_f64().unwrap() > 0.0);
    let proof = r.post("/v1/identities/sam/verify", &json!({})).json();
    assert_eq!((&proof["verified"], &proof["version"]), (&json!(true), &json!(101)));
}

#[test]
fn lives_branch_freeze_and_get_names() {
    let r = Running::with_sam(&[]);
    let body: String = (0..20).map(line).collect();
    r.lines("/v1/identities/sam/learn", &body);

    let tag = r.post("/v1/identities/sam/tag", &json!({"tag": "good", "version": 11})).json();
    assert_eq!(tag, json!({"tag": "good", "version": 11}));
    assert_eq!(r.get("/v1/identities/sam").json()["tags"]["good"], 11);

    let fork = r.post("/v1/identities/sam/fork", &json!({"name": "ada", "version": 11}));
    assert_eq!((fork.status, &fork.json()["version"]), (201, &json!(12)), "{}", fork.text());
    let fork = r.post("/v1/identities/sam/fork", &json!({"name": "eve"}));
    assert_eq!(fork.json()["version"], 22, "the newest version when none is said");

    let back = r.post("/v1/identities/sam/rewind", &json!({"version": 5})).json();
    assert_eq!((&back["version"], back["branches"].as_array().unwrap().len()), (&json!(6), 2));

    let asked = r.ask("POST", "/v1/identities/ada/snapshot", "", b"");
    assert_eq!((asked.status, &asked.json()["asked"]), (202, &json!(true)));
    let frozen = r.ask("POST", "/v1/identities/ada/freeze", "", b"");
    assert_eq!(frozen.json(), json!({"version": 13, "frozen": true}));
    r.post("/v1/identities/ada/learn", &event(1)).refused(409, "frozen", "fork it");
    assert_eq!(r.post("/v1/identities/ada/predict", &json!({"x": {"a": 1}})).status, 200);
}

#[test]
fn pages_and_figures() {
    let r = Running::with_sam(&[]);
    r.lines("/v1/identities/sam/learn", &(0..10).map(line).collect::<String>());
    r.post("/v1/identities/sam/learn", &json!({"x": {"a": 1}, "y": "nine"}));
    let figures = r.get("/metrics");
    assert!(figures.header("content-type").unwrap().starts_with("application/openmetrics-text"));
    let text = figures.text();
    for wanted in [
        "her_events_total{kind=\"learn\"} 10",
        "her_events_refused_total{reason=\"invalid\"} 1",
        "her_connections ",
        "her_queue_events 0",
        "her_commit_seconds_bucket{le=\"+Inf\"}",
        "her_commit_seconds_sum",
        "her_predict_seconds_bucket{le=\"+Inf\"}",
        "her_identities 1",
        "her_journal_open_bytes",
        "route=\"/v1/identities/{name}/learn\",method=\"POST\",status=\"200\"",
        "# EOF",
    ] {
        assert!(text.contains(wanted), "{wanted} in\n{text}");
    }
    assert!(!text.contains("sam"), "no name of an identity is a label");
    let docs = r.get("/docs").text();
    assert!(docs.contains("/openapi.json") && !docs.contains("http://") && !docs.contains("src="));
    let document = r.get("/openapi.json").json();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(r.get("/livez").text(), "alive\n");
    assert_eq!(r.get("/readyz").text(), "ready\n");
}
