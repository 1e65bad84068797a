//! Forgetting through the server: what would be struck, what was, and what is told of the rest.

use serde_json::{Value, json};

use super::client::{Running, event, line};

const FORM: &str = "application/x-www-form-urlencoded";

fn taught() -> Running {
    let r = Running::with_sam(&[]);
    r.lines("/v1/identities/sam/learn", &(0..20).map(line).collect::<String>());
    r
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().filter_map(Value::as_str).collect()
}

#[test]
fn what_was_forgotten_was_never_learned() {
    let r = taught();
    let dry = json!({"from": 10, "to": 12, "dry_run": true});
    let would = r.post("/v1/identities/sam/forget", &dry).json();
    assert_eq!(
        (&would["struck"], &would["kept"], &would["version"]),
        (&json!(3), &json!(9), &json!(18))
    );
    assert_eq!(r.version(), 21, "nothing happened");
    let done = r.post("/v1/identities/sam/forget", &json!({"from": 10, "to": 12}));
    assert_eq!((done.status, done.header("her-version")), (200, Some("18")), "{}", done.text());
    let done = done.json();
    assert_eq!(
        (&done["name"], &done["struck"], &done["left_out"]),
        (&json!("sam"), &json!(3), &json!(0))
    );
    assert!(texts(&done["left"])[0].contains("keeps what was struck"), "{done}");
    let card = r.get("/v1/identities/sam").json();
    assert_eq!(card["figures"]["learned"], 17);
    assert_eq!(card["branches"][1]["forgot"], json!({"from": 10, "to": 12}));
    assert_eq!(card["forgetting"], Value::Null, "it is done");
    // One that never saw them is the same to the bit.
    r.put("/v1/identities/ada", &card["spec"]);
    let rest: String = (0..20).filter(|i| !(8..11).contains(i)).map(line).collect();
    r.lines("/v1/identities/ada/learn", &rest);
    let model = |name: &str| r.get(&format!("/v1/identities/{name}/model")).body;
    assert_eq!(model("sam"), model("ada"));
    r.post("/v1/identities/sam/learn", &event(50));
    assert_eq!(r.ask("POST", "/v1/identities/sam/verify", "", b"").json()["verified"], true);
    let audit = r.get("/v1/audit").text();
    assert!(audit.contains("versions 10 to 12") && audit.contains("dry run"), "{audit}");
}

#[test]
fn what_is_left_of_it_is_told() {
    let r = taught();
    r.post("/v1/identities/sam/fork", &json!({"name": "ada"}));
    let done = r.post("/v1/identities/sam/forget", &json!({"from": 5, "erase": true})).json();
    assert_eq!(done["erased"]["branches"], 1);
    let left = texts(&done["left"]);
    assert!(left[0].contains("segment files") && left[0].contains("her depart"), "{left:?}");
    assert!(left.iter().any(|text| text.contains("ada was forked")), "{left:?}");
    let card = r.get("/v1/identities/sam").json();
    assert_eq!(card["branches"].as_array().unwrap().len(), 1);
    assert_eq!(r.get("/v1/identities/sam/log?from=5&limit=1").json()["version"], 5);
}

#[test]
fn from_the_page_it_takes_two_steps() {
    let r = taught();
    let first = r.get("/ui/sam/memory?from=10&to=12").text();
    assert!(first.contains("id=\"forget-run\"") && first.contains("/ui/sam/forget"), "{first}");
    assert!(first.contains("href=\"?from=21\""), "each learned event of the tail can be chosen");
    assert_eq!(r.version(), 21);
    assert_eq!(r.post("/ui/sam/forget", &json!({"from": 5})).status, 415);
    let done = r.ask("POST", "/ui/sam/forget", FORM, b"from=10&to=12");
    assert_eq!((done.status, done.header("location")), (303, Some("/ui/sam/memory?struck=3")));
    assert!(r.get("/ui/sam/memory?struck=3").text().contains("Forgotten"));
    assert_eq!(r.version(), 18);
}
