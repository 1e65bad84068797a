//! `her gate test`: figures over time in, expected decisions out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use her_gate::Rule;
use her_gate::cases::{self, CASES_MAX, Case, File};
use her_gate::period;
use her_identity::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use super::super::context::{Context, print};
use crate::client::kind::Cause;
use crate::config::gates;

/// Run cases: figures over time, and what a rule is to decide by them; no server is needed
#[derive(clap::Args)]
pub struct Args {
    /// The file with the cases, in TOML
    file: PathBuf,
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let place = args.file.display().to_string();
    let text = read(&args.file)?;
    let file: File = toml::from_str(&text).map_err(|e| {
        let at = e.span().map_or(1, |s| 1 + text[..s.start].matches('\n').count());
        Error::invalid(format!("{place}, line {at}: {}", e.message()))
    })?;
    if file.case.is_empty() || file.case.len() > CASES_MAX {
        return Err(Error::invalid(format!(
            "{place}: a file has 1 to {CASES_MAX} tables [[case]]"
        )));
    }
    let rules = rules(&args.file, &file)?;
    let mut failed = 0;
    for case in &file.case {
        failed += usize::from(!one(&place, case, &rules, cx)?);
    }
    if failed == 0 {
        return Ok(());
    }
    let told = format!("{failed} of {} cases decide otherwise than expected", file.case.len());
    Err(Error::new(ErrorKind::Invalid, told).because(Cause::TestFailed))
}

/// Runs a case and tells of it; false when it fails.
fn one(
    place: &str,
    case: &Case,
    rules: &BTreeMap<String, Arc<Rule>>,
    cx: &Context,
) -> Result<bool> {
    let wrong = cases::run(case, rules)
        .map_err(|e| Error::invalid(format!("{place}: case {:?}: {e}", case.name)))?;
    if cx.json() {
        let differs = |m: &cases::Mismatch| -> Value {
            json!({ "at": period::show(m.at_ms), "expected": m.expected, "got": m.got })
        };
        let differs: Vec<Value> = wrong.iter().map(differs).collect();
        let said = json!({ "case": case.name, "passed": wrong.is_empty(), "differs": differs });
        print(&format!("{said}\n"))?;
    } else {
        print(&format!("{} {}\n", if wrong.is_empty() { "ok  " } else { "FAIL" }, case.name))?;
        for m in &wrong {
            let at = period::show(m.at_ms);
            print(&format!("     at {at}:\n     - {}\n     + {}\n", m.expected, m.got))?;
        }
    }
    Ok(wrong.is_empty())
}

/// The rules of a file of cases, and those of the settings file that it names.
fn rules(path: &Path, file: &File) -> Result<BTreeMap<String, Arc<Rule>>> {
    let mut rules = BTreeMap::new();
    if let Some(named) = &file.rules {
        let named = path.parent().unwrap_or(Path::new("")).join(named);
        rules = gates::of_text(&named.display().to_string(), &read(&named)?)?;
    }
    for (name, spec) in &file.gate {
        let rule = spec.clone().check();
        let wrong = |e| Error::invalid(format!("{}: gate.{name}: {e}", path.display()));
        rules.insert(name.clone(), Arc::new(rule.map_err(wrong)?));
    }
    Ok(rules)
}

pub(super) fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|e| Error::io(format!("reading {}", path.display()), e))
}
