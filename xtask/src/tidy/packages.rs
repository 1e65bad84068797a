//! Licences that we may ship, and one version of each crate.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Offence;

/// The same list as in deny.toml.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Licences not on the list, and crates that are built in two versions.
pub fn check(metadata: &Value) -> Vec<Offence> {
    let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let built = built(metadata);
    let mut offences = Vec::new();
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        if !package["id"].as_str().is_some_and(|id| built.contains(id)) {
            continue;
        }
        versions.entry(name).or_default().insert(package["version"].as_str().unwrap_or_default());
        let licence = package["license"].as_str().unwrap_or("none stated");
        if !allowed(licence) {
            let message = format!("{name}: its licence `{licence}` is not on the list");
            offences.push(Offence::new(format!("licence {name}"), message));
        }
    }
    for (name, versions) in versions.into_iter().filter(|(_, versions)| versions.len() > 1) {
        let listed = versions.into_iter().collect::<Vec<_>>().join(" and ");
        let message = format!("{name} is built in versions {listed}");
        offences.push(Offence::new(format!("duplicate {name}"), message));
    }
    offences
}

/// What the workspace leads to on this platform, tests included. Not simply all nodes: the
/// resolver also lists optional dependencies that only a weak feature (`a?/b`) names.
fn built(metadata: &Value) -> BTreeSet<&str> {
    let nodes = metadata["resolve"]["nodes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let by_id: BTreeMap<&str, &Value> =
        nodes.iter().filter_map(|node| Some((node["id"].as_str()?, node))).collect();
    let members = metadata["workspace_members"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut queue: Vec<&str> = members.iter().filter_map(Value::as_str).collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = queue.pop() {
        if seen.insert(id) {
            let edges = by_id.get(id).and_then(|node| node["deps"].as_array());
            queue.extend(edges.into_iter().flatten().filter_map(|edge| edge["pkg"].as_str()));
        }
    }
    seen
}

/// Whether an SPDX expression leaves us a licence of the list.
fn allowed(expression: &str) -> bool {
    // Older manifests write `MIT/Apache-2.0`.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    any_of(&words, &mut at) && at == words.len()
}

fn any_of(words: &[&str], at: &mut usize) -> bool {
    let mut result = all_of(words, at);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        result |= all_of(words, at);
    }
    result
}

fn all_of(words: &[&str], at: &mut usize) -> bool {
    let mut result = single(words, at);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        result &= single(words, at);
    }
    result
}

fn single(words: &[&str], at: &mut usize) -> bool {
    let Some(word) = words.get(*at) else { return false };
    *at += 1;
    if *word == "(" {
        let result = any_of(words, at);
        *at += 1;
        return result;
    }
    let mut name = (*word).to_owned();
    if words.get(*at) == Some(&"WITH") {
        name = format!("{name} WITH {}", words.get(*at + 1).unwrap_or(&""));
        *at += 2;
    }
    ALLOWED.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn licence_expressions() {
        for fine in [
            "MIT",
            "MIT/Apache-2.0",
            "GPL-3.0 OR MIT",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR GPL-2.0",
        ] {
            assert!(allowed(fine), "{fine}");
        }
        for refused in
            ["AGPL-3.0", "none stated", "MIT AND GPL-3.0", "", "MIT AND", "Apache-2.0 WITH strings"]
        {
            assert!(!allowed(refused), "{refused}");
        }
    }

    #[test]
    fn a_refused_licence_and_a_second_version_are_caught() {
        let package = |id: &str, name: &str, version: &str, licence: Value| json!({"id": id, "name": name, "version": version, "license": licence});
        let packages = [
            package("1", "a", "1.0.0", json!("MIT")),
            package("2", "a", "2.0.0", json!("MIT")),
            package("3", "b", "1.0.0", json!("AGPL-3.0-only")),
            package("4", "c", "1.0.0", Value::Null),
            package("5", "elsewhere", "1.0.0", Value::Null),
        ];
        let nodes = json!([
            {"id": "1", "deps": [{"pkg": "2"}, {"pkg": "3"}]},
            {"id": "3", "deps": [{"pkg": "4"}]},
        ]);
        let resolve = json!({"nodes": nodes});
        let metadata =
            json!({"packages": packages, "workspace_members": ["1"], "resolve": resolve});
        let keys: Vec<String> = check(&metadata).into_iter().map(|o| o.key).collect();
        assert_eq!(keys, ["licence b", "licence c", "duplicate a"]);
    }
}
