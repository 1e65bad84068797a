//! The model card against the life that it tells.

use serde_json::json;

use super::client::{Running, event, line};

#[test]
fn a_card_tells_the_life() {
    let r = Running::new(&[]);
    let spec = json!({
        "model": ["StandardScaler", "LogisticRegression"], "shadow_after": 20,
        "licence": "CC-BY-4.0", "about": "Tells <clicks> apart.",
    });
    assert_eq!(r.put("/v1/identities/sam", &spec).status, 201);
    let mut lines: String = (0..60).map(line).collect();
    lines += "{\"x\":{\"a\":1,\"late\":2},\"id\":\"p\"}\n{\"id\":\"p\",\"y\":true}\n";
    r.lines("/v1/identities/sam/learn", &lines);
    let said = r.get("/v1/identities/sam/card");
    assert_eq!((said.status, said.header("her-version")), (200, Some("63")));
    let card = said.json();
    assert_eq!((&card["licence"], &card["name"]), (&json!("CC-BY-4.0"), &json!("sam")));
    assert_eq!(card["retold"], json!({ "to_version": 63, "complete": true }));
    assert_eq!(card["data"]["learned"], 60);
    assert_eq!(card["data"]["late_labels"], 1);
    let feature = |i: usize| {
        let f = &card["data"]["features"][i];
        (
            f["name"].clone(),
            f["events"].clone(),
            f["first_version"].clone(),
            f["last_version"].clone(),
        )
    };
    assert_eq!(feature(0), (json!("a"), json!(61), json!(2), json!(62)));
    assert_eq!(feature(1), (json!("b"), json!(60), json!(2), json!(61)));
    assert_eq!(feature(2), (json!("late"), json!(1), json!(62), json!(62)));
    let classes = card["data"]["classes"].as_array().unwrap();
    let events: u64 = classes.iter().map(|c| c["events"].as_u64().unwrap()).sum();
    assert_eq!((classes.len(), events), (2, 61));
    let figures = r.get("/v1/identities/sam").json()["figures"].clone();
    let online = &card["metrics"]["online"]["since_birth"];
    assert_eq!(online["scores"], figures["online"]["since_birth"]);
    assert_eq!(online["events"], 61);
    assert_eq!(card["head"]["digest"].as_str().unwrap().len(), 32);
    assert_eq!(card["peers"], json!([]));

    let text = r.get("/v1/identities/sam/card?format=markdown");
    assert_eq!(text.header("content-type"), Some("text/markdown; charset=utf-8"));
    let text = text.text();
    for part in ["# sam\n", "Tells \\<clicks\\> apart.", "| late | 1 |", "CC-BY-4.0", "## Lineage"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    r.get("/v1/identities/sam/card?format=pdf").refused(400, "malformed", "format");
    r.get("/v1/identities/nobody/card").refused(404, "not_found", "nobody");
    r.stop();
}

#[test]
fn a_card_knows_branches_and_alarms() {
    let r = Running::with_sam(&[]);
    let flip = |i: u64| {
        let mut e = event(i);
        if i >= 600 {
            e["y"] = json!(!e["y"].as_bool().unwrap());
        }
        format!("{e}\n")
    };
    r.lines("/v1/identities/sam/learn", &(0..1_200).map(flip).collect::<String>());
    r.post("/v1/identities/sam/freeze", &json!({}));
    r.post("/v1/identities/sam/rewind", &json!({ "version": 1_202 }));
    r.lines("/v1/identities/sam/learn", &(0..10).map(line).collect::<String>());
    let card = r.get("/v1/identities/sam/card").json();
    assert_eq!(card["retold"]["complete"], true, "{}", card["retold"]);
    assert_eq!(card["data"]["learned"], 1_210);
    assert_eq!(card["dates"]["frozen"], json!(null), "the branch learns again");
    let branches = card["lineage"]["branches"].as_array().unwrap();
    assert_eq!(branches.len(), 2);
    assert_eq!(
        (&branches[1]["parent"]["version"], &branches[1]["alive"]),
        (&json!(1_202), &json!(true))
    );
    let history = card["drift"]["history"].as_array().unwrap();
    assert!(!history.is_empty(), "a flipped concept is noticed");
    assert_eq!(history.len() as u64, card["drift"]["alarms"].as_u64().unwrap());
    assert_eq!(history.last().unwrap()["version"], card["drift"]["last_version"]);
    let none = r.get("/v1/identities/sam/card?seconds=0").json();
    assert_eq!(none["retold"], json!({ "to_version": 256, "complete": false }));
    r.stop();
}
