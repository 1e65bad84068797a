//! `her config`: the settings in force.

use her_identity::Result;
use serde_json::json;

use super::context::{Context, data_dir};
use super::table;

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
    let (dir, from) = data_dir(cx.common().data_dir.as_ref());
    let mut value = json!({ "data_dir": { "value": dir.display().to_string() } });
    if origin {
        value["data_dir"]["origin"] = from.to_string().into();
    }
    cx.answer(&value, || {
        let from = if origin { format!("  ({from})") } else { String::new() };
        table::pairs(&[("data_dir", format!("{}{from}", dir.display()))])
    })
}
