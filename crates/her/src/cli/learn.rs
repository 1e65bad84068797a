//! `her learn`: a stream of events.

use std::path::{Path, PathBuf};

use her_identity::clock::{Clock, RealClock};
use her_identity::{Error, Result};
use indicatif::ProgressBar;
use serde_json::{Value, json};

use super::context::Context;
use super::follow::Follow;
use super::records::{Chunk, Source};
use super::signal::Stop;
use super::{exit, table};
use crate::client::Told;
use crate::decode::{Columns, Format};

/// Refused records that are told one by one.
const TOLD_MAX: u64 = 10;

/// Learn from a file or from standard input, predicting each event before learning it
#[derive(clap::Args)]
#[command(
    after_help = "NDJSON holds events {\"x\": {…}, \"y\": …}, or flat records with --target. \
An event without a target and with an id is predicted and waits for its label; {\"id\": …, \"y\": …} \
labels it. \
Anomaly detectors and clusterers learn without a target.\n\nExamples:\n  \
her learn samantha clicks.csv --target bought\n  \
tail -f events.ndjson | her learn samantha - --format ndjson\n  \
her learn samantha --follow clicks.ndjson             as it grows, for ever, and each line once\n  \
her learn samantha big.ndjson --client import-7     run it again after a crash: no line counts twice"
)]
pub struct Args {
    /// Who learns
    pub(super) name: String,
    /// The file, or `-` for standard input
    #[arg(default_value = "-")]
    pub(super) file: PathBuf,
    /// How the records are written [default: by the file's extension; ndjson for `-`]
    #[arg(long, value_enum)]
    pub(super) format: Option<Format>,
    /// The column to learn
    #[arg(long, value_name = "COLUMN")]
    target: Option<String>,
    /// The column that names an event, so that it can be labelled later
    #[arg(long, value_name = "COLUMN")]
    id: Option<String>,
    /// The column that says how much an event counts
    #[arg(long, value_name = "COLUMN")]
    weight: Option<String>,
    /// Follow the file as it grows, through rotations, until Ctrl-C; run again, it goes on after
    /// the last line that was learned
    #[arg(long, conflicts_with = "client")]
    follow: bool,
    /// Number the lines under this name, so that a second run learns no line twice
    #[arg(long, value_name = "NAME")]
    client: Option<String>,
}

/// What became of the stream so far.
#[derive(Default)]
pub(super) struct Count {
    events: u64,
    duplicates: u64,
    refused: u64,
    drift_alarms: u64,
    version: u64,
}

impl Count {
    pub(super) fn refuse(&mut self, why: &str) {
        self.refused += 1;
        if self.refused <= TOLD_MAX {
            eprintln!("refused: {why}");
        }
    }

    pub(super) fn hear(&mut self, line: u64, told: Result<Told>) {
        match told {
            Ok(told) => {
                self.version = told.version;
                self.drift_alarms += u64::from(told.drift);
                if told.duplicate {
                    self.duplicates += 1;
                } else {
                    self.events += 1;
                }
            }
            Err(e) if is_old_request(&e) => self.duplicates += 1,
            Err(e) => self.refuse(&format!("line {line}: {e}")),
        }
    }
}

/// True for a numbered line so far behind the client's newest that the identity forgot whether it
/// was learned. A stream hands its lines in by order, so it was, or was refused for good.
pub(super) fn is_old_request(error: &Error) -> bool {
    error.kind == her_identity::ErrorKind::TooOld
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let stop = Stop::listen()?;
    let columns =
        Columns { target: args.target.clone(), id: args.id.clone(), weight: args.weight.clone() };
    if args.follow && args.file != Path::new("-") {
        return follow(args, cx, &columns, &stop);
    }
    let door = cx.door()?;
    let source = Source::open(&args.file, args.format, &columns, args.client.as_deref(), &stop)?;
    let clock = RealClock::new();
    let bar = spinner(cx);
    // Both closures count, one after the other.
    let count = std::cell::RefCell::new(Count::default());
    let mut next = || {
        while let Some(Chunk { items, refused }) = source.next()? {
            for (_, why) in &refused {
                count.borrow_mut().refuse(why);
            }
            if !items.is_empty() {
                return Ok(Some(items));
            }
        }
        Ok(None)
    };
    let mut told = |line, told| {
        count.borrow_mut().hear(line, told);
        bar.inc(1);
    };
    let fed = door.feed(&args.name, &mut next, &mut told);
    let seconds = clock.monotonic_ns() as f64 / 1e9;
    drop(door);
    bar.finish_and_clear();
    let count = count.into_inner();
    report(args, cx, &count, seconds, stop.is_set())?;
    fed?;
    finish(args, &count, stop.is_set())
}

/// Follows a file until Ctrl-C, which is the usual end.
fn follow(args: &Args, cx: &Context, columns: &Columns, stop: &Stop) -> Result<()> {
    let clock = RealClock::new();
    let mut count = Count::default();
    let followed = Follow::new(args, cx, columns, stop)?.run(&mut count);
    let seconds = clock.monotonic_ns() as f64 / 1e9;
    report(args, cx, &count, seconds, stop.is_set())?;
    followed?;
    finish(args, &count, stop.is_set())
}

fn spinner(cx: &Context) -> ProgressBar {
    if !cx.draws() {
        return ProgressBar::hidden();
    }
    let style = indicatif::ProgressStyle::with_template("{spinner} {human_pos} events, {pace}");
    let bar = ProgressBar::new_spinner();
    match style {
        Ok(style) => bar.with_style(style.with_key("pace", table::pace)),
        Err(_) => bar,
    }
}

fn report(args: &Args, cx: &Context, count: &Count, seconds: f64, stopped: bool) -> Result<()> {
    let version = if count.version > 0 { json!(count.version) } else { Value::Null };
    let answer = json!({
        "name": args.name,
        "events": count.events,
        "duplicates": count.duplicates,
        "refused": count.refused,
        "drift_alarms": count.drift_alarms,
        "version": version,
        "updates_per_s": count.events as f64 / seconds,
        "interrupted": stopped,
    });
    cx.answer(&answer, || {
        let mut lines = vec![
            ("learned", format!("{} events", table::grouped(count.events))),
            ("updates/s", table::figure(&answer["updates_per_s"])),
            ("drift alarms", table::grouped(count.drift_alarms)),
            ("version", table::count(&answer["version"])),
        ];
        if count.duplicates > 0 {
            lines.insert(1, ("known already", table::grouped(count.duplicates)));
        }
        if count.refused > 0 {
            lines.insert(1, ("refused", table::grouped(count.refused)));
        }
        table::pairs(&lines)
    })
}

fn finish(args: &Args, count: &Count, stopped: bool) -> Result<()> {
    if count.refused > TOLD_MAX {
        eprintln!("refused: {} more", table::grouped(count.refused - TOLD_MAX));
    }
    if stopped {
        let how = match &args.client {
            _ if args.follow => "the same command goes on where this one stopped",
            Some(_) => "the same command goes on where this one stopped",
            None => "with --client NAME, the same command would go on where it stopped",
        };
        let done = table::grouped(count.events);
        return Err(exit::interrupted(format!(
            "stopped: {done} events are learned and durable; {how}"
        )));
    }
    if count.refused > 0 {
        let all = count.events + count.duplicates + count.refused;
        return Err(Error::invalid(format!(
            "{} of {} records were refused; the others are learned",
            table::grouped(count.refused),
            table::grouped(all)
        )));
    }
    Ok(())
}
