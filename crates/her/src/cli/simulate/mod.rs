//! `her simulate`: a planet of nodes under its gates, without one.

use std::path::PathBuf;

use her_identity::{Error, ErrorKind, Result};
use her_sim::{File, Report};

use super::context::Context;
use crate::config::unreadable;

mod svg;
mod text;

/// Simulate a planet of nodes: the server's gates and placement, driven by a seed
#[derive(clap::Args)]
#[command(
    after_help = "Nothing is served and nothing is learned: identities are rates. What it does not \
claim is at the end of its report."
)]
pub struct Args {
    /// The planet, in TOML
    file: PathBuf,
    /// Draw from this seed instead of the file's
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// So many times as many nodes and identities, and budgets of the whole
    #[arg(long, value_name = "N", default_value_t = 1)]
    scale: u32,
    /// Draw how it went
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let report = live(args)?;
    if let Some(path) = &args.svg {
        std::fs::write(path, svg::draw(&report))
            .map_err(|e| Error::io(format!("writing {}", path.display()), e))?;
    }
    let value = serde_json::to_value(&report)
        .map_err(|e| Error::new(ErrorKind::Internal, format!("the report as JSON: {e}")))?;
    cx.answer(&value, || text::of(&report))
}

fn live(args: &Args) -> Result<Report> {
    let place = args.file.display().to_string();
    let text = std::fs::read_to_string(&args.file)
        .map_err(|e| Error::io(format!("reading {place}"), e))?;
    let mut file: File = toml::from_str(&text).map_err(|e| unreadable(&place, &text, &e))?;
    file.seed = args.seed.unwrap_or(file.seed);
    let wrong = |e: her_sim::Error| match e {
        her_sim::Error::Wrong(said) => Error::invalid(format!("{place}: {said}")),
        her_sim::Error::Broken(said) => Error::new(ErrorKind::Internal, said),
    };
    file.scale(args.scale).map_err(wrong)?;
    let planet = file.check().map_err(wrong)?;
    her_sim::run(&planet).map_err(wrong)
}
