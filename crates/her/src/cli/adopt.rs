//! `her adopt`: an operator's word about who owns an identity.

use her_identity::Result;

use super::context::Context;
use super::table;

/// Own an identity here, when its register is lost for good
///
/// Only when the node that owned it can never come back: what it acknowledged since it departed
/// from here is not here. The audit log tells of it.
#[derive(clap::Args)]
pub struct Args {
    /// Who is adopted
    name: String,
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let said = cx.door()?.adopt(&args.name)?;
    cx.answer(&said, || {
        table::pairs(&[
            ("adopted", args.name.clone()),
            ("version", table::count(&said["version"])),
            ("epoch", table::count(&said["epoch"])),
        ])
    })
}
