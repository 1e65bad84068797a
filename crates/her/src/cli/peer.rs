//! `her peer`: with whom identities exchange what they learned.

use std::collections::BTreeSet;

use clap::builder::PossibleValuesParser;
use her_identity::Result;
use serde_json::{Value, json};

use super::context::{Context, print};
use super::table::{self, Table};
use crate::sync::Choice;

/// Say with whom an identity exchanges what it learned, and look at what came of it
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Let an identity exchange with one of another node, which has to be told the same there
    Add(Add),
    /// Show what each peer contributed, and how much of it is read
    List {
        /// Whose peers
        name: String,
    },
    /// Exchange no more with a peer; what it contributed stays
    Remove {
        /// Whose peer
        name: String,
        /// NODE or NODE/IDENTITY
        peer: String,
    },
    /// Take out what a peer contributed, to the bit, and take nothing of it again
    Retract {
        /// Who takes it out
        name: String,
        /// The peer, as `her peer list` writes it
        peer: String,
    },
}

#[derive(clap::Args)]
struct Add {
    /// Who exchanges
    name: String,
    /// With whom: her://KEY@HOST:PORT as `her node --address` says there, KEY alone for one that
    /// comes to this node, or NODE, that is known; /IDENTITY behind it, if called differently there
    peer: String,
    /// How a node that is new is called here; by the beginning of its key, if left out
    #[arg(long = "as", value_name = "NODE")]
    called: Option<String>,
    /// How often by itself, such as 500ms, 10s or 5m; only when asked, if left out
    #[arg(long, value_name = "TIME", value_parser = span)]
    every: Option<f64>,
    /// How what is sent is rounded; what rounding leaves is sent later. `events` sends the events
    /// while they are few, `auto` whatever is shortest and keeps 97 % of what they were worth
    #[arg(long, value_name = "CODEC", default_value = "i8",
          value_parser = PossibleValuesParser::new(Choice::names()))]
    codec: String,
    /// Read what peers contribute whole, instead of by what it does for the own predictions
    #[arg(long)]
    read_all: bool,
}

