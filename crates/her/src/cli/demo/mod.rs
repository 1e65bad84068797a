//! `her demo`: real or made streams, predicted and learned durably, beside a frozen shadow.

use std::path::{Path, PathBuf};

use her_identity::clock::{Clock, RealClock};
use her_identity::event::{Birth, Event, What};
use her_identity::{Error, ErrorKind, House, Result};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::context::{Context, print};
use super::signal::Stop;
use super::table::{self, Table};
use super::{exit, records};
use crate::client::feed::{CHUNK, Feed};
use crate::client::{self, Told};
use crate::decode::Columns;
use crate::wire;

mod synthetic;

/// Events of one run over the made stream, unless said otherwise.
const SYNTHETIC_EVENTS: u64 = 50_000;

/// Stream data through identities and see what learning saves; a second run goes on where the
/// first stood
#[derive(clap::Args)]
pub struct Args {
    /// Where tweets.ndjson and phishing.ndjson lie
    #[arg(long, value_name = "DIR", default_value = "target/data")]
    data: PathBuf,
    /// Use a made, drifting stream instead: no data is needed
    #[arg(long)]
    synthetic: bool,
    /// Events per identity in this run [default: to the end of its stream]
    #[arg(long, value_name = "N")]
    events: Option<u64>,
}

/// One identity and what it is fed with.
struct Stream {
    name: &'static str,
    spec: Value,
    /// None for the made one.
    file: Option<PathBuf>,
    /// Events after which the stream begins again.
    length: u64,
}

/// What a run did.
struct Run {
    card: Value,
    events: u64,
    seconds: f64,
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let streams = streams(args)?;
    let stop = Stop::listen()?;
    let dir = &cx.settings().data_dir;
    let house = House::open(cx.settings().house(), cx.settings().catalog());
    let house = house.map_err(|e| if e.kind == ErrorKind::Busy { client::busy(dir) } else { e })?;
    if args.synthetic {
        cx.say("this stream is synthetic: a generator makes it, and changes its ways as it goes");
    }
    let mut runs = Vec::new();
    for stream in &streams {
        if stop.is_set() {
            break;
        }
        runs.push(one(stream, args, &house, cx, &stop)?);
    }
    house.close();
    report(&runs, args, cx, dir, stop.is_set())?;
    if let Some(name) = runs.first().and_then(|run| run.card["name"].as_str()) {
        let listen = cx.settings().listen;
        cx.say(&format!("To watch it: `her serve`, then http://{listen}/ui/{name}"));
    }
    if stop.is_set() {
        let again = if args.synthetic { " --synthetic" } else { "" };
        return Err(exit::interrupted(format!(
            "stopped: everything in the table is durable; `her demo{again}` goes on from there"
        )));
    }
    Ok(())
}

fn streams(args: &Args) -> Result<Vec<Stream>> {
    let linear = json!(["StandardScaler", "LogisticRegression"]);
    if args.synthetic {
        let length = SYNTHETIC_EVENTS;
        return Ok(vec![Stream { name: "river", spec: linear, file: None, length }]);
    }
    let words = json!([
        {"BagOfWords": {"on": "text"}},
        {"LogisticRegression": {"optimizer": {"AdaGrad": {"lr": 0.1}}}},
    ]);
    let with = |name, spec| -> Result<Stream> {
        let file = args.data.join(format!("{name}.ndjson"));
        Ok(Stream { name, spec, length: lines_in(&file)?, file: Some(file) })
    };
    Ok(vec![with("tweets", words)?, with("phishing", linear)?])
}

/// How many events a file holds, one a line.
fn lines_in(file: &Path) -> Result<u64> {
    let bytes = std::fs::read(file).map_err(|e| {
        let what = match e.kind() {
            std::io::ErrorKind::NotFound => {
                return Error::not_found(format!(
                    "{} is not there: `cargo xtask demo` fetches the data, and `her demo \
                     --synthetic` needs none",
                    file.display()
                ));
            }
            _ => format!("reading {}", file.display()),
        };
        Error::io(what, e)
    })?;
    let lines = bytes.split(|b| *b == b'\n').filter(|line| !line.trim_ascii().is_empty()).count();
    if lines == 0 {
        return Err(Error::invalid(format!("{} is empty", file.display())));
    }
    Ok(lines as u64)
}

