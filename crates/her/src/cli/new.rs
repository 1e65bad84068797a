//! `her new`: a new identity.

use her_identity::Result;

use super::context::Context;
use super::{spec, table};

/// Create an identity from a spec
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  her new samantha --spec '[\"StandardScaler\", \"LogisticRegression\"]'\n  \
her new samantha --spec model.toml\n\n`her models` lists what a spec may name."
)]
pub struct Args {
    /// Its name: letters, digits, '-', '_' and '.'
    name: String,
    /// A file of TOML or JSON, or JSON itself
    #[arg(long, value_name = "FILE|JSON")]
    spec: String,
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let spec = spec::read(&args.spec)?;
    let door = cx.door()?;
    let card = door.create(&args.name, &spec)?;
    cx.answer(&card, || {
        table::pairs(&[
            ("born", args.name.clone()),
            ("task", card["task"].as_str().unwrap_or("–").to_owned()),
            ("version", table::count(&card["version"])),
            ("lies in", door.place()),
        ])
    })
}
