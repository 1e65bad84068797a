//! `her list`: all identities.

use her_identity::Result;

use super::context::{Context, print};
use super::table::{self, Table};

/// List all identities
#[derive(clap::Args)]
pub struct Args {}

pub fn run(_: &Args, cx: &Context) -> Result<()> {
    let door = cx.door()?;
    let lines = door.list()?;
    if cx.json() {
        return lines.iter().try_for_each(|line| print(&format!("{line}\n")));
    }
    if lines.is_empty() {
        cx.say(&format!("nobody lives in {} yet; `her new` creates an identity", door.place()));
        return Ok(());
    }
    let mut t = Table::new(&["name", "task", "version", "learned", "online", "drift alarms", ""]);
    for line in &lines {
        let text = |key: &str| line[key].as_str().unwrap_or("–").to_owned();
        t.push(vec![
            text("name"),
            text("task"),
            table::count(&line["version"]),
            table::count(&line["learned"]),
            table::score(&line["online"]),
            table::count(&line["drift_alarms"]),
            if line["frozen"] == true { "frozen".to_owned() } else { String::new() },
        ]);
    }
    print(&t.text())
}
