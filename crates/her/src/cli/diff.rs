//! `her diff`: what changed between two versions.

use her_identity::Result;

use super::context::Context;
use super::table::{self, Table};

/// Compare two versions of an identity
#[derive(clap::Args)]
pub struct Args {
    /// Whose versions
    name: String,
    /// The older version
    from: u64,
    /// The newer version
    to: u64,
    /// How many of the most changed weights
    #[arg(long, default_value_t = 10)]
    top: usize,
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let diff = cx.door()?.diff(&args.name, args.from, args.to, args.top)?;
    cx.answer(&diff, || {
        let score = |side: &str| table::score(&diff[side]["online"]["rolling"]);
        let mut out = table::pairs(&[
            ("versions", format!("{} to {}", args.from, args.to)),
            ("changed weights", table::count(&diff["changed_weights"])),
            ("distance", table::figure(&diff["distance"])),
            ("online then", score("figures_from")),
            ("online now", score("figures_to")),
        ]);
        let top = diff["top"].as_array().map(Vec::as_slice).unwrap_or_default();
        if !top.is_empty() {
            let mut t = Table::new(&["weight", "was", "is"]);
            for line in top {
                let name = line["weight"].as_str().unwrap_or("?").to_owned();
                t.push(vec![name, table::figure(&line["was"]), table::figure(&line["is"])]);
            }
            out.push('\n');
            out += &t.text();
        }
        out
    })
}
