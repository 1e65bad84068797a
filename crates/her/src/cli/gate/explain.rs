//! `her gate explain`: each figure beside what a rule wants of it, what runs, and why not.

use std::fmt::Write as _;

use her_gate::period;
use her_identity::Result;
use serde_json::Value;

use super::super::context::Context;
use super::super::table::{Table, figure};
use super::list::does;
use crate::when;

/// Show why the gates over an identity act, and why not
#[derive(clap::Args)]
pub struct Args {
    /// The identity
    name: String,
    /// Only this gate
    #[arg(long, value_name = "GATE")]
    gate: Option<String>,
    /// How many past decisions
    #[arg(long, default_value_t = 10, value_name = "N")]
    history: usize,
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let mut said = cx.door()?.gates_of(&args.name, args.history)?;
    if let Some(gate) = &args.gate {
        let of = |told: &Value, member: &str| told[member] == **gate;
        let keep = |list: &mut Value, member: &str| {
            if let Some(list) = list.as_array_mut() {
                list.retain(|told| of(told, member));
            }
        };
        keep(&mut said["gates"], "name");
        keep(&mut said["history"], "gate");
    }
    cx.answer(&said, || text(&said))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(said: &Value) -> String {
    let mut out = String::new();
    let gates = list(&said["gates"]);
    if gates.is_empty() {
        out += "no gate is stepped over it at present: a server steps those that are for it\n";
    }
    for gate in gates {
        out += &one(gate, &said["figures"]);
        out.push('\n');
    }
    if let Some(trouble) = said["trouble"].as_str() {
        let _ = writeln!(out, "trouble: {trouble}\n");
    }
    out + &history(list(&said["history"]))
}

fn one(gate: &Value, figures: &Value) -> String {
    let (rule, decision) = (&gate["rule"], &gate["decision"]);
    let text = |value: &Value| value.as_str().unwrap_or("–").to_owned();
    let mut out = format!("{} ({}): ", text(&gate["name"]), text(&rule["mode"]));
    if decision.is_null() {
        return out + "not stepped yet\n";
    }
    let _ = write!(out, "{}: {}", text(&decision["decision"]), text(&decision["says"]));
    if let Some(detail) = decision["detail"].as_str() {
        let _ = write!(out, "; {detail}");
    }
    let _ = writeln!(out, "\n  does {}", does(rule));
    for condition in ["when", "clear"] {
        for part in list(&decision[condition]) {
            let truth =
                part["truth"].as_bool().map_or("can't tell", |t| if t { "yes" } else { "no" });
            let mut read = String::new();
            for name in list(&part["figures"]).iter().filter_map(Value::as_str) {
                let of = &figures[name];
                let (value, unit) = (figure(&of["value"]), text(&of["unit"]));
                let _ = write!(read, "   {name} = {value} {unit}");
                if of["state"] != "fresh" {
                    let _ = write!(read, " ({})", text(&of["state"]));
                }
            }
            let _ = writeln!(out, "  {condition:5} {truth:10} {}{read}", text(&part["text"]));
        }
    }
    let timers = timers(&decision["timers"]);
    if !timers.is_empty() {
        let _ = writeln!(out, "  {}", timers.join("; "));
    }
    out
}

/// What runs, in words.
fn timers(timers: &Value) -> Vec<String> {
    let says = [
        ("true_ms", "true for"),
        ("for_left_ms", "must be true for another"),
        ("keep_left_ms", "is clear in"),
        ("cooldown_left_ms", "may be done again in"),
        ("retry_left_ms", "is tried again in"),
    ];
    let say = |(member, says): (&str, &str)| {
        let ms = timers[member].as_u64()?;
        Some(format!("{says} {}", period::show(ms.div_ceil(1000) * 1000)))
    };
    says.into_iter().filter_map(say).collect()
}

/// Past decisions, newest first.
fn history(records: &[Value]) -> String {
    if records.is_empty() {
        return "nothing was decided yet\n".into();
    }
    let mut t = Table::new(&["when", "gate", "decision", "figures"]);
    for record in records {
        let text = |member: &str| record[member].as_str().unwrap_or("–").to_owned();
        let at = when::time(record["at_ms"].as_u64().unwrap_or(0));
        let mut figures: Vec<String> = Vec::new();
        for (name, value) in record["figures"].as_object().into_iter().flatten() {
            figures.push(format!("{name} {}", figure(value)));
        }
        let detail = record["detail"].as_str().map(|d| format!(" ({d})")).unwrap_or_default();
        t.push(vec![at, text("gate"), text("decision") + &detail, figures.join(", ")]);
    }
    t.text()
}
