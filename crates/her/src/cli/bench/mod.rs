//! `her bench`: our half of `cargo xtask bench`.

use std::path::PathBuf;

use her_identity::{Error, Result};

use super::context::Context;

/// Measure one case; `cargo xtask bench` sets the figures beside those of peers
#[derive(clap::Args)]
pub struct Args {
    /// The case, or `list`
    case: String,
    /// Where the streams lie
    #[arg(long, value_name = "DIR", default_value = "target/data/bench")]
    data: PathBuf,
}

pub fn run(args: &Args, _: &Context) -> Result<()> {
    Err(Error::not_found(format!("there is no case {:?} for {}", args.case, args.data.display())))
}
