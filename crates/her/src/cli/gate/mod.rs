//! `her gate`: rules over figures, why they act and why not. One verb a file.

use her_identity::Result;

use super::context::Context;

mod approve;
mod explain;
mod list;
mod replay;
mod test;

/// Show the gates: rules over measured figures that lead to an action, and test them
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    List(list::Args),
    Explain(explain::Args),
    Test(test::Args),
    Replay(replay::Args),
    Approve(approve::Args),
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    match &args.what {
        What::List(args) => list::run(args, cx),
        What::Explain(args) => explain::run(args, cx),
        What::Test(args) => test::run(args, cx),
        What::Replay(args) => replay::run(args, cx),
        What::Approve(args) => approve::run(args, cx),
    }
}
