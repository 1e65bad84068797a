//! `her tag`: a name for a version.

use her_identity::Result;

use super::context::Context;
use super::table;

/// Give a version a name
#[derive(clap::Args)]
pub struct Args {
    /// Whose version
    name: String,
    /// The version's name
    tag: String,
    /// The version [default: the newest]
    #[arg(long, value_name = "VERSION")]
    at: Option<u64>,
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let answer = cx.door()?.tag(&args.name, &args.tag, args.at)?;
    cx.answer(&answer, || {
        table::pairs(&[
            ("tagged", format!("{} {}", args.name, args.tag)),
            ("version", table::count(&answer["version"])),
        ])
    })
}
