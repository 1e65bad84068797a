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

/// Crates that may be under one more licence, as the exceptions of deny.toml: what a name begins
/// with, and the licence.
const EXCEPTIONS: &[(&str, &str)] = &[("symphonia", "MPL-2.0")];

/// Licences not on the list, of everything that the lock file could bring in on this platform.
pub fn licences(metadata: &Value) -> Vec<Offence> {
    let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let offence = |package: &Value| {
        let name = package["name"].as_str().unwrap_or_default();
        let licence = package["license"].as_str().unwrap_or("none stated");
        let message = format!("{name}: its licence `{licence}` is not on the list");
        let excepted = EXCEPTIONS.iter().any(|(begin, l)| name.starts_with(begin) && *l == licence);
        (!excepted && !allowed(licence)).then(|| Offence::new(format!("licence {name}"), message))
    };
    packages.iter().filter_map(offence).collect()
}

/// Crates that are built in two versions, from what `cargo tree --duplicates` prints: one
/// `name v1.2.3` a line. (`cargo metadata` also lists what only a weak feature names.)
pub fn duplicates(tree: &str) -> Vec<Offence> {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for line in tree.lines() {
        let mut words = line.split(' ');
        if let (Some(name), Some(version)) = (words.next(), words.next()) {
            versions.entry(name).or_default().insert(version);
        }
    }
    let twice = versions.into_iter().filter(|(_, versions)| versions.len() > 1);
    let offence = |(name, versions): (&str, BTreeSet<&str>)| {
        let listed = versions.into_iter().collect::<Vec<_>>().join(" and ");
        Offence::new(format!("duplicate {name}"), format!("{name} is built as {listed}"))
    };
    twice.map(offence).collect()
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
    fn a_refused_or_missing_licence_is_caught() {
        let packages = json!([
            {"name": "a", "license": "MIT"},
            {"name": "b", "license": "AGPL-3.0-only"},
            {"name": "c", "license": null},
            {"name": "symphonia-core", "license": "MPL-2.0"},
            {"name": "d", "license": "MPL-2.0"},
        ]);
        let found = licences(&json!({"packages": packages}));
        let keys: Vec<String> = found.into_iter().map(|offence| offence.key).collect();
        assert_eq!(keys, ["licence b", "licence c", "licence d"]);
    }

    #[test]
    fn a_second_version_is_caught() {
        let tree = "a v1.0.0\na v1.0.0 (*)\nb v1.0.0\n\nb v2.0.0\n";
        let keys: Vec<String> = duplicates(tree).into_iter().map(|o| o.key).collect();
        assert_eq!(keys, ["duplicate b"]);
    }
}
