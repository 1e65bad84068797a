//! `her man`: the manual's pages.

use her_identity::{Error, Result};

use super::context::{Context, print};

/// Print the manual page, of one verb if it is named
#[derive(clap::Args)]
pub struct Args {
    /// Which verb
    verb: Option<String>,
}

pub fn run(args: &Args, _: &Context) -> Result<()> {
    let mut command = super::command();
    command.build();
    let page = match &args.verb {
        None => command,
        Some(verb) => match command.find_subcommand(verb) {
            Some(found) => found.clone(),
            None => {
                return Err(Error::not_found(format!("there is no verb {verb:?}; see her --help")));
            }
        },
    };
    let mut bytes = Vec::new();
    clap_mangen::Man::new(page)
        .render(&mut bytes)
        .map_err(|e| Error::io("writing the manual page", e))?;
    print(&String::from_utf8_lossy(&bytes))
}
