//! `her token`: who may do what.

use std::time::Duration;

use her_identity::clock::{Clock, RealClock};
use her_identity::{Error, Result};
use serde_json::{Value, json};

use super::context::{Context, print};
use super::table::{self, Table};
use crate::locks::audit::{self, Deed};
use crate::locks::keyring;
use crate::locks::token::{FIRST, Quota, Wish};
use crate::when;

/// Make, list and revoke the tokens of a data directory
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Make a token; it is told this once
    New(New),
    /// List all tokens, without their secrets
    List,
    /// End a token; a running server knows within a second
    Revoke {
        /// The token's id, from `her token list`
        id: String,
    },
}

#[derive(clap::Args)]
struct New {
    /// What it may do: predict, learn, label, read, admin
    #[arg(long = "scope", required = true, value_delimiter = ',')]
    scopes: Vec<String>,
    /// The identities it is for; * stands for any text [default: *]
    #[arg(long = "identity", value_delimiter = ',', value_name = "PATTERN")]
    identities: Vec<String>,
    /// How long it opens, such as 12h or 30d; for ever if not said
    #[arg(long, value_name = "TIME", value_parser = span)]
    expires: Option<Duration>,
    /// What it is for, to tell it from others
    #[arg(long, default_value = "")]
    note: String,
    /// Requests it may send in a second
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    requests_per_s: Option<u32>,
    /// Events it may send in a second; streams are slowed down to it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    updates_per_s: Option<u32>,
    /// Identities of its patterns that may exist when it makes one
    #[arg(long, value_name = "N")]
    identities_max: Option<u32>,
    /// Bytes of state that they may have, such as 512MiB; when they have, they learn no more by it
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    memory_bytes: Option<u64>,
    /// Bytes of journal that they may have, such as 20GiB, all branches together
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    journal_bytes: Option<u64>,
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    if let Some(url) = cx.url() {
        return Err(Error::invalid(format!(
            "tokens are made where the data directory is, not over the network; leave --url {url} \
             out, and name the directory with --data-dir"
        )));
    }
    match &args.what {
        What::New(new) => make(new, cx),
        What::List => list(cx),
        What::Revoke { id } => revoke(id, cx),
    }
}

fn now_ms() -> u64 {
    RealClock::default().now_ms()
}

fn make(new: &New, cx: &Context) -> Result<()> {
    let dir = &cx.settings().data_dir;
    let now = now_ms();
    let everyone = vec!["*".to_owned()];
    let wish = Wish {
        scopes: new.scopes.clone(),
        identities: if new.identities.is_empty() { everyone } else { new.identities.clone() },
        expires_ms: new.expires.map(|d| now + d.as_millis() as u64),
        note: new.note.clone(),
        quota: Quota {
            requests_per_s: new.requests_per_s,
            updates_per_s: new.updates_per_s,
            identities_max: new.identities_max,
            memory_bytes: new.memory_bytes,
            journal_bytes: new.journal_bytes,
        },
    };
    let (token, text) = keyring::make(dir, &wish, now)?;
    note(cx, "token new", &token.id, &token.shown())?;
    let mut answer = token.shown();
    answer["token"] = text.clone().into();
    cx.say("this is told once; keep it where secrets are kept");
    cx.answer(&answer, || format!("{text}\n"))
}

fn revoke(id: &str, cx: &Context) -> Result<()> {
    let token = keyring::revoke(&cx.settings().data_dir, id)?;
    note(cx, "token revoke", id, &token.shown())?;
    cx.answer(&json!({ "revoked": id }), || table::pairs(&[("revoked", id.to_owned())]))
}

fn note(cx: &Context, what: &str, id: &str, shown: &Value) -> Result<()> {
    let words = |key: &str| {
        let all = shown[key].as_array().map(Vec::as_slice).unwrap_or_default();
        all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(",")
    };
    let deed = Deed {
        by: "local".into(),
        what: what.into(),
        note: Some(format!("{id}: {} of {}", words("scopes"), words("identities"))),
        outcome: "done".into(),
        ..Deed::default()
    };
    audit::append(&cx.settings().data_dir, now_ms(), &deed)
}

