//! `her show`: what an identity is and knows about itself.

use std::fmt::Write as _;

use her_identity::Result;
use serde_json::Value;

use super::context::Context;
use super::table::{self, Table, count, figure, score};

/// Parts of what was said that are shown of a language identity.
const SPANS: usize = 5;

/// Show what an identity is, and what it knows about itself
#[derive(clap::Args)]
pub struct Args {
    /// Who is shown
    name: String,
    /// As it was at this version
    #[arg(long, value_name = "VERSION")]
    at: Option<u64>,
    /// How many of the largest weights
    #[arg(long, default_value_t = 10)]
    top: usize,
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let door = cx.door()?;
    let card = door.show(&args.name, args.at, args.top)?;
    cx.answer(&card, || text(&card))
}

fn text(card: &Value) -> String {
    let figures = &card["figures"];
    let word = |key: &str| card[key].as_str().unwrap_or("–").to_owned();
    let mut lines = vec![
        ("name", word("name")),
        ("version", count(&card["version"])),
        ("task", word("task")),
        ("model", model(&card["spec"])),
        ("features", count(&card["features"])),
        ("learned", count(&figures["learned"])),
        ("updates/s", figure(&figures["updates_per_s"])),
        ("online, since birth", score(&figures["online"]["since_birth"])),
        ("online, last thousand", score(&figures["online"]["rolling"])),
        ("online, since shadow", score(&figures["online_since_shadow"]["since_birth"])),
        ("frozen shadow", score(&figures["shadow"]["since_birth"])),
        ("bits saved", figure(&figures["bits_saved"])),
        ("drift alarms", drift(figures)),
    ];
    lines.extend(language(&card["language"]));
    for of in card["memory"].as_array().into_iter().flatten() {
        let (n, modality) = (count(&of["memories"]), of["modality"].as_str().unwrap_or_default());
        lines.push(("remembers", format!("{n} of {modality}")));
    }
    if figures["rehearsed"].as_u64().is_some_and(|n| n > 0) {
        lines.push(("learned again", count(&figures["rehearsed"])));
    }
    if card["waiting_for_a_label"].as_u64().is_some_and(|n| n > 0) {
        lines.push(("waiting for a label", count(&card["waiting_for_a_label"])));
    }
    if card["frozen"] == true {
        lines.push(("frozen", "learns no more".to_owned()));
    }
    if let Some(tags) = card["tags"].as_object().filter(|tags| !tags.is_empty()) {
        let all: Vec<String> = tags.iter().map(|(tag, v)| format!("{tag} = {v}")).collect();
        lines.push(("tags", all.join(", ")));
    }
    if let Some(branches) = card["branches"].as_array().filter(|b| b.len() > 1) {
        lines.push(("branches", branches.len().to_string()));
    }
    if let Some(shipped) = card["shipped"].as_str() {
        lines.push(("moved", shipped.to_owned()));
    }
    if let Some(journal) = card["journal"].as_str() {
        lines.push(("journal", journal.to_owned()));
    }
    let mut out = table::pairs(&lines);
    if let Some(weights) = card["top_weights"].as_object().filter(|w| !w.is_empty()) {
        let all = count(&card["weights"]);
        let _ = writeln!(
            out,
            "
largest weights, {} of {all}",
            weights.len()
        );
        let mut t = Table::new(&["", ""]);
        for (name, w) in weights {
            t.push(vec![format!("  {name}"), figure(w)]);
        }
        out += t.text().trim_start_matches('\n');
    }
    out
}

/// What a language identity's tokens cost, and what it learned most of.
fn language(of: &Value) -> Vec<(&'static str, String)> {
    if !of.is_object() {
        return Vec::new();
    }
    let cost = |who: &str| figure(&of["bits_per_token"][who]);
    let mut lines = vec![
        ("base", of["base"].as_str().unwrap_or("–").to_owned()),
        ("tokens read", count(&of["tokens"])),
        ("bits a token", format!("{} live, {} frozen", cost("live"), cost("frozen"))),
        (
            "bits saved by it",
            format!("{}; ever behind by {}", figure(&of["bits_saved"]), figure(&of["regret"])),
        ),
        (
            "weights",
            format!("{} updates, moved by {}", count(&of["updates"]), figure(&of["adapter_norm"])),
        ),
    ];
    let kernel = |which: &str| of["kernel"][which].as_str().unwrap_or_default();
    let (learned, here) = (kernel("learned"), kernel("here"));
    if !learned.is_empty() && learned != here {
        let told = format!("{learned}; here it is {here}, by which a replay gives other bits");
        lines.push(("learned by", told));
    }
    let spans = of["learned_from_you"].as_array().into_iter().flatten().take(SPANS);
    lines.extend(spans.map(|span| {
        ("learned from you", format!("{}: {} bits fewer", span["text"], figure(&span["bits"])))
    }));
    lines
}

fn drift(figures: &Value) -> String {
    match figures["drift_last_version"].as_u64() {
        Some(v) if v > 0 => {
            format!(
                "{}, the last at version {}",
                count(&figures["drift_alarms"]),
                table::grouped(v)
            )
        }
        _ => count(&figures["drift_alarms"]),
    }
}

/// A spec's names in their order, without parameters.
fn model(spec: &Value) -> String {
    match spec {
        Value::String(name) => name.clone(),
        Value::Array(steps) => steps.iter().map(model).collect::<Vec<_>>().join(" | "),
        Value::Object(map) => match map.iter().next() {
            Some((name, params)) if name == "Pipeline" => {
                model(params.get("steps").unwrap_or(params))
            }
            Some((name, _)) => name.clone(),
            None => "–".to_owned(),
        },
        other => other.to_string(),
    }
}
