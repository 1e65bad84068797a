//! `her config`: the settings in force.

use her_identity::Result;

use super::context::Context;
use super::serve::{config_json, config_show};

/// Show the settings
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Print every setting in force
    Show {
        /// Tell where each came from
        #[arg(long)]
        origin: bool,
    },
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let What::Show { origin } = args.what;
    let text = || config_show(cx.settings(), origin);
    cx.answer(&config_json(cx.settings()), text)
}
