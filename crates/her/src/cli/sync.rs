//! `her sync`: an identity exchanges what it learned with a peer.

use her_identity::Result;
use serde_json::{Value, json};

use super::context::Context;
use super::table;

/// Exchange what was learned with a peer: as vectors, not words
#[derive(clap::Args)]
pub struct Args {
    /// Who exchanges
    name: String,
    /// With whom: NODE or NODE/IDENTITY, the node as in the settings; all known peers if left out
    peer: Option<String>,
    /// From now on, this often by itself, such as 500ms, 10s or 5m; the peer is added if need be
    #[arg(long, value_name = "TIME", value_parser = super::peer::span, requires = "peer")]
    every: Option<f64>,
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let door = cx.door()?;
    if let (Some(peer), Some(every)) = (&args.peer, args.every) {
        door.peers_do(&args.name, "/peers", &json!({ "peer": peer, "every_s": every }))?;
    }
    let said = door.peers_do(&args.name, "/sync", &json!({ "peer": args.peer }))?;
    cx.answer(&said, || {
        said["exchanges"].as_array().into_iter().flatten().map(shown).collect::<String>()
    })
}

fn shown(report: &Value) -> String {
    let peer = report["peer"].as_str().unwrap_or_default();
    if let Some(error) = report["error"].as_str() {
        return format!("{peer}: {error}\n");
    }
    let of = |rows: &str, bytes: &str| {
        format!("{} rows, {} bytes", table::count(&report[rows]), table::count(&report[bytes]))
    };
    let same = if report["same"] == true { "both know the same" } else { "not in step yet" };
    let mut out = table::pairs(&[
        ("peer", peer.to_owned()),
        ("sent", of("sent", "sent_bytes")),
        ("got", of("got", "got_bytes")),
        ("took", format!("{:.1} ms", report["ms"].as_f64().unwrap_or(0.0))),
        ("now", same.to_owned()),
    ]);
    if let Some(why) = report["events"].as_str() {
        out.push_str("told each other events: ");
        out.push_str(why);
        out.push('\n');
    }
    for why in report["refused"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        table::note(why, &mut out);
    }
    out
}
