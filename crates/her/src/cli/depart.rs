//! `her depart`: an identity moves to another node while it learns.

use std::time::Duration;

use her_identity::migrate::ByState;
use her_identity::{Error, ErrorKind, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use super::context::Context;
use super::table;
use crate::client::kind::Cause;

/// Move an identity to another node while it learns, with nothing lost
#[derive(clap::Args)]
pub struct Args {
    /// Who departs
    name: String,
    /// Where to: a node's name in the settings, its key or its URL
    #[arg(long, value_name = "NODE")]
    to: String,
    /// Only ask whether it would be taken; nothing is changed
    #[arg(long)]
    dry_run: bool,
    /// Leave no read-only copy behind; its past stays readable all the same
    #[arg(long)]
    no_leave: bool,
    /// Return at once; `her departures` tells how it goes
    #[arg(long, conflicts_with = "dry_run")]
    no_wait: bool,
}

/// How often the job is looked at.
const LOOK: Duration = Duration::from_millis(100);

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let door = cx.door()?;
    let wish = json!({ "to": args.to, "dry_run": args.dry_run, "leave": !args.no_leave });
    let mut job = door.depart(&args.name, &wish)?;
    let id = job["id"].as_str().unwrap_or_default().to_owned();
    let mut step = Value::Null;
    while !args.no_wait && job["outcome"].is_null() {
        std::thread::sleep(LOOK);
        job = door.departure(&id)?;
        if job["step"] != step {
            step = job["step"].clone();
            cx.say(&format!("  {} · {}", step_of(&job), progress(&job)));
        }
    }
    cx.answer(&job, || told(&job))?;
    match job["outcome"].as_str() {
        None | Some("COMPLETED" | "READY") => Ok(()),
        Some(outcome) => {
            let why = job["why"].as_str().unwrap_or("no more is known");
            let what = format!("{} did not depart ({outcome}): {why}", args.name);
            Err(Error::new(ErrorKind::Unavailable, what).because(Cause::TestFailed))
        }
    }
}

/// The step of a job, in a word.
pub(super) fn step_of(job: &Value) -> String {
    match &job["step"] {
        Value::String(step) => step.replace('_', " "),
        Value::Object(step) => step.keys().next().cloned().unwrap_or_default().replace('_', " "),
        _ => "begins".to_owned(),
    }
}

fn progress(job: &Value) -> String {
    let figures = &job["figures"];
    format!("{} bytes sent", table::count(&figures["bytes"]))
}

fn told(job: &Value) -> String {
    let figures = &job["figures"];
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    let mut lines = vec![
        ("departure", text(&job["id"])),
        ("outcome", job["outcome"].as_str().unwrap_or("under way").to_owned()),
        ("to", text(&job["to"])),
    ];
    if let Some(why) = job["why"].as_str() {
        lines.push(("why", why.to_owned()));
    }
    if let Ok(Some(by_state)) = Option::<ByState>::deserialize(&job["by_state"]) {
        lines.push(("how", by_state.to_string()));
    }
    if figures["sealed_at"].as_u64().unwrap_or(0) > 0 {
        let ms = figures["sealed_ns"].as_f64().unwrap_or(0.0) / 1e6;
        lines.push(("version", table::count(&figures["sealed_at"])));
        lines.push(("epoch", table::count(&figures["epoch"])));
        lines.push(("bytes", table::count(&figures["bytes"])));
        lines.push(("learning paused", format!("{ms:.1} ms")));
    }
    if let Some(left) = job["left"].as_str() {
        lines.push(("left behind", left.to_owned()));
    }
    if let Some(verified) = job["verified"].as_bool() {
        let said = if verified { "the same, bit for bit" } else { "DIFFERENT: depart back" };
        lines.push(("both states", said.to_owned()));
    }
    table::pairs(&lines)
}
