//! `her export`: what an identity is and does, to where others look.

use std::time::Duration;

use her_identity::Result;
use her_identity::clock::{Clock, RealClock};
use serde_json::Value;

use super::context::Context;
use super::signal::Stop;
use super::{exit, table};
use crate::card;
use crate::client::mlflow::{Export, Tracking};

/// Log an identity's metrics and its card to an MLflow tracking server
#[derive(clap::Args)]
#[command(
    after_help = "A run belongs to a branch of an identity: exports of it are the steps of one \
curve, at the identity's versions. MLFLOW_TRACKING_TOKEN is sent to servers that want a token.\n\n\
Example:\n  her export samantha --to mlflow --tracking http://127.0.0.1:5000 --every 60"
)]
pub struct Args {
    /// Whose figures
    name: String,
    /// To what
    #[arg(long, value_enum)]
    to: To,
    /// Where the tracking server listens
    #[arg(long, value_name = "URL", env = "MLFLOW_TRACKING_URI")]
    tracking: String,
    /// The experiment that holds the run
    #[arg(long, value_name = "NAME", default_value = "heraclitus", env = "MLFLOW_EXPERIMENT_NAME")]
    experiment: String,
    /// Again and again, until Ctrl-C
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    every: Option<u64>,
}

/// What figures can be exported to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum To {
    /// A tracking server of MLflow.
    Mlflow,
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let To::Mlflow = args.to;
    let token = std::env::var("MLFLOW_TRACKING_TOKEN").ok().filter(|token| !token.is_empty());
    let tracking = Tracking::new(&args.tracking, token);
    let stop = Stop::listen()?;
    loop {
        let said = once(args, cx, &tracking)?;
        cx.answer(&said, || text(&said))?;
        let Some(seconds) = args.every else { return Ok(()) };
        for _ in 0..seconds * 10 {
            if stop.is_set() {
                return Err(exit::interrupted("stopped: what was exported stays"));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// The door is opened for each export, so that nobody waits for this verb.
fn once(args: &Args, cx: &Context, tracking: &Tracking) -> Result<Value> {
    let card = cx.door()?.card(&args.name, card::PATIENCE)?;
    let markdown = card::markdown(&card);
    let now_ms = RealClock::new().now_ms();
    let export = Export { experiment: &args.experiment, card: &card, markdown: &markdown, now_ms };
    let mut said = tracking.export(&export)?;
    said["name"] = args.name.as_str().into();
    said["version"] = card["version"].clone();
    Ok(said)
}

fn text(said: &Value) -> String {
    let word = |key: &str| said[key].as_str().unwrap_or("–").to_owned();
    let kept = if said["card_kept"] == true { "kept" } else { "as the description only" };
    table::pairs(&[
        ("version", table::count(&said["version"])),
        ("run", word("run_id")),
        ("metrics", table::count(&said["metrics"])),
        ("card", kept.to_owned()),
    ])
}