fn list(cx: &Context) -> Result<()> {
    let tokens = keyring::read(&cx.settings().data_dir)?;
    if cx.json() {
        return tokens.iter().try_for_each(|token| print(&format!("{}\n", token.shown())));
    }
    let mut t = Table::new(&["id", "may", "identities", "at most", "made", "ends", "note"]);
    let row = |cells: [&str; 7]| cells.map(str::to_owned).to_vec();
    t.push(row([FIRST, "admin", "*", "–", "at the first start", "never", "the file token"]));
    for token in &tokens {
        t.push(vec![
            token.id.clone(),
            token.scopes()?.names().join(","),
            token.identities.join(","),
            at_most(&token.quota),
            when::time(token.created_ms),
            match token.expires_ms {
                None => "never".to_owned(),
                Some(at) if at <= now_ms() => "over".to_owned(),
                Some(at) => when::time(at),
            },
            token.note.clone(),
        ]);
    }
    print(&t.text())
}

/// The bounds of a token, in a few words.
fn at_most(quota: &Quota) -> String {
    let n = |n: Option<u32>, what: &str| n.map(|n| format!("{n} {what}"));
    let mib = |bytes: Option<u64>, what: &str| {
        bytes.map(|bytes| format!("{:.1} MiB of {what}", bytes as f64 / 1_048_576.0))
    };
    let all = [
        n(quota.requests_per_s, "requests/s"),
        n(quota.updates_per_s, "events/s"),
        n(quota.identities_max, "identities"),
        mib(quota.memory_bytes, "state"),
        mib(quota.journal_bytes, "journal"),
    ];
    let all: Vec<String> = all.into_iter().flatten().collect();
    if all.is_empty() { "–".to_owned() } else { all.join(", ") }
}

/// A length of time such as 90s, 15m, 12h or 30d.
fn span(text: &str) -> std::result::Result<Duration, String> {
    let wanted = || format!("a time such as 90s, 15m, 12h or 30d is wanted, not {text:?}");
    let unit = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3_600,
        Some('d') => 86_400,
        _ => return Err(wanted()),
    };
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| wanted())?;
    if number == 0 || number > 36_500 * 86_400 / unit {
        return Err(wanted());
    }
    Ok(Duration::from_secs(number * unit))
}

/// A number of bytes such as 4096, 64KiB, 512MiB or 20GiB.
fn bytes(text: &str) -> std::result::Result<u64, String> {
    let wanted = || format!("bytes such as 4096, 64KiB, 512MiB or 20GiB are wanted, not {text:?}");
    let units = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40)];
    let unit = units.iter().find_map(|(unit, bits)| Some((text.strip_suffix(unit)?, *bits)));
    let (number, bits) = unit.unwrap_or((text, 0));
    let number: u64 = number.parse().map_err(|_| wanted())?;
    number.checked_mul(1 << bits).filter(|n| *n > 0).ok_or_else(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_units() {
        assert_eq!((bytes("4096"), bytes("2KiB")), (Ok(4096), Ok(2048)));
        assert_eq!(bytes("20GiB"), Ok(20 << 30));
        for bad in ["", "0", "-1", "1.5GiB", "KiB", "1GB", "99999999999TiB"] {
            assert!(bytes(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn bounds_are_told_in_words() {
        assert_eq!(at_most(&Quota::default()), "–");
        let quota =
            Quota { updates_per_s: Some(100), journal_bytes: Some(20 << 30), ..Quota::default() };
        assert_eq!(at_most(&quota), "100 events/s, 20480.0 MiB of journal");
    }

    #[test]
    fn times_have_units() {
        assert_eq!(span("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(span("30d"), Ok(Duration::from_hours(30 * 24)));
        for bad in ["", "d", "0d", "-1d", "10", "1w", "99999999d", "1é"] {
            assert!(span(bad).is_err(), "{bad}");
        }
    }
}
