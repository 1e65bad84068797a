//! `her audit`: who did what, and whether that can be believed.

use her_identity::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use super::context::{Context, print};
use super::table::{self, Table};
use crate::client::{self, remote::Remote};
use crate::locks::audit;
use crate::locks::told::{HEADINGS, told};

/// Show the audit log, or verify that nobody changed it
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: Option<What>,
    /// The most records, the last ones
    #[arg(long, default_value_t = 100, value_name = "N")]
    limit: usize,
}

#[derive(clap::Subcommand)]
enum What {
    /// Walk the whole chain; changed, missing and cut records are told, and this fails then
    Verify {
        /// A head that was noted elsewhere, as this verb prints it: the log must go through it
        #[arg(long, value_name = "N:DIGEST", value_parser = head)]
        head: Option<(u64, String)>,
    },
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    match &args.what {
        Some(What::Verify { head }) => verify(head.clone(), cx),
        None => show(args.limit, cx),
    }
}

fn show(limit: usize, cx: &Context) -> Result<()> {
    let records = if let Some(url) = cx.url() {
        let remote = Remote::trusting(url, client::token(&cx.options())?, cx.ca())?;
        let said = remote.audit(limit)?;
        said["records"].as_array().cloned().unwrap_or_default()
    } else {
        audit::newest(&cx.settings().data_dir, limit)?.0
    };
    if cx.json() {
        return records.iter().try_for_each(|record| print(&format!("{record}\n")));
    }
    let mut t = Table::new(&HEADINGS);
    for record in &records {
        t.push(told(record).into());
    }
    print(&t.text())
}

fn verify(noted: Option<(u64, String)>, cx: &Context) -> Result<()> {
    if cx.url().is_some() {
        return Err(Error::invalid(
            "the audit log is verified where its file is; leave --url out, and name the directory \
             with --data-dir",
        ));
    }
    let found = audit::verify(&cx.settings().data_dir, noted)?;
    let hash = found.hash.to_hex();
    let troubles: Vec<Value> =
        found.troubles.iter().map(|(line, why)| json!({ "line": line, "why": why })).collect();
    let answer = json!({
        "verified": found.troubles.is_empty(),
        "records": found.records,
        "head": format!("{}:{hash}", found.records),
        "troubles": troubles,
        "more_troubles": found.more_troubles,
    });
    cx.answer(&answer, || {
        let mut lines = vec![
            ("records", found.records.to_string()),
            ("head", format!("{}:{hash}", found.records)),
        ];
        for (line, why) in &found.troubles {
            lines.push(("trouble", format!("line {line}: {why}")));
        }
        table::pairs(&lines)
    })?;
    let Some((line, why)) = found.troubles.first() else { return Ok(()) };
    Err(Error::new(
        ErrorKind::Corrupt,
        format!("the audit log is not what was written: line {line}: {why}"),
    ))
}

fn head(text: &str) -> std::result::Result<(u64, String), String> {
    let wanted = || "a number, a colon and a digest, as `her audit verify` prints it".to_owned();
    let (n, digest) = text.split_once(':').ok_or_else(wanted)?;
    blake3::Hash::from_hex(digest).map_err(|_| wanted())?;
    Ok((n.parse().map_err(|_| wanted())?, digest.to_lowercase()))
}
