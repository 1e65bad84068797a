//! `her fork`: a second identity that goes on from a version.

use her_identity::Result;

use super::context::Context;
use super::table;

/// Make a new identity that goes on from a version of another; both live on
#[derive(clap::Args)]
pub struct Args {
    /// Who is copied
    name: String,
    /// The new identity's name
    new_name: String,
    /// The version to go on from [default: the newest]
    #[arg(long, value_name = "VERSION")]
    at: Option<u64>,
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let card = cx.door()?.fork(&args.name, &args.new_name, args.at)?;
    cx.answer(&card, || {
        table::pairs(&[
            ("forked", format!("{} from {}", args.new_name, args.name)),
            ("version", table::count(&card["version"])),
        ])
    })
}
