//! `her models`: what a spec may name.

use her_identity::{Error, Result};
use her_learn::catalog::Entry;
use serde_json::{Value, json};

use super::context::{Context, print};
use super::table::{self, Table};

/// List what a spec may name, or one entry with its parameters
#[derive(clap::Args)]
pub struct Args {
    /// An entry of the list, or a module such as `linear_model`
    name: Option<String>,
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let catalog = cx.settings().catalog();
    let Some(name) = &args.name else { return list(catalog.entries(), cx) };
    if catalog.entries().any(|e| e.module == name) {
        return list(catalog.entries().filter(|e| e.module == name), cx);
    }
    let Some(entry) = catalog.find(name) else {
        let wrong = catalog.builder().build(&name.as_str().into()).err();
        let message = wrong.map_or_else(|| format!("no entry {name}"), |e| e.to_string());
        return Err(Error::not_found(message));
    };
    let value = json_of(entry);
    cx.answer(&value, || one(entry, &value))
}

fn list(entries: impl Iterator<Item = &'static Entry>, cx: &Context) -> Result<()> {
    if cx.json() {
        return entries.into_iter().try_for_each(|e| print(&format!("{}\n", json_of(e))));
    }
    let mut t = Table::new(&["name", "module", "kind", "merge", "what it is"]);
    for e in entries {
        let kind = kind(e);
        let summary = e.summary.trim_end_matches('.');
        let merge = e.merge.word().to_owned();
        t.push(vec![e.name.to_owned(), e.module.to_owned(), kind, merge, summary.to_owned()]);
    }
    print(&t.text())
}

fn kind(entry: &Entry) -> String {
    let name = json!(entry.kind);
    name.as_str().unwrap_or("–").replace('_', " ")
}

fn json_of(entry: &Entry) -> Value {
    let defaults = (entry.defaults)();
    let params: Vec<Value> = entry
        .params
        .iter()
        .map(|p| json!({ "name": p.name, "type": p.ty, "default": defaults.get(p.name), "doc": p.doc }))
        .collect();
    json!({
        "name": entry.name,
        "module": entry.module,
        "kind": entry.kind,
        "summary": entry.summary,
        "merge": { "how": entry.merge.word(), "why": entry.merge.why() },
        "params": params,
        "example": (entry.example)(),
    })
}

fn one(entry: &Entry, value: &Value) -> String {
    let mut out = table::pairs(&[
        (entry.name, entry.summary.to_owned()),
        ("module", entry.module.to_owned()),
        ("kind", kind(entry)),
        ("merge", format!("{}: {}", entry.merge.word(), entry.merge.why())),
        ("example", value["example"].to_string()),
    ]);
    let params = value["params"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !params.is_empty() {
        let mut t = Table::new(&["parameter", "type", "default", "what it does"]);
        for p in params {
            let word = |key: &str| p[key].as_str().unwrap_or_default().replace('\n', " ");
            let default =
                if p["default"].is_null() { "–".to_owned() } else { p["default"].to_string() };
            t.push(vec![word("name"), word("type"), default, word("doc")]);
        }
        out.push('\n');
        out += &t.text();
    }
    out
}
