//! `her freeze`: an identity learns no more.

use her_identity::Result;

use super::context::Context;
use super::table;

/// Stop an identity from learning, for good; it predicts on, and a fork of it learns
#[derive(clap::Args)]
pub struct Args {
    /// Who is frozen
    name: String,
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let answer = cx.door()?.freeze(&args.name)?;
    cx.answer(&answer, || {
        table::pairs(&[
            ("frozen", args.name.clone()),
            ("version", table::count(&answer["version"])),
        ])
    })
}
