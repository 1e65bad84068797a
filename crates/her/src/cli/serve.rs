//! `her serve`: the server.

use her_identity::{Error, ErrorKind, Result};

use super::context::Context;

/// Serve the identities over HTTP
#[derive(clap::Args)]
pub struct Args {}

pub fn run(_: &Args, _: &Context) -> Result<()> {
    Err(Error::new(ErrorKind::Unavailable, "this build has no server"))
}
