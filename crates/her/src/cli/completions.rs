//! `her completions`: for the shell.

use her_identity::Result;

use super::context::{Context, print};

/// Print completions for a shell
#[derive(clap::Args)]
pub struct Args {
    /// Which shell
    shell: clap_complete::Shell,
}

pub fn run(args: &Args, _: &Context) -> Result<()> {
    let mut bytes = Vec::new();
    clap_complete::generate(args.shell, &mut super::command(), "her", &mut bytes);
    print(&String::from_utf8_lossy(&bytes))
}
