//! `her model`: base models of language identities. One verb a file.

use her_identity::Result;

use super::context::Context;

mod check;

/// Look at base models for language identities
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    Check(check::Args),
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    match &args.what {
        What::Check(args) => check::run(args, cx),
    }
}
