//! `her legacy`: a process that serves a copy and can do nothing else.

use std::path::PathBuf;
use std::time::Duration;

use her_identity::Result;

use super::context::Context;
use crate::client;
use crate::server::legacy::{self, Asked};

/// Serve the copy that an identity left behind, read-only, from a process that locks itself up
#[derive(clap::Args)]
#[command(
    after_help = "It listens on the loopback unless told otherwise by --listen, and needs a token \
if there is one (--token-file, HER_TOKEN, or `token` in the data directory)."
)]
pub struct Args {
    /// The copy
    dir: PathBuf,
    /// Listen at this Unix socket instead of an address
    #[arg(long, value_name = "FILE")]
    socket: Option<PathBuf>,
    /// Serve only if the manifest has this BLAKE3
    #[arg(long, value_name = "HEX")]
    manifest: Option<String>,
    /// Look at every byte again after so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 3600,
          value_parser = clap::value_parser!(u64).range(1..=604_800))]
    check_every: u64,
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    legacy::run(
        cx.settings(),
        &Asked {
            dir: args.dir.clone(),
            socket: args.socket.clone(),
            manifest: args.manifest.clone(),
            check_every: Duration::from_secs(args.check_every),
            token: client::token(&cx.options())?,
        },
    )
}
