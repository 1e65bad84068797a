//! `her log`: every event that an identity went through.

use std::time::Duration;

use her_identity::Result;
use serde_json::Value;

use super::context::{Context, print};
use super::exit;
use super::signal::Stop;

/// Events that are asked for at a time.
const PAGE: usize = 1000;

/// Read an identity's events, oldest first
#[derive(clap::Args)]
pub struct Args {
    /// Whose events
    name: String,
    /// The version to begin with; a negative number counts from the newest
    #[arg(long, default_value_t = 1, allow_negative_numbers = true)]
    from: i64,
    /// How many events at most
    #[arg(long)]
    limit: Option<usize>,
    /// Go on with new events as they come, until Ctrl-C
    #[arg(long)]
    follow: bool,
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let stop = Stop::listen()?;
    let door = cx.door()?;
    let mut from = if let Ok(from) = u64::try_from(args.from) {
        from.max(1)
    } else {
        let newest = door.show(&args.name, None, 0)?["version"].as_u64().unwrap_or(0);
        (newest + 1).saturating_sub(args.from.unsigned_abs()).max(1)
    };
    let mut left = args.limit.unwrap_or(usize::MAX);
    while left > 0 {
        let lines = door.log(&args.name, from, left.min(PAGE))?;
        let mut text = String::new();
        for line in &lines {
            from = line["version"].as_u64().map_or(from, |v| v + 1);
            text += &if cx.json() { line.to_string() } else { human(line) };
            text.push('\n');
        }
        left -= lines.len().min(left);
        print(&text)?;
        if stop.is_set() {
            return Err(exit::interrupted(format!("stopped before version {from}")));
        }
        if lines.is_empty() {
            if !args.follow {
                break;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }
    Ok(())
}

fn human(line: &Value) -> String {
    let version = line["version"].as_u64().unwrap_or(0);
    let event = line["event"].as_str().unwrap_or("?");
    let mut rest = Vec::new();
    for key in ["id", "spec", "parent", "parent_version", "x", "y", "w"] {
        if let Some(value) = line.get(key) {
            rest.push(format!("{key}={value}"));
        }
    }
    format!("{version:>8}  {event:<8}  {}", rest.join("  ")).trim_end().to_owned()
}
