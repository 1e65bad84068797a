//! `her model list`: the models that identities can stand on.

use her_identity::{Error, Result};
use her_lm::Architecture;
use serde_json::{Value, json};

use super::super::context::{Context, print};
use super::super::table::Table;

/// List the models that identities can stand on
#[derive(clap::Args)]
pub struct Args {}

pub fn run(_: &Args, cx: &Context) -> Result<()> {
    let models = models(cx)?;
    if cx.json() {
        return models.iter().try_for_each(|model| print(&format!("{model}\n")));
    }
    if models.is_empty() {
        let dir = cx.settings().bases();
        return print(&format!("no models in {}; `her model add FILE`\n", dir.display()));
    }
    let mut table = Table::new(&["name", "architecture", "can", "format", "MiB", "lies in"]);
    for model in &models {
        let text = |key: &str| model[key].as_str().unwrap_or_default().to_owned();
        let mib = model["bytes"].as_u64().unwrap_or(0) >> 20;
        let can = if model["speaks"] == true { "speak, learn, embed" } else { "embed" };
        let (name, architecture) = (text("name"), text("architecture"));
        let can = if architecture == "unknown" { "–" } else { can }.to_owned();
        table.push(vec![name, architecture, can, text("format"), mib.to_string(), text("path")]);
    }
    print(&table.text())
}

fn models(cx: &Context) -> Result<Vec<Value>> {
    let dir = cx.settings().bases();
    let reading = |e| Error::io(format!("reading {}", dir.display()), e);
    let entries = match std::fs::read_dir(&dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(reading(e)),
    };
    let mut models = Vec::new();
    for entry in entries {
        let path = entry.map_err(reading)?.path();
        let Ok(name) = super::name(&path) else { continue };
        // What does not open does not hide the others.
        let architecture = Architecture::of(&path);
        let file = if path.is_dir() { path.join("model.safetensors") } else { path.clone() };
        models.push(json!({
            "name": name,
            "format": if path.is_dir() { "safetensors" } else { "gguf" },
            "architecture": architecture.as_ref().map_or("unknown", |a| a.name()),
            "speaks": architecture.is_ok_and(Architecture::speaks),
            "bytes": std::fs::metadata(file).map_or(0, |m| m.len()),
            "path": path.display().to_string(),
        }));
    }
    models.sort_by(|a, b| a["name"].as_str().cmp(&b["name"].as_str()));
    Ok(models)
}
