//! `her forget`: a life without what it should not have learned.

use her_identity::Result;
use her_identity::house::Span;
use serde_json::Value;

use super::context::Context;
use super::table;
use crate::client::forget::Forget;

/// Forget what was learned in some versions, as if it had never been
#[derive(clap::Args)]
pub struct Args {
    /// Who forgets
    name: String,
    /// The first version to forget; `her log` shows what each is
    #[arg(long, value_name = "VERSION")]
    from: u64,
    /// The last version to forget [default: the first]
    #[arg(long, value_name = "VERSION")]
    to: Option<u64>,
    /// Let go of the branches before as well, and remove their snapshots; tells what is left
    #[arg(long)]
    erase: bool,
    /// Only tell what would be forgotten
    #[arg(long)]
    dry_run: bool,
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let range = Span { from: args.from, to: args.to.unwrap_or(args.from) };
    let what = Forget { range, erase: args.erase, dry_run: args.dry_run };
    let quiet = cx.json();
    let mut hear = |done: u64, of: u64| {
        if !quiet {
            let (done, of) = (table::grouped(done), table::grouped(of));
            eprintln!("{done} of {of} events lived again");
        }
    };
    let told = cx.door()?.forget(&args.name, &what, &mut hear)?;
    cx.answer(&told, || shown(&told, args.dry_run))
}

fn shown(told: &Value, dry_run: bool) -> String {
    let (from, to) = (&told["from"], &told["to"]);
    let head = if dry_run { "would forget" } else { "forgot" };
    let mut lines = vec![
        (head, format!("versions {} to {}", table::count(from), table::count(to))),
        ("struck", format!("{} learned events", table::count(&told["struck"]))),
    ];
    if !dry_run {
        let hang = format!("{} later events that hang on them", table::count(&told["left_out"]));
        lines.push(("left out too", hang));
    }
    lines.push(("unchanged up to", table::count(&told["kept"])));
    lines.push(("version before", table::count(&told["was"])));
    lines.push((
        if dry_run { "at most then" } else { "version now" },
        table::count(&told["version"]),
    ));
    let mut out = table::pairs(&lines);
    for left in told["left"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        table::note(left, &mut out);
    }
    out
}
