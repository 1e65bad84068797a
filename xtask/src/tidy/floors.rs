//! The floor table: `use` arrows point down only, and no crate below `her` knows tokio.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Offence;

/// Each crate's floor. A crate may use those on lower floors only.
const FLOORS: &[(&str, u8)] = &[
    ("her-learn", 0),
    ("her-gate", 0),
    ("her-book", 0),
    ("her-encode", 0),
    ("her-sim", 1),
    ("her-identity", 1),
    ("her-lm", 1),
    ("her-recall", 1),
    ("her-nats", 2),
    ("her-peer", 2),
    ("her", 3),
    ("her-python", 4),
    ("xtask", 4),
];
/// These talk to the network; nobody else may bring an async runtime in, however indirectly.
const KNOW_TOKIO: &[&str] = &["her-nats", "her-peer", "her", "her-python"];

/// Upward and sideways edges, crates without a floor, tokio below.
pub fn check(metadata: &Value) -> Vec<Offence> {
    let members = members(metadata);
    let floors: BTreeMap<&str, u8> = FLOORS.iter().copied().collect();
    let mut offences = Vec::new();
    for (name, package) in &members {
        let Some(floor) = floors.get(name) else {
            let message = format!("{name} has no floor in xtask/src/tidy/floors.rs");
            offences.push(Offence::new(format!("no-floor {name}"), message));
            continue;
        };
        for used in dependencies(package).filter(|used| members.contains_key(used)) {
            if floors.get(used).is_none_or(|below| below >= floor) {
                let message = format!("{name} (floor {floor}) uses {used}, which is not below it");
                offences.push(Offence::new(format!("floor {name} {used}"), message));
            }
        }
        if !KNOW_TOKIO.contains(name) && reaches(metadata, package, "tokio") {
            let message = format!("{name} depends on tokio; only {KNOW_TOKIO:?} may");
            offences.push(Offence::new(format!("tokio {name}"), message));
        }
    }
    offences
}

/// The workspace's packages by name.
fn members(metadata: &Value) -> BTreeMap<&str, &Value> {
    let ids: BTreeSet<&str> = strings(&metadata["workspace_members"]).collect();
    let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_ours = |package: &&Value| package["id"].as_str().is_some_and(|id| ids.contains(id));
    let ours = packages.iter().filter(is_ours);
    ours.filter_map(|package| Some((package["name"].as_str()?, package))).collect()
}

/// What a package names in its manifest, tests included.
fn dependencies(package: &Value) -> impl Iterator<Item = &str> {
    let all = package["dependencies"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().filter_map(|dependency| dependency["name"].as_str())
}

/// Whether a package leads to a crate through dependencies other than those of tests.
fn reaches(metadata: &Value, package: &Value, wanted: &str) -> bool {
    let nodes = metadata["resolve"]["nodes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let by_id: BTreeMap<&str, &Value> =
        nodes.iter().filter_map(|node| Some((node["id"].as_str()?, node))).collect();
    let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let named =
        |id: &str| packages.iter().any(|package| package["id"] == id && package["name"] == wanted);
    let mut queue: Vec<&str> = package["id"].as_str().into_iter().collect();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    while let Some(id) = queue.pop() {
        if !seen.insert(id) {
            continue;
        }
        if named(id) {
            return true;
        }
        let Some(edges) = by_id.get(id).and_then(|node| node["deps"].as_array()) else { continue };
        queue.extend(edges.iter().filter(|edge| is_normal(edge)).filter_map(|e| e["pkg"].as_str()));
    }
    false
}

/// An edge that is there in a build, not only in tests.
fn is_normal(edge: &Value) -> bool {
    let kinds = edge["dep_kinds"].as_array().map(Vec::as_slice).unwrap_or_default();
    kinds.iter().any(|kind| kind["kind"] != "dev")
}

fn strings(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().map(Vec::as_slice).unwrap_or_default().iter().filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A crate and what it uses, each with the kind of the edge.
    type Edges = &'static [(&'static str, &'static [(&'static str, Option<&'static str>)])];

    /// A workspace from (crate, what it uses); names that are no key are foreign crates.
    fn workspace(edges: Edges) -> Value {
        let names: BTreeSet<&str> = edges.iter().map(|(name, _)| *name).collect();
        let foreign = edges.iter().flat_map(|(_, used)| used.iter().map(|(name, _)| *name));
        let all: BTreeSet<&str> = names.iter().copied().chain(foreign).collect();
        let used = |name: &str| {
            edges.iter().find(|(n, _)| *n == name).map(|(_, used)| *used).unwrap_or_default()
        };
        json!({
            "workspace_members": names,
            "packages": all.iter().map(|name| json!({
                "id": name, "name": name,
                "dependencies": used(name).iter().map(|(n, _)| json!({"name": n}))
                    .collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
            "resolve": {"nodes": all.iter().map(|name| json!({
                "id": name,
                "deps": used(name).iter()
                    .map(|(n, kind)| json!({"pkg": n, "dep_kinds": [{"kind": kind}]}))
                    .collect::<Vec<_>>(),
            })).collect::<Vec<_>>()},
        })
    }

    fn keys(edges: Edges) -> Vec<String> {
        check(&workspace(edges)).into_iter().map(|offence| offence.key).collect()
    }

    #[test]
    fn downward_arrows_are_fine() {
        let edges: Edges = &[
            ("her-learn", &[("serde", None)]),
            ("her-identity", &[("her-learn", None)]),
            ("her", &[("her-identity", None), ("her-learn", None), ("tokio", None)]),
        ];
        assert!(keys(edges).is_empty());
    }

    #[test]
    fn upward_and_sideways_arrows_are_caught() {
        let up: Edges = &[("her-learn", &[("her-identity", Some("dev"))]), ("her-identity", &[])];
        assert_eq!(keys(up), ["floor her-learn her-identity"]);
        let sideways: Edges = &[("her-identity", &[("her-lm", None)]), ("her-lm", &[])];
        assert_eq!(keys(sideways), ["floor her-identity her-lm"]);
    }

    #[test]
    fn tokio_below_is_caught_through_another_crate_but_not_in_tests() {
        let edges: Edges =
            &[("her-identity", &[("middle", None)]), ("her-learn", &[("tokio", Some("dev"))])];
        let mut metadata = workspace(edges);
        let nodes = metadata["resolve"]["nodes"].as_array_mut().expect("nodes");
        let middle = nodes.iter_mut().find(|node| node["id"] == "middle").expect("middle");
        middle["deps"] = json!([{"pkg": "tokio", "dep_kinds": [{"kind": null}]}]);
        let found: Vec<String> = check(&metadata).into_iter().map(|o| o.key).collect();
        assert_eq!(found, ["tokio her-identity"]);
    }

    #[test]
    fn a_crate_without_a_floor_is_caught() {
        assert_eq!(keys(&[("utils", &[])]), ["no-floor utils"]);
    }
}
