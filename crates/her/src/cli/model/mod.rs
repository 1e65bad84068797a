//! `her model`: base models of language identities. One verb a file.

use std::path::Path;

use her_identity::{Error, Result};

use super::context::Context;

mod add;
mod check;
mod list;
mod sentence;

/// Base models for language identities: look at them, keep them
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    Check(check::Args),
    Add(add::Args),
    List(list::Args),
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    match &args.what {
        What::Check(args) => check::run(args, cx),
        What::Add(args) => add::run(args, cx),
        What::List(args) => list::run(args, cx),
    }
}

fn invalid(e: her_lm::Error) -> Error {
    let message = e.to_string();
    Error::invalid(message).because(e)
}

fn missing(path: &Path) -> Error {
    Error::not_found(format!("{}: there is no such file", path.display()))
}

/// What a model is called by specs: its file's name without `.gguf`, or its directory's.
fn name(path: &Path) -> Result<String> {
    let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let name = if path.is_dir() { Some(file) } else { file.strip_suffix(".gguf") };
    match name.filter(|name| !name.is_empty() && !name.starts_with('.')) {
        Some(name) => Ok(name.to_owned()),
        None => Err(Error::invalid(format!(
            "{}: a model is a file NAME.gguf, or a directory, and its name begins with no dot",
            path.display()
        ))),
    }
}
