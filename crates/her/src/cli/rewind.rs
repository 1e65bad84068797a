//! `her rewind`: back to a version, as a new branch.

use her_identity::{Error, Result};
use serde_json::json;

use super::context::Context;
use super::table;

/// Go back to a version; what came after it stays in the journal as a branch
#[derive(clap::Args)]
pub struct Args {
    /// Who goes back
    name: String,
    /// The version to go on from
    version: u64,
    /// Only tell what would change
    #[arg(long)]
    dry_run: bool,
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let door = cx.door()?;
    let now = door.show(&args.name, None, 0)?["version"].as_u64().unwrap_or(0);
    if args.version > now {
        return Err(Error::not_found(format!(
            "{} has no version {}; its newest one is {now}",
            args.name, args.version
        )));
    }
    let aside = now - args.version;
    if args.dry_run {
        let diff = door.diff(&args.name, args.version, now, 0)?;
        let answer = json!({
            "name": args.name, "dry_run": true, "from": now, "to": args.version,
            "events_set_aside": aside, "changed_weights": diff["changed_weights"],
            "distance": diff["distance"],
        });
        return cx.answer(&answer, || {
            table::pairs(&[
                ("would go back", format!("from version {now} to {}", args.version)),
                ("set aside", format!("{} events, kept as a branch", table::grouped(aside))),
                ("weights that differ", table::count(&diff["changed_weights"])),
                ("their distance", table::figure(&diff["distance"])),
            ])
        });
    }
    let mut card = door.rewind(&args.name, args.version)?;
    card["rewound_from"] = now.into();
    card["rewound_to"] = args.version.into();
    cx.answer(&card, || {
        table::pairs(&[
            ("went back", format!("from version {now} to {}", args.version)),
            ("set aside", format!("{} events, kept as a branch", table::grouped(aside))),
            ("version now", table::count(&card["version"])),
        ])
    })
}
