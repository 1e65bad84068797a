//! A stream of events to a server: lines, and the answers to them.

use std::fmt::Write as _;

use her_identity::event::{Request, What};
use her_identity::{Error, ErrorKind, Result};
use serde_json::{Map, Value};
use ureq::http::Method;

use super::kind::{self, Cause};
use super::remote::{Remote, of, parse};
use super::{Hear, Item, Told, encoded, owners};

impl Remote {
    /// Sends lines and tells their answers. The server holds so many answers back that it takes
    /// all lines before it waits for us to read.
    ///
    /// Lines that came after the identity had left are sent again to where it went; a numbered
    /// one is not done twice.
    pub(super) fn lines(&self, name: &str, mut items: &[Item], told: Hear<'_>) -> Result<()> {
        for last in (0..owners::HOPS).rev() {
            let left = self.lines_once(name, items, last == 0, told)?;
            items = &items[items.len() - left..];
            if items.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// Sends lines once; how many, the last ones, came too late where they were sent.
    fn lines_once(&self, name: &str, items: &[Item], last: bool, told: Hear<'_>) -> Result<usize> {
        let first = items.first().and_then(|item| item.request.as_ref());
        let dense = |(i, item): (usize, &Item)| {
            let wanted = first.map(|r| Request { client: r.client.clone(), n: r.n + i as u64 });
            item.request == wanted
        };
        // The address numbers all lines at once, which the server reads faster.
        let dense = items.iter().enumerate().all(dense);
        let mut path = of(name, "/learn");
        if let Some(request) = first.filter(|_| dense) {
            let _ = write!(path, "?client={}&n={}", encoded(&request.client), request.n);
        }
        let mut body = String::new();
        for item in items {
            body.push_str(&line_of(item, !dense)?.to_string());
            body.push('\n');
        }
        let text = self.send(Method::POST, &path, "application/x-ndjson", &body)?;
        let mut answers = text.lines().filter(|line| !line.is_empty());
        for (i, item) in items.iter().enumerate() {
            let Some(text) = answers.next() else { return Err(broken_off(item.line, "")) };
            if let Some(error) = ended(text, item.line) {
                return Err(error);
            }
            let answer = answer(text);
            if !last && answer.as_ref().is_err_and(|e| e.kind == ErrorKind::Moved) {
                return Ok(items.len() - i);
            }
            told(
                item.line,
                answer.map(|v| Told {
                    version: v["version"].as_u64().unwrap_or(0),
                    duplicate: v["duplicate"].as_bool().unwrap_or(false),
                    drift: v["drift"].as_bool().unwrap_or(false),
                }),
            );
        }
        Ok(0)
    }
}

/// The error that ends a stream before its time: it names no line.
fn ended(text: &str, line: u64) -> Option<Error> {
    if !text.starts_with("{\"error\"") {
        return None;
    }
    let value: Value = serde_json::from_str(text).ok()?;
    let (error, kind) = (&value["error"], value["error"]["kind"].as_str()?);
    if error["line"].is_u64() {
        return None;
    }
    let detail = error["detail"].as_str().unwrap_or(kind);
    if matches!(kind, "closing" | "timeout") {
        return Some(broken_off(line, &format!(" ({detail})")));
    }
    let kind = kind::parse(kind).unwrap_or(ErrorKind::Invalid);
    Some(Error::new(kind, format!("before line {line}: {detail}")))
}

fn broken_off(line: u64, why: &str) -> Error {
    let message = format!("the server's answers end before line {line}{why}; send it again");
    Error::new(ErrorKind::Unavailable, message).because(Cause::Unreachable)
}

/// One line of an answer, or the error it holds.
fn answer(line: &str) -> Result<Value> {
    let value = parse(line)?;
    let Some(error) = value.get("error") else { return Ok(value) };
    let kind = error["kind"].as_str().and_then(kind::parse).unwrap_or(ErrorKind::Internal);
    let message = error["detail"].as_str().or(error["message"].as_str());
    Err(Error::new(kind, message.unwrap_or("refused without a reason")))
}

/// An event of a stream as the server reads it, with its number if it needs one of its own.
fn line_of(item: &Item, numbered: bool) -> Result<Value> {
    let mut map = Map::new();
    match &item.what {
        What::Learn { row, target, weight } => {
            map.insert("x".into(), row.to_json());
            map.insert("y".into(), target.to_json());
            if *weight != 1.0 {
                map.insert("w".into(), (*weight).into());
            }
        }
        What::Remember { key, row } => {
            map.insert("x".into(), row.to_json());
            map.insert("id".into(), (&**key).into());
        }
        What::Label { key, target } => {
            map.insert("id".into(), (&**key).into());
            map.insert("y".into(), target.to_json());
        }
        What::Born(_)
        | What::Branched { .. }
        | What::Freeze
        | What::Rehearse { .. }
        | What::Rest
        | What::Sync(_)
        | What::Piece(_) => {
            return Err(Error::invalid("a stream holds events with features or labels only"));
        }
    }
    if let Some(request) = item.request.as_ref().filter(|_| numbered) {
        map.insert("client".into(), (&*request.client).into());
        map.insert("n".into(), request.n.into());
    }
    Ok(map.into())
}
