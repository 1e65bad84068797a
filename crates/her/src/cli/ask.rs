//! `her ask`: a prediction.

use her_identity::{Error, Result};
use serde_json::{Value, json};

use super::context::Context;
use super::table;

/// Ask an identity for a prediction
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  her ask samantha '{\"words\": 12, \"hour\": 23}'\n  \
her ask samantha '{\"words\": 12}' --id order-17     and later: her label samantha order-17 true")]
pub struct Args {
    /// Who is asked
    name: String,
    /// The features as a JSON object; `-` reads it from standard input
    features: String,
    /// Ask the identity as it was at this version
    #[arg(long, value_name = "VERSION", conflicts_with = "id")]
    at: Option<u64>,
    /// Remember the prediction under this key, to be labelled later
    #[arg(long, value_name = "KEY")]
    id: Option<String>,
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let x = features(&args.features)?;
    let door = cx.door()?;
    let answer = match &args.id {
        Some(id) => super::label::one(&*door, &args.name, json!({ "x": x, "id": id }))?,
        None => door.predict(&args.name, &x, args.at)?,
    };
    cx.answer(&answer, || text_of(&answer))
}

/// The features of an argument, or of standard input where it is `-`.
pub fn features(argument: &str) -> Result<Value> {
    let text = if argument == "-" {
        std::io::read_to_string(std::io::stdin())
            .map_err(|e| Error::io("reading standard input", e))?
    } else {
        argument.to_owned()
    };
    serde_json::from_str(&text)
        .map_err(|e| Error::invalid(format!("the features are no JSON object: {e}")))
}

/// A prediction and its version, for people.
pub fn text_of(answer: &Value) -> String {
    let mut lines = prediction(&answer["prediction"]);
    lines.push(("version".to_owned(), table::count(&answer["version"])));
    let lines: Vec<(&str, String)> = lines.iter().map(|(k, v)| (k.as_str(), v.clone())).collect();
    table::pairs(&lines)
}

/// A prediction for people: the answer, and the probabilities behind it.
pub fn prediction(value: &Value) -> Vec<(String, String)> {
    if let Some(v) = value.get("value") {
        return vec![("prediction".to_owned(), table::figure(v))];
    }
    let Some(proba) = value["proba"].as_object() else {
        return vec![("prediction".to_owned(), "none yet".to_owned())];
    };
    let label = value["label"].as_str().map_or_else(|| value["label"].to_string(), str::to_owned);
    let mut lines = vec![("prediction".to_owned(), label)];
    lines.extend(proba.iter().map(|(class, p)| (format!("P({class})"), table::figure(p))));
    lines
}
