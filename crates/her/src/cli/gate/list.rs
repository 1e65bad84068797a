//! `her gate list`: the rules of the server, or of the settings where no server runs.

use her_identity::Result;
use serde_json::Value;

use super::super::context::{Context, print};
use super::super::table::Table;
use crate::gates::tell;

/// List the rules: the server's, or those of the settings where no server runs
#[derive(clap::Args)]
pub struct Args {}

pub fn run(_: &Args, cx: &Context) -> Result<()> {
    let of_settings = || {
        let rules = &cx.settings().gates;
        tell::list(rules.iter().map(|(name, rule)| (name.as_str(), &**rule)))
    };
    let said = cx.door()?.gates()?.unwrap_or_else(of_settings);
    let gates = said["gates"].as_array().map(Vec::as_slice).unwrap_or_default();
    if cx.json() {
        return gates.iter().try_for_each(|gate| print(&format!("{gate}\n")));
    }
    if gates.is_empty() {
        cx.say("there is no gate; a table [gate.NAME] in a settings file makes one");
        return Ok(());
    }
    let mut t = Table::new(&["gate", "identities", "mode", "does", "when"]);
    for gate in gates {
        let rule = &gate["rule"];
        let text = |value: &Value| value.as_str().unwrap_or("–").to_owned();
        let (name, when) = (text(&gate["name"]), text(&rule["when"]));
        t.push(vec![name, text(&rule["identities"]), text(&rule["mode"]), does(rule), when]);
    }
    print(&t.text())?;
    if let Some(left_out) = said["left_out"].as_u64().filter(|n| *n > 0) {
        cx.say(&format!("{left_out} identities are not watched: there are too many"));
    }
    Ok(())
}

/// What a rule does, in few words.
pub(super) fn does(rule: &Value) -> String {
    match rule["do"].as_object().and_then(|action| action.iter().next()) {
        Some((name, of)) => {
            let more = of["to"].as_str().or(of["name"].as_str()).or(of["url"].as_str());
            more.map_or_else(|| name.clone(), |more| format!("{name} {more}"))
        }
        None => rule["do"].as_str().unwrap_or("–").to_owned(),
    }
}
