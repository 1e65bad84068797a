//! `her eval`: progressive validation of a spec on a file, without an identity.

use std::path::PathBuf;

use her_identity::clock::{Clock, RealClock};
use her_identity::event::Birth;
use her_identity::{Error, Result};
use her_learn::evaluate::{Options, Progressive};
use her_learn::metrics::{self, Metric};
use her_learn::stream::Event;
use her_learn::{Catalog, Model, Task};
use serde_json::{Map, Value, json};

use super::context::Context;
use super::{spec, table};
use crate::decode::{self, Columns, Format, Next};

/// Validate a spec on a file: predict each event, then learn it; no identity is made
#[derive(clap::Args)]
#[command(after_help = "Example:\n  her eval --spec model.toml --data clicks.csv --target bought \
--metric ROCAUC --metric F1")]
pub struct Args {
    /// A file of TOML or JSON, or JSON itself
    #[arg(long, value_name = "FILE|JSON")]
    spec: String,
    /// The file, or `-` for standard input
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// How the records are written [default: by the file's extension; ndjson for `-`]
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// The column to learn
    #[arg(long, value_name = "COLUMN")]
    target: Option<String>,
    /// The column that says how much an event counts
    #[arg(long, value_name = "COLUMN")]
    weight: Option<String>,
    /// A figure, by name or as JSON [default: by what the spec predicts]
    #[arg(long, value_name = "METRIC")]
    metric: Vec<String>,
    /// After how many further events a target becomes known
    #[arg(long, default_value_t = 0)]
    delay: usize,
}

fn invalid(e: her_learn::Error) -> Error {
    let message = e.to_string();
    Error::invalid(message).because(e)
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let catalog = cx.settings().catalog();
    let birth = Birth::from_json(&spec::read(&args.spec)?)?;
    let mut model =
        Model::with_cap(&birth.model, &catalog, birth.options.names_max).map_err(invalid)?;
    let (names, mut figures) = figures(&args.metric, model.task(), &catalog)?;
    let columns = Columns { target: args.target.clone(), id: None, weight: args.weight.clone() };
    let mut records = decode::open(&args.data, args.format, &columns)?;
    let clock = RealClock::new();
    let options = Options { delay: args.delay };
    let mut progress = Progressive::new(&mut model, &mut figures, &options).map_err(invalid)?;
    let mut event = Event::default();
    loop {
        let at = |e: her_learn::Error, line| Error::invalid(format!("line {line}, {e}"));
        match records.next(&mut event)? {
            Next::Event => progress.push(&event).map_err(|e| at(e, records.line()))?,
            Next::Label(..) => {
                let e = her_learn::Error::new("this late label has no features to be validated on");
                return Err(at(e, records.line()));
            }
            Next::Refused(e) => return Err(invalid(e)),
            Next::End => break,
        }
    }
    progress.finish().map_err(invalid)?;
    let events = progress.answered();
    let seconds = clock.monotonic_ns() as f64 / 1e9;
    let mut values = Map::new();
    for (name, figure) in names.into_iter().zip(&figures) {
        values.insert(name, figure.get().into());
    }
    let answer = json!({
        "events": events,
        "metrics": values,
        "updates_per_s": events as f64 / seconds,
    });
    cx.answer(&answer, || text(&answer))
}

fn text(answer: &Value) -> String {
    let mut lines = vec![("events", table::count(&answer["events"]))];
    if let Some(values) = answer["metrics"].as_object() {
        lines.extend(values.iter().map(|(name, v)| (name.as_str(), table::figure(v))));
    }
    lines.push(("updates/s", table::figure(&answer["updates_per_s"])));
    table::pairs(&lines)
}

type Figures = (Vec<String>, Vec<Box<dyn Metric>>);

fn figures(wanted: &[String], task: Task, catalog: &Catalog) -> Result<Figures> {
    let defaults: &[&str] = match task {
        Task::Binary => &["LogLoss", "Accuracy"],
        Task::Multiclass => &["CrossEntropy", "Accuracy"],
        Task::Regression => &["MAE", "RMSE"],
        Task::Anomaly => &["ROCAUC"],
        Task::Clustering => &[],
    };
    let specs: Vec<Value> = match wanted {
        [] => defaults.iter().map(|&name| name.into()).collect(),
        some => some
            .iter()
            .map(|text| {
                let whole = text.trim_start().starts_with(['{', '"']);
                if whole { spec::read(text) } else { Ok(text.as_str().into()) }
            })
            .collect::<Result<_>>()?,
    };
    let (mut names, mut built): Figures = (Vec::new(), Vec::new());
    for spec in specs {
        let metric = metrics::build(&spec, catalog).map_err(|e| invalid(e.at("--metric")))?;
        let name = metric.entry().name.to_owned();
        // Two of one sort differ by their parameters only, so those become part of the name.
        names.push(if names.contains(&name) { spec.to_string() } else { name });
        built.push(metric);
    }
    Ok((names, built))
}
