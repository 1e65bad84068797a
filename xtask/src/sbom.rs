//! What the binary is built of, as a CycloneDX document: `target/sbom/her.cdx.json`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

/// Writes the document, and says where.
pub fn write() -> Result<()> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .output()
        .context("running cargo metadata")?;
    if !output.status.success() {
        bail!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo's metadata")?;
    let document = document(&metadata)?;
    fs::create_dir_all("target/sbom").context("making target/sbom")?;
    let path = "target/sbom/her.cdx.json";
    fs::write(path, serde_json::to_string_pretty(&document)? + "\n").context("writing the SBOM")?;
    let components = document["components"].as_array().map_or(0, Vec::len);
    println!("{path}: {components} components");
    Ok(())
}

/// The document: the package `her` and all that it is built of, without what only tests need.
fn document(metadata: &Value) -> Result<Value> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let packages: BTreeMap<String, Value> = list(&metadata["packages"])
        .into_iter()
        .filter_map(|p| Some((p["id"].as_str()?.to_owned(), p)))
        .collect();
    let mut needs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for node in list(&metadata["resolve"]["nodes"]) {
        let deps = list(&node["deps"]).into_iter().filter(|dep| {
            list(&dep["dep_kinds"]).iter().any(|kind| kind["kind"].as_str() != Some("dev"))
        });
        let deps = deps.filter_map(|dep| dep["pkg"].as_str().map(str::to_owned));
        needs.insert(node["id"].as_str().unwrap_or_default().to_owned(), deps.collect());
    }
    let root = packages.iter().find(|(_, p)| p["name"] == "her").context("no package her")?.0;
    let (mut seen, mut next) = (BTreeSet::from([root.clone()]), VecDeque::from([root.clone()]));
    while let Some(id) = next.pop_front() {
        for dep in needs.get(&id).into_iter().flatten() {
            if seen.insert(dep.clone()) {
                next.push_back(dep.clone());
            }
        }
    }
    let of = |id: &String| packages.get(id).map(component);
    let components: Vec<Value> = seen.iter().filter(|id| *id != root).filter_map(of).collect();
    let purls = |ids: &BTreeSet<String>| -> Vec<Value> {
        ids.iter().filter_map(|id| Some(purl(packages.get(id)?).into())).collect()
    };
    let dependencies: Vec<Value> = seen
        .iter()
        .filter_map(|id| {
            let on = needs.get(id).map(&purls).unwrap_or_default();
            Some(json!({ "ref": purl(packages.get(id)?), "dependsOn": on }))
        })
        .collect();
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": of(root) },
        "components": components,
        "dependencies": dependencies,
    }))
}

fn purl(package: &Value) -> String {
    let text = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
    format!("pkg:cargo/{}@{}", text("name"), text("version"))
}

fn component(package: &Value) -> Value {
    let mut component = json!({
        "type": if package["name"] == "her" { "application" } else { "library" },
        "bom-ref": purl(package),
        "name": package["name"],
        "version": package["version"],
        "purl": purl(package),
    });
    if let Some(licence) = package["license"].as_str() {
        component["licenses"] = json!([{ "expression": licence.replace('/', " OR ") }]);
    }
    component
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_tests_need_is_left_out() {
        let licence = "MIT/Apache-2.0";
        let package = |name: &str| json!({ "id": name, "name": name, "version": "1.0.0", "license": licence });
        let dep = |name: &str, kind: Value| json!({ "pkg": name, "dep_kinds": [{ "kind": kind }] });
        let metadata = json!({
            "packages": [package("her"), package("a"), package("b"), package("c")],
            "resolve": { "nodes": [
                { "id": "her", "deps": [dep("a", Value::Null), dep("c", "dev".into())] },
                { "id": "a", "deps": [dep("b", "build".into())] },
                { "id": "b", "deps": [] },
                { "id": "c", "deps": [] },
            ] },
        });
        let document = document(&metadata).expect("a document");
        let names: Vec<_> = document["components"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|c| c["purl"].as_str().unwrap_or_default())
            .collect();
        assert_eq!(names, ["pkg:cargo/a@1.0.0", "pkg:cargo/b@1.0.0"]);
        assert_eq!(document["components"][0]["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert_eq!(document["metadata"]["component"]["type"], "application");
    }
}
