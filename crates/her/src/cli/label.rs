//! `her label`: the label of an earlier prediction.

use her_identity::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use super::context::Context;
use super::{ask, table};
use crate::client::Door;

/// Give the label of a prediction that was asked for with --id
#[derive(clap::Args)]
pub struct Args {
    /// Who was asked
    name: String,
    /// The key that was given to `ask --id`
    key: String,
    /// What really happened: true, false, a number, or the name of a class
    #[arg(allow_negative_numbers = true)]
    value: String,
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    // What is no JSON is the name of a class.
    let target: Value =
        serde_json::from_str(&args.value).unwrap_or_else(|_| args.value.as_str().into());
    let door = cx.door()?;
    let answer = one(&*door, &args.name, json!({ "id": args.key, "y": target }))?;
    cx.answer(&answer, || {
        let mut lines = ask::prediction(&answer["prediction"]);
        "predicted".clone_into(&mut lines[0].0);
        lines.truncate(1);
        lines.push(("version".to_owned(), table::count(&answer["version"])));
        let lines: Vec<(&str, String)> =
            lines.iter().map(|(k, v)| (k.as_str(), v.clone())).collect();
        table::pairs(&lines)
    })
}

/// Hands one event in and gives its answer.
pub fn one(door: &dyn Door, name: &str, event: Value) -> Result<Value> {
    let answers = door.events(name, &[event])?;
    answers.into_iter().next().unwrap_or_else(|| {
        Err(Error::new(ErrorKind::Internal, "an event was handed in and nothing was answered"))
    })
}
