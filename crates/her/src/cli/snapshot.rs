//! `her snapshot`: the state as a file, so that opening is quick.

use her_identity::Result;

use super::context::Context;
use super::table;

/// Write a snapshot of an identity, so that it opens without a long replay
#[derive(clap::Args)]
pub struct Args {
    /// Who is written down
    name: String,
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let answer = cx.door()?.snapshot(&args.name)?;
    cx.answer(&answer, || {
        table::pairs(&[
            ("snapshot of", args.name.clone()),
            ("version", table::count(&answer["version"])),
        ])
    })
}
