//! `her bench`: our half of `cargo xtask bench`. One case per call, a line per contestant.

use std::path::PathBuf;

use her_identity::{Error, Result};
use serde_json::Value;

use super::context::{Context, print};
use super::table;

mod adwin;
mod bare;
mod dense;
mod durable;
mod files;
mod hand;
mod link;
mod load;
mod memory;
mod meter;
mod reads;
mod replay;
mod room;
mod served;
mod single;
mod sync;

use meter::Line;

/// Measure one case; `cargo xtask bench` sets the figures beside those of peers
#[derive(clap::Args)]
pub struct Args {
    /// The case, or `list` for all names
    case: String,
    /// Where the streams lie that bench/generate.py makes
    #[arg(long, value_name = "DIR", default_value = "target/data/bench")]
    data: PathBuf,
}

/// All cases.
const CASES: [&str; 24] = [
    "dense-10",
    "dense-30",
    "dense-100",
    "ndjson-10",
    "ndjson-30",
    "ndjson-100",
    "csv-10",
    "csv-30",
    "csv-100",
    "arrow-10",
    "arrow-30",
    "arrow-100",
    "text-15",
    "adwin",
    "durable-10",
    "durable-100",
    "durable-1000",
    "requests",
    "stream",
    "replay",
    "predict-while-learning",
    "served-one",
    "served-256",
    "served-stream",
];
/// A case that takes its time, so that nobody runs it by listing.
const MEMORY: &str = "memory-10k";
/// The link between nodes, which `bench/beside` measures beside a raw QUIC stream.
const LINK: &str = "link";
/// What a message is worth, which is told in figures of its own.
const SYNC: &str = "sync";

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    if args.case == "list" {
        return print(&format!("{}\n{MEMORY}\n{LINK}\n{SYNC}\n", CASES.join("\n")));
    }
    if cfg!(debug_assertions) {
        cx.say("this is a debug build: the figures mean nothing");
    }
    if args.case == SYNC {
        return sync::run(&args.data, cx);
    }
    let lines = measure(&args.case, &args.data)?;
    lines.iter().try_for_each(|line| {
        let value = line.json(&args.case);
        cx.answer(&value, || text(&value))
    })
}

fn measure(case: &str, data: &std::path::Path) -> Result<Vec<Line>> {
    let (kind, number) = match case.rsplit_once('-') {
        Some((kind, n)) => (kind, n.parse::<usize>().ok()),
        None => (case, None),
    };
    match (kind, number) {
        ("dense", Some(width)) => dense::measure(data, width),
        ("ndjson", Some(width)) => files::ndjson(data, width),
        ("csv", Some(width)) => files::csv(data, width),
        ("arrow", Some(width)) => files::arrow(data, width),
        ("text", Some(_)) => files::text(data),
        ("durable", Some(batch)) => durable::measure(data, batch),
        _ => match case {
            "adwin" => adwin::measure(),
            "requests" => single::requests(data),
            "stream" => single::stream(data),
            "replay" => replay::measure(data),
            "served-one" | "served-256" | "served-stream" => served::measure(case, data),
            "predict-while-learning" => reads::measure(data),
            MEMORY => memory::measure(data),
            LINK => link::measure(),
            _ => Err(Error::not_found(format!(
                "there is no case {case:?}; there are {}, {MEMORY}, {LINK}, {SYNC}",
                CASES.join(", ")
            ))),
        },
    }
}

fn text(line: &Value) -> String {
    let mut lines = vec![
        ("case", line["case"].as_str().unwrap_or("–").to_owned()),
        ("who", line["who"].as_str().unwrap_or("–").to_owned()),
        ("events", table::count(&line["n"])),
        ("events/s", table::figure(&line["events_per_s"])),
    ];
    if !line["p99_ms"].is_null() {
        lines.push(("p99, ms", table::figure(&line["p99_ms"])));
    }
    if !line["bytes"].is_null() {
        lines.push(("bytes", table::figure(&line["bytes"])));
    }
    table::pairs(&lines) + "\n"
}
