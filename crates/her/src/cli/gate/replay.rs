//! `her gate replay`: what a rule would have done on an identity's recorded figures.

use std::fmt::Write as _;
use std::path::PathBuf;

use her_gate::replay::{Replayed, replay};
use her_gate::{Rule, Spec, period};
use her_identity::{Error, Result};
use serde_json::{Value, json};

use super::super::context::Context;
use super::super::table::Table;
use super::test::read;
use crate::client::Door;
use crate::config::gates;
use crate::gates::record;
use crate::when;

/// Show what a rule would have done on the recorded figures of an identity
#[derive(clap::Args)]
pub struct Args {
    /// The identity
    name: String,
    /// Only this gate
    #[arg(long, value_name = "GATE")]
    gate: Option<String>,
    /// Try the rules of this settings file instead of those in force
    #[arg(long, value_name = "FILE")]
    rule: Option<PathBuf>,
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let door = cx.door()?;
    let mut rules = rules(args, &*door, cx)?;
    if let Some(gate) = &args.gate {
        rules.retain(|(name, _)| name == gate);
    }
    if rules.is_empty() {
        let of = args.gate.as_ref().map(|gate| format!(" named {gate:?}")).unwrap_or_default();
        return Err(Error::not_found(format!("there is no rule{of} for {:?}", args.name)));
    }
    let recorded = record::parse(&door.recorded(&args.name)?)?;
    if recorded.is_empty() {
        return Err(Error::not_found(format!(
            "no figures of {:?} are recorded; a server records those of identities with a gate",
            args.name
        )));
    }
    let said: Vec<(String, Replayed)> =
        rules.iter().map(|(name, rule)| (name.clone(), replay(rule, recorded.clone()))).collect();
    let answer: Vec<Value> =
        said.iter().map(|(name, of)| json!({ "gate": name, "replayed": of })).collect();
    cx.answer(&json!({ "identity": args.name, "gates": answer }), || {
        said.iter().map(|(name, of)| text(name, of)).collect::<Vec<_>>().join("\n")
    })
}

/// The rules that are tried, by name: of a file, of the server, or of the settings.
fn rules(args: &Args, door: &dyn Door, cx: &Context) -> Result<Vec<(String, Rule)>> {
    if let Some(file) = &args.rule {
        let rules = gates::of_text(&file.display().to_string(), &read(file)?)?;
        return Ok(rules.into_iter().map(|(name, rule)| (name, (*rule).clone())).collect());
    }
    let Some(told) = door.gates()? else {
        let mine = |(name, rule): (&String, &std::sync::Arc<Rule>)| {
            gates::is_for(rule, &args.name).then(|| (name.clone(), (**rule).clone()))
        };
        return Ok(cx.settings().gates.iter().filter_map(mine).collect());
    };
    let mut rules = Vec::new();
    for gate in told["gates"].as_array().into_iter().flatten() {
        let name = gate["name"].as_str().unwrap_or_default().to_owned();
        let wrong = |e: String| Error::invalid(format!("the server's gate {name}: {e}"));
        let spec: Spec =
            serde_json::from_value(gate["rule"].clone()).map_err(|e| wrong(e.to_string()))?;
        let rule = spec.check().map_err(|e| wrong(e.0))?;
        if gates::is_for(&rule, &args.name) {
            rules.push((name, rule));
        }
    }
    Ok(rules)
}

fn text(name: &str, said: &Replayed) -> String {
    let at = |ms: Option<u64>| when::time(ms.unwrap_or(0));
    let spent: Vec<String> =
        said.decisions.iter().map(|(decision, n)| format!("{decision} {n}")).collect();
    let mut out = format!(
        "{name}: would have acted {} times in {} readings from {} to {}\n  {}\n",
        said.acted_ms.len(),
        said.steps,
        at(said.from_ms),
        at(said.to_ms),
        spent.join(", "),
    );
    let mut t = Table::new(&["when", "decision", "after"]);
    let mut before = said.from_ms.unwrap_or(0);
    for change in &said.changes {
        let after = period::show(change.at_ms.saturating_sub(before) / 1000 * 1000);
        t.push(vec![when::time(change.at_ms), change.why.name().into(), after]);
        before = change.at_ms;
    }
    out += &t.text();
    if said.more_changes > 0 {
        let _ = writeln!(out, "and {} changes more", said.more_changes);
    }
    out
}