/// Lets one identity live through its stream.
fn one(stream: &Stream, args: &Args, house: &House, cx: &Context, stop: &Stop) -> Result<Run> {
    let name = stream.name;
    match house.create(name, &Birth::from_json(&stream.spec)?) {
        Ok(_) => cx.say(&format!("{name}: born")),
        Err(e) if e.kind == ErrorKind::Exists => {}
        Err(e) => return Err(e),
    }
    let (learned, version) =
        house.look(name, |i| (i.state().figures().learned, i.state().version()))?;
    if learned > 0 {
        cx.say(&format!(
            "{name}: continues at version {}: nothing was lost",
            table::grouped(version)
        ));
    }
    if stream.file.is_some() && learned >= stream.length {
        cx.say(&format!(
            "{name}: the stream begins again; it has learned from these events before, which \
             flatters the figures of this run"
        ));
    }
    let start = learned % stream.length;
    let wanted = args.events.unwrap_or(stream.length - start);
    let bar = bar(name, wanted, cx);
    let clock = RealClock::new();
    let mut events = 0;
    let mut failed: Option<Error> = None;
    let mut told = |_: u64, told: Result<Told>| match told {
        Ok(_) => {
            events += 1;
            bar.inc(1);
        }
        Err(e) => failed = failed.take().or(Some(e)),
    };
    let mut feed = Feed::new(house, name);
    let mut left = wanted;
    let mut source = Source::open(stream, learned, stop)?;
    while left > 0 && !stop.is_set() {
        let Some(mut chunk) = source.next(left)? else { continue };
        chunk.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        left -= chunk.len() as u64;
        let events: Vec<Event> = chunk.into_iter().map(|what| house.event(what)).collect();
        feed.push(vec![0; events.len()], events, &mut told)?;
        feed.tell_ready(&mut told)?;
    }
    feed.finish(&mut told)?;
    let seconds = clock.monotonic_ns() as f64 / 1e9;
    bar.finish_and_clear();
    match failed {
        Some(e) => Err(e),
        None => Ok(Run { card: wire::card(house, name, 0)?, events, seconds }),
    }
}

/// Where events come from: a file, over and over, or the generator.
enum Source<'a> {
    Made(synthetic::River, u64),
    File { stream: &'a Stream, records: records::Source, skip: u64, stop: &'a Stop },
}

impl<'a> Source<'a> {
    fn open(stream: &'a Stream, learned: u64, stop: &'a Stop) -> Result<Self> {
        let Some(file) = &stream.file else {
            return Ok(Self::Made(synthetic::River::new()?, learned));
        };
        let records = records::Source::open(file, None, &Columns::default(), None, stop)?;
        Ok(Self::File { stream, records, skip: learned % stream.length, stop })
    }

    /// The next events; none when the user stops or the file begins again.
    fn next(&mut self, left: u64) -> Result<Option<Vec<What>>> {
        match self {
            Self::Made(river, at) => {
                let from = *at;
                *at += left.min(CHUNK as u64);
                Ok(Some((from..*at).map(|i| river.event(i)).collect()))
            }
            Self::File { stream, records, skip, stop } => {
                let Some(chunk) = records.next()? else {
                    *self = Self::open(stream, 0, stop)?;
                    return Ok(None);
                };
                if let Some((_, why)) = chunk.refused.first() {
                    return Err(Error::invalid(format!("{}: {why}", stream.name)));
                }
                let whats = chunk.items.into_iter().map(|item| item.what);
                let n = usize::try_from(*skip).unwrap_or(usize::MAX);
                let before = whats.len();
                let rest: Vec<What> = whats.skip(n).collect();
                *skip -= (before - rest.len()) as u64;
                Ok((!rest.is_empty()).then_some(rest))
            }
        }
    }
}

fn bar(name: &'static str, events: u64, cx: &Context) -> ProgressBar {
    if !cx.draws() {
        return ProgressBar::hidden();
    }
    let form = "{prefix:>10} {bar:40} {human_pos}/{human_len} events, {pace}";
    let bar = ProgressBar::new(events).with_prefix(name);
    match ProgressStyle::with_template(form) {
        Ok(style) => bar.with_style(style.with_key("pace", table::pace)),
        Err(_) => bar,
    }
}

/// The named half of a score that people compare: Accuracy, or MAE for numbers.
fn metric(score: &Value) -> (&'static str, Value) {
    match score.get("Accuracy") {
        Some(v) => ("Accuracy", v.clone()),
        None => ("MAE", score["MAE"].clone()),
    }
}

fn report(runs: &[Run], args: &Args, cx: &Context, dir: &Path, stopped: bool) -> Result<()> {
    let journal = dir.display().to_string();
    if cx.json() {
        let mut lines = String::new();
        for run in runs {
            let figures = &run.card["figures"];
            let line = json!({
                "identity": run.card["name"],
                "synthetic": args.synthetic,
                "events": run.events,
                "learned": figures["learned"],
                "updates_per_s": run.events as f64 / run.seconds,
                "online": figures["online_since_shadow"]["since_birth"],
                "shadow": figures["shadow"]["since_birth"],
                "bits_saved": figures["bits_saved"],
                "drift_alarms": figures["drift_alarms"],
                "version": run.card["version"],
                "journal": journal,
                "interrupted": stopped,
            });
            lines += &line.to_string();
            lines.push('\n');
        }
        return print(&lines);
    }
    let head = [
        "identity",
        "events",
        "updates/s",
        "metric",
        "online",
        "frozen shadow",
        "bits saved",
        "drift alarms",
        "version",
    ];
    let mut t = Table::new(&head);
    for run in runs {
        let figures = &run.card["figures"];
        let (name, online) = metric(&figures["online_since_shadow"]["since_birth"]);
        let (_, shadow) = metric(&figures["shadow"]["since_birth"]);
        t.push(vec![
            run.card["name"].as_str().unwrap_or("–").to_owned(),
            table::grouped(run.events),
            table::grouped((run.events as f64 / run.seconds) as u64),
            name.to_owned(),
            table::figure(&online),
            table::figure(&shadow),
            table::figure(&figures["bits_saved"]),
            table::count(&figures["drift_alarms"]),
            table::count(&run.card["version"]),
        ]);
    }
    print(&format!("{}\nThe journal lies in {journal}\n", t.text()))
}
