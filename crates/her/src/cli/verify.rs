//! `her verify`: the proof that the journal gives the live state.

use her_identity::Result;

use super::context::{Context, print};
use super::table;

/// Replay an identity from birth and compare with its snapshots and its live state
#[derive(clap::Args)]
pub struct Args {
    /// Who is verified [default: everybody]
    name: Option<String>,
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let door = cx.door()?;
    let names: Vec<String> = if let Some(name) = &args.name {
        vec![name.clone()]
    } else {
        let lines = door.list()?;
        lines.iter().filter_map(|line| line["name"].as_str().map(str::to_owned)).collect()
    };
    for (i, name) in names.iter().enumerate() {
        let found = door.verify(name)?;
        let word = |key: &str| found[key].as_str().unwrap_or("–").to_owned();
        if i > 0 && !cx.json() {
            print("\n")?;
        }
        cx.answer(&found, || {
            let mut lines = vec![
                ("verified", name.clone()),
                ("version", table::count(&found["version"])),
                ("events replayed", table::count(&found["events"])),
                ("snapshots compared", table::count(&found["snapshots_compared"])),
                ("chain", word("chain")),
                ("state", word("state")),
            ];
            if let Some(why) = found["why"].as_str() {
                lines.insert(2, ("replayed from", table::count(&found["from"])));
                lines.push(("not from birth", why.to_owned()));
            }
            table::pairs(&lines)
        })?;
    }
    Ok(())
}
