//! `her doctor`: is everything in its place?

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use her_identity::disk::{Disk, RealDisk};
use her_identity::format::TOKENS_FILE;
use her_identity::journal::JournalReport;
use her_identity::{Error, ErrorKind, House, Result};
use serde_json::{Value, json};

use super::context::Context;
use super::table;
use crate::client::{self, remote::Remote, server_file};
use crate::locks::audit;

/// Free bytes below which the doctor worries: a journal's next segments.
const FREE_MIN: u64 = 512 * 1024 * 1024;

/// Look at the data directory, its journals and snapshots, the disk and the server
#[derive(clap::Args)]
pub struct Args {}

pub fn run(_: &Args, cx: &Context) -> Result<()> {
    let dir = &cx.settings().data_dir;
    let origin = cx.settings().origin("data_dir");
    let mut troubles: Vec<String> = Vec::new();
    let mut found = json!({
        "data_dir": dir.display().to_string(),
        "data_dir_origin": origin.to_string(),
        "exists": dir.is_dir(),
    });
    if dir.is_dir() {
        look(cx, &mut found, &mut troubles);
        look_at_locks(cx, &mut found, &mut troubles);
    }
    let url = cx.url().map(str::to_owned).or_else(|| Some(server_file(dir)?.url));
    if let Some(url) = url {
        let answer = client::token(&cx.options())
            .and_then(|token| Remote::trusting(&url, token, ca(cx).as_deref())?.is_alive());
        found["server"] = json!({ "url": url, "answers": answer.is_ok() });
        if let Err(e) = answer {
            // Its note stays behind when a server is killed; that alone is no trouble.
            if found["in_use"] == true || cx.url().is_some() {
                troubles.push(format!("the server: {e}"));
            }
        }
    }
    found["troubles"] = troubles.clone().into();
    cx.answer(&found, || text(&found))?;
    match troubles.as_slice() {
        [] => Ok(()),
        [one] => Err(Error::new(ErrorKind::Poisoned, one.clone())),
        [first, ..] => Err(Error::new(
            ErrorKind::Poisoned,
            format!("{} troubles, the first of them: {first}", troubles.len()),
        )),
    }
}

/// Whom to believe: who was named, or the server of this directory by its own certificate.
fn ca(cx: &Context) -> Option<PathBuf> {
    let of_server = || server_file(&cx.settings().data_dir).and_then(|server| server.ca);
    cx.ca().map(Path::to_owned).or_else(|| if cx.url().is_none() { of_server() } else { None })
}

/// What the locks of a directory are worth: who else reads its secrets, and its audit log.
fn look_at_locks(cx: &Context, found: &mut Value, troubles: &mut Vec<String>) {
    let dir = &cx.settings().data_dir;
    let secrets = [cx.settings().token_file(), dir.join(TOKENS_FILE)];
    let key = cx.settings().tls.key_file.clone();
    for path in secrets.into_iter().chain(key) {
        let mode = std::fs::metadata(&path).map_or(0, |m| m.permissions().mode() & 0o777);
        if mode & 0o077 != 0 {
            let path = path.display();
            troubles.push(format!("others may read {path} (mode {mode:o}); chmod 600 it"));
        }
    }
    match audit::verify(dir, None) {
        Ok(log) => {
            found["audit_records"] = log.records.into();
            let first = log.troubles.first();
            troubles.extend(first.map(|(line, why)| format!("the audit log, line {line}: {why}")));
        }
        Err(e) => troubles.push(e.to_string()),
    }
}

fn look(cx: &Context, found: &mut Value, troubles: &mut Vec<String>) {
    let dir = &cx.settings().data_dir;
    if let Ok(free) = RealDisk.free_bytes(dir) {
        found["free_bytes"] = free.into();
        if free < FREE_MIN {
            troubles.push(format!("only {} MiB are free on this disk", free >> 20));
        }
    }
    match House::open(cx.settings().house(), cx.settings().catalog()) {
        Ok(house) => {
            found["in_use"] = false.into();
            let names = house.names();
            found["identities"] = names.len().into();
            found["journals"] = house.reports().iter().map(report).collect::<Vec<_>>().into();
            for told in house.reports() {
                troubles.extend(told.poisoned.clone());
                troubles.extend(told.background_error.clone());
            }
            let mut snapshots = 0;
            for name in names {
                match house.look(&name, |identity| identity.state().version()) {
                    Ok(_) => {}
                    Err(e) => troubles.push(format!("{name}: {e}")),
                }
                let branches = house.record(&name).map(|r| r.branches.clone()).unwrap_or_default();
                snapshots += branches
                    .iter()
                    .map(|b| files_in(&dir.join("snapshots").join(b.id.to_string())))
                    .sum::<usize>();
            }
            found["snapshots"] = snapshots.into();
        }
        Err(e) if e.kind == ErrorKind::Busy => found["in_use"] = true.into(),
        Err(e) => troubles.push(e.to_string()),
    }
}

fn files_in(dir: &Path) -> usize {
    std::fs::read_dir(dir).map_or(0, |entries| entries.flatten().count())
}

fn report(r: &JournalReport) -> Value {
    json!({
        "identities": r.identities,
        "segments": r.segments,
        "bytes": r.bytes,
        "torn_tail": r.torn.as_ref().map(|t| json!({
            "file": t.file, "offset": t.offset, "bytes": t.bytes,
        })),
        "recovery_ms": r.recovery_ms,
        "sidecars_rebuilt": r.sidecars_rebuilt,
        "refuses_writes": r.poisoned,
        "background_errors": r.background_errors,
    })
}

fn text(found: &Value) -> String {
    let word = |key: &str| found[key].as_str().unwrap_or("–").to_owned();
    let mut lines = vec![(
        "data directory",
        format!("{} (from {})", word("data_dir"), word("data_dir_origin")),
    )];
    if found["exists"] == false {
        lines.push(("state", "not there yet; the first identity makes it".to_owned()));
    }
    if let Some(free) = found["free_bytes"].as_u64() {
        lines.push(("free on disk", format!("{:.1} GiB", free as f64 / f64::from(1 << 30))));
    }
    match found["in_use"].as_bool() {
        Some(true) => lines.push(("lock", "held by another process".to_owned())),
        Some(false) => lines.push(("lock", "free".to_owned())),
        None => {}
    }
    if found["identities"].is_u64() {
        lines.push(("identities", table::count(&found["identities"])));
        lines.push(("snapshots", table::count(&found["snapshots"])));
    }
    if found["audit_records"].is_u64() {
        lines.push(("audit records", table::count(&found["audit_records"])));
    }
    let journals = found["journals"].as_array().map(Vec::as_slice).unwrap_or_default();
    for (i, journal) in journals.iter().enumerate() {
        let mut told = format!(
            "{} bytes in {} files, opened in {} ms",
            table::count(&journal["bytes"]),
            journal["segments"],
            journal["recovery_ms"]
        );
        if let Some(file) = journal["torn_tail"]["file"].as_str() {
            let bytes = &journal["torn_tail"]["bytes"];
            let _ = write!(told, "; cut {bytes} unacknowledged bytes from {file}");
        }
        lines.push((["journal", ""][usize::from(i > 0)], told));
    }
    if let Some(url) = found["server"]["url"].as_str() {
        let state = if found["server"]["answers"] == true { "answers" } else { "gives no answer" };
        lines.push(("server", format!("{url} {state}")));
    }
    let troubles = found["troubles"].as_array().map_or(0, Vec::len);
    lines.push(("troubles", if troubles == 0 { "none".into() } else { troubles.to_string() }));
    table::pairs(&lines)
}
