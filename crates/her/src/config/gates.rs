//! Gates: the tables `[gate.NAME]` of settings files.

use std::collections::BTreeMap;
use std::sync::Arc;

use her_gate::{Action, Rule, Spec};
use her_identity::{Error, Result};

/// Rules by name.
pub type Gates = BTreeMap<String, Arc<Rule>>;

/// Rules of one server.
const RULES_MAX: usize = 64;
/// Bytes of a rule's name: it is part of paths and of metrics.
const NAME_MAX: usize = 64;

/// The rules of a settings file's member `gate`; `place` is where it lies, for people.
pub fn read(place: &str, gate: &toml::Value) -> Result<Gates> {
    let Some(table) = gate.as_table() else {
        return Err(Error::invalid(format!(
            "{place}: gate must be tables such as [gate.departure]"
        )));
    };
    let rule = |(name, value): (&String, &toml::Value)| {
        let wrong = |why: &str| Error::invalid(format!("{place}: gate.{name}: {why}"));
        let spec: Spec =
            value.clone().try_into().map_err(|e: toml::de::Error| wrong(e.message()))?;
        check_name(name).map_err(|why| wrong(&why))?;
        let rule = spec.check().map_err(|e| wrong(&e.0))?;
        check_fork(&rule).map_err(|why| wrong(&why))?;
        Ok((name.clone(), Arc::new(rule)))
    };
    let rules: Gates = table.iter().map(rule).collect::<Result<_>>()?;
    check_count(place, &rules)?;
    Ok(rules)
}

/// Refuses more rules than a server steps.
pub(super) fn check_count(place: &str, rules: &Gates) -> Result<()> {
    if rules.len() <= RULES_MAX {
        return Ok(());
    }
    Err(Error::invalid(format!("{place}: {} gates; at most {RULES_MAX} can be", rules.len())))
}

/// The rules of a text, as a settings file has them; its other members are not looked at.
pub fn of_text(place: &str, text: &str) -> Result<Gates> {
    let table: toml::Table =
        toml::from_str(text).map_err(|e| super::unreadable(place, text, &e))?;
    table.get("gate").map_or_else(|| Ok(Gates::new()), |gate| read(place, gate))
}

/// True when an identity is of a rule's pattern.
pub fn is_for(rule: &Rule, identity: &str) -> bool {
    crate::locks::token::matches(&rule.spec.identities, identity)
}

/// A fork is an identity too: one that is of the rule's own pattern would be forked again, and so
/// on for ever.
fn check_fork(rule: &Rule) -> std::result::Result<(), String> {
    let Action::Fork { name } = &rule.spec.action else { return Ok(()) };
    let some = rule.spec.identities.replace('*', "x");
    let fork = name.replace("{identity}", &some).replace("{version}", "1");
    if !is_for(rule, &fork) {
        return Ok(());
    }
    Err(format!(
        "the fork {name:?} would itself be of identities = {:?}, and be forked again; say whom it \
         is for, or another name",
        rule.spec.identities
    ))
}

fn check_name(name: &str) -> std::result::Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !name.is_empty() && name.len() <= NAME_MAX && name.chars().all(plain) {
        return Ok(());
    }
    Err(format!("a gate's name has 1 to {NAME_MAX} letters, digits, - and _"))
}