/// Seconds from a text such as 500ms, 10s or 5m.
pub(super) fn span(text: &str) -> std::result::Result<f64, String> {
    let units = [("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86_400.0)];
    let found = units.iter().find_map(|(unit, s)| {
        let n: f64 = text.strip_suffix(unit)?.parse().ok()?;
        (n.is_finite() && n > 0.0).then_some(n * s)
    });
    found.ok_or_else(|| format!("{text:?} is no time; write 500ms, 10s, 5m, 12h or 1d"))
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let door = cx.door()?;
    match &args.what {
        What::Add(add) => {
            let wish = json!({
                "peer": add.peer,
                "as": add.called,
                "every_s": add.every,
                "codec": add.codec,
                "weigh": !add.read_all,
            });
            let said = door.peers_do(&add.name, "/peers", &wish)?;
            let text = |key: &str| said[key].as_str().unwrap_or_default().to_owned();
            if !said["away"].is_null() {
                cx.say(&format!("note: {}; the pact is kept", text("away")));
            }
            cx.answer(&said, || {
                let (name, peer, there) = (text("identity"), text("peer"), text("there"));
                format!("{name} exchanges with {peer}\nthere: {there}\n")
            })
        }
        What::List { name } => {
            let said = door.peers(name)?;
            if cx.json() {
                return print(&format!("{said}\n"));
            }
            print(&shown(&said))
        }
        What::Remove { name, peer } => {
            let said = door.peers_do(name, "/peers/remove", &json!({ "peer": peer }))?;
            cx.answer(&said, || format!("{name} exchanges no more with {peer}\n"))
        }
        What::Retract { name, peer } => {
            let said = door.peers_do(name, "/peers/retract", &json!({ "peer": peer }))?;
            cx.answer(&said, || format!("what {peer} contributed is taken out of {name}\n"))
        }
    }
}

fn shown(said: &Value) -> String {
    let mut out = table::pairs(&[
        ("merged by", text(said, "merge_text")),
        ("contract", text(said, "contract").chars().take(16).collect()),
        ("rows", said["hash"].as_str().map_or("none yet", |hash| &hash[..16]).to_owned()),
    ]);
    out.push_str(&pacts(said));
    out.push_str(&contributions(said));
    out.push_str(&worth(said));
    for peer in said["retracted"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        out.push_str("retracted: ");
        out.push_str(peer);
        out.push('\n');
    }
    out
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

fn pacts(said: &Value) -> String {
    let heads = ["exchanges with", "every", "exchanges", "sent", "got", "in 24 h", "in step"];
    let mut pacts = Table::new(&heads);
    for pact in said["pacts"].as_array().into_iter().flatten() {
        let (tally, day) = (&pact["since_start"], &pact["last_day"]);
        let every = pact["every_s"].as_f64().map_or("when asked".to_owned(), |s| format!("{s} s"));
        let last = &tally["last"];
        let step = match (last["error"].as_str(), &last["same"]) {
            (Some(error), _) => error.to_owned(),
            (None, Value::Bool(true)) => "yes".to_owned(),
            (None, Value::Bool(false)) => "not yet".to_owned(),
            _ => "-".to_owned(),
        };
        // The way that is used more: both have a quota of the same size.
        let used = |key: &str| day[key].as_f64().unwrap_or(0.0);
        let share = day["bytes_per_day"].as_f64().map_or_else(
            || "no quota".to_owned(),
            |of| format!("{:.1} %", used("sent_bytes").max(used("got_bytes")) / of * 100.0),
        );
        pacts.push(vec![
            text(pact, "peer"),
            every,
            table::count(&tally["exchanges"]),
            table::count(&tally["sent_bytes"]),
            table::count(&tally["got_bytes"]),
            share,
            step,
        ]);
    }
    pacts.text()
}

/// Who contributed: the node by its name here, and the peer's own.
fn who(row: &Value) -> String {
    let peer = text(row, "peer");
    row["node_name"].as_str().map_or_else(|| peer.clone(), |node| format!("{node} {peer}"))
}

fn contributions(said: &Value) -> String {
    let mut rows = Table::new(&["contributed by", "events", "numbers", "norm", "read"]);
    for row in said["contributions"].as_array().into_iter().flatten() {
        let read = match (row["mine"] == true, row["heard"] == true) {
            (true, _) => "itself".to_owned(),
            (_, true) => "its events, learned here".to_owned(),
            _ if said["steps"] == "mean" && row["weight"] == "part" => {
                "part of the mean".to_owned()
            }
            _ => text(row, "weight"),
        };
        rows.push(vec![
            who(row),
            table::count(&row["events"]),
            table::count(&row["cells"]),
            format!("{:.3}", row["norm"].as_f64().unwrap_or(0.0)),
            if read.is_empty() { "not weighed yet".to_owned() } else { read },
        ]);
    }
    rows.text()
}

/// What peers were worth, beside what their bytes would take to say.
fn worth(said: &Value) -> String {
    let heads = ["worth of", "nats gained", "own events", "bytes", "nats a kB", "said", "spoken"];
    let (mut rows, mut seen) = (Table::new(&heads), BTreeSet::new());
    for row in said["contributions"].as_array().into_iter().flatten() {
        let worth = &row["worth"];
        // A peer is told once, whatever lives it had.
        if worth.is_null() || !seen.insert(text(row, "peer")) {
            continue;
        }
        let figure = |key: &str| worth[key].as_f64().unwrap_or(0.0);
        rows.push(vec![
            who(row),
            format!("{:.2}", figure("gain_nats")),
            table::count(&worth["events"]),
            table::count(&worth["bytes"]),
            worth["nats_per_kb"].as_f64().map_or("-".to_owned(), |n| format!("{n:.2}")),
            format!("{:.1} s", figure("say_s")),
            format!("{:.1} s", figure("speak_s")),
        ]);
    }
    if seen.is_empty() {
        return String::new();
    }
    rows.text() + "said: at 39 bits a second; spoken: as text, at 150 words a minute\n"
}

#[cfg(test)]
mod tests {
    #[test]
    fn times_have_units() {
        assert_eq!(super::span("500ms"), Ok(0.5));
        assert_eq!(super::span("2m"), Ok(120.0));
        assert!(super::span("10").unwrap_err().contains("write 500ms"));
        assert!(super::span("-1s").is_err());
    }
}
