//! `cargo xtask generate`: the Python classes, from the catalogue and River's signatures, and the
//! page about merging.
//!
//! Names, defaults and documentation come from the catalogue. What a catalogue does not know of
//! Python comes from River as it was recorded in `conformance/signatures.json`: which parameters
//! must be given, which only by name, which interfaces a class has.

mod classes;
mod merging;
mod stubs;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use her_learn::Catalog;
use her_learn::catalog::{Entry, Kind};
use serde_json::Value;

use crate::shell::{root, say};

/// Modules whose classes are written by hand: they work on dicts, with whatever values.
const BY_HAND: &[&str] = &["compose", "utils"];

/// `cargo xtask generate [--check]`.
pub fn run(arguments: &[String]) -> Result<()> {
    let check = match arguments {
        [] => false,
        [only] if only == "--check" => true,
        other => bail!("`generate` takes only --check, but was given {other:?}"),
    };
    let mut stale = Vec::new();
    for (path, text) in files()? {
        let shown = path.strip_prefix(root()).unwrap_or(&path).display().to_string();
        if std::fs::read_to_string(&path).is_ok_and(|now| now == text) {
            continue;
        }
        if check {
            stale.push(shown);
            continue;
        }
        std::fs::write(&path, text).with_context(|| format!("cannot write {shown}"))?;
        say(&format!("{shown}: written"));
    }
    if stale.is_empty() {
        return Ok(());
    }
    bail!("{} is not what the catalogue says: run `cargo xtask generate`", stale.join(", "))
}

/// What River's signatures say.
pub struct River(Value);

impl River {
    fn read() -> Result<Self> {
        let path = root().join("conformance/signatures.json");
        let text = std::fs::read_to_string(path).context("conformance/signatures.json")?;
        Ok(Self(serde_json::from_str(&text).context("conformance/signatures.json")?))
    }

    /// What is said of a parameter; null where River has none of this name.
    pub fn param(&self, entry: &Entry, name: &str) -> &Value {
        &self.0[entry.module][entry.name][name]
    }

    /// The parameters in River's order; `None` for classes of ours.
    pub fn order(&self, entry: &Entry) -> Option<Vec<&str>> {
        let class = self.0[entry.module][entry.name].as_object()?;
        Some(class.keys().map(String::as_str).collect())
    }

    /// The interfaces that we have too.
    pub fn bases(&self, entry: &Entry) -> Vec<String> {
        let named = self.0["bases"][format!("{}.{}", entry.module, entry.name)].as_array();
        let has = |name: &&str| {
            ["base.", "optim.base.", "stats.base.", "metrics.base."]
                .iter()
                .any(|module| name.starts_with(module))
        };
        let named = named.into_iter().flatten().filter_map(Value::as_str).filter(has);
        let found: Vec<String> = named.map(str::to_owned).collect();
        if found.is_empty() { vec![interface(entry).to_owned()] } else { found }
    }
}

/// The interface of a kind, for classes that River says nothing of.
fn interface(entry: &Entry) -> &'static str {
    match entry.kind {
        Kind::Transformer => "base.Transformer",
        Kind::Classifier | Kind::Wrapper => "base.Classifier",
        Kind::Regressor => "base.Regressor",
        Kind::AnomalyDetector => "base.AnomalyDetector",
        Kind::Clusterer => "base.Clusterer",
        Kind::DriftDetector => "base.DriftDetector",
        Kind::Univariate => "stats.base.Univariate",
        Kind::Optimizer => "optim.base.Optimizer",
        Kind::Metric if entry.params.iter().any(|p| p.name == "pos_val") => {
            "metrics.base.BinaryMetric"
        }
        Kind::Metric => "metrics.base.Metric",
    }
}

/// Every file with its text.
fn files() -> Result<Vec<(PathBuf, String)>> {
    let river = River::read()?;
    let mut modules: BTreeMap<&str, Vec<&'static Entry>> = BTreeMap::new();
    for entry in Catalog::builtin().entries() {
        if !BY_HAND.contains(&entry.module) && entry.kind != Kind::Wrapper {
            modules.entry(entry.module).or_default().push(entry);
        }
    }
    let folder = root().join("python/heraclitus/_generated");
    let mut files = Vec::new();
    let mut table = String::from(classes::TABLE_HEAD);
    for (module, entries) in modules {
        let file = module.replace('.', "_");
        files.push((folder.join(format!("{file}.py")), classes::module(module, &entries, &river)));
        files.push((folder.join(format!("{file}.pyi")), stubs::module(module, &entries, &river)));
        for entry in &entries {
            let _ = writeln!(table, "    \"{}\": \"{module}\",", entry.name);
        }
    }
    table.push_str("}\n");
    files.push((folder.join("__init__.py"), table));
    files.push((root().join("docs/reference/merging.md"), merging::page()));
    Ok(files)
}
