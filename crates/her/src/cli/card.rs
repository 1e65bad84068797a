//! `her card`: what an identity is and has seen, told from its journal.

use std::time::Duration;

use her_identity::Result;

use super::context::Context;
use crate::card;

/// Write an identity's model card, told from its journal, as Markdown or with --json
#[derive(clap::Args)]
#[command(after_help = "Example:\n  her card samantha > samantha.md")]
pub struct Args {
    /// Whose card
    name: String,
    /// How long telling the journal may take; a card of a part of it says so
    #[arg(long, value_name = "SECONDS", default_value_t = card::PATIENCE.as_secs())]
    seconds: u64,
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let patience = Duration::from_secs(args.seconds).min(card::PATIENCE_MAX);
    let card = cx.door()?.card(&args.name, patience)?;
    cx.answer(&card, || card::markdown(&card))
}
