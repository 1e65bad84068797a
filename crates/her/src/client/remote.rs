//! The door to a server, over HTTP.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use her_identity::event::{Request, What};
use her_identity::legacy::Owner;
use her_identity::{Error, ErrorKind, Result};
use serde_json::{Map, Value, json};
use ureq::Agent;
use ureq::tls::TlsConfig;

use super::kind::{self, Cause};
use super::{Door, Hear, Item, Next, Told, encoded, feed, trust};

/// A server elsewhere.
pub struct Remote {
    agent: Agent,
    base: String,
    token: Option<String>,
}

/// How long an answer may take. Learning and replay may take long; a server that is not there is
/// told within [`CONNECT`].
const ANSWER: Duration = Duration::from_mins(10);
const CONNECT: Duration = Duration::from_secs(5);

impl Remote {
    /// A server by its address; one of https is believed by the certificates of a PEM file and no
    /// others, or by those of this machine.
    pub fn trusting(url: &str, token: Option<String>, ca: Option<&Path>) -> Result<Self> {
        let tls = match ca {
            Some(file) => trust::of_file(file)?,
            None => trust::of_machine(url),
        };
        Ok(Self::with(url, token, tls))
    }

    fn with(url: &str, token: Option<String>, tls: TlsConfig) -> Self {
        let config = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(ANSWER))
            .build();
        let base = url.trim_end_matches('/').to_owned();
        Self { agent: config.into(), base, token }
    }

    /// Asks whether the server answers at all, and takes our token.
    pub fn is_alive(&self) -> Result<()> {
        self.get("/v1/identities", &[]).map(drop)
    }

    /// The last records of the audit log.
    pub fn audit(&self, limit: usize) -> Result<Value> {
        parse(&self.get("/v1/audit", &[("limit", limit.to_string())])?)
    }

    pub(super) fn get(&self, path: &str, query: &[(&str, String)]) -> Result<String> {
        text(self.bytes(path, query)?)
    }

    fn bytes(&self, path: &str, query: &[(&str, String)]) -> Result<Vec<u8>> {
        let mut request = self.agent.get(self.url(path, query));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        self.read(request.call())
    }

    fn send(&self, put: bool, path: &str, content: &str, body: &str) -> Result<String> {
        let request = if put {
            self.agent.put(self.url(path, &[]))
        } else {
            self.agent.post(self.url(path, &[]))
        };
        let mut request = request.header("content-type", content);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        text(self.read(request.send(body))?)
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> Result<Value> {
        parse(&self.send(false, path, "application/json", &body.to_string())?)
    }

    /// Sends lines and tells their answers. The server holds so many answers back that it takes
    /// all lines before it waits for us to read.
    fn lines(&self, name: &str, items: &[Item], told: Hear<'_>) -> Result<()> {
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
        let text = self.send(false, &path, "application/x-ndjson", &body)?;
        let mut answers = text.lines().filter(|line| !line.is_empty());
        for item in items {
            let Some(text) = answers.next() else { return Err(broken_off(item.line, "")) };
            if let Some(error) = ended(text, item.line) {
                return Err(error);
            }
            told(
                item.line,
                answer(text).map(|v| Told {
                    version: v["version"].as_u64().unwrap_or(0),
                    duplicate: v["duplicate"].as_bool().unwrap_or(false),
                    drift: v["drift"].as_bool().unwrap_or(false),
                }),
            );
        }
        Ok(())
    }

    fn url(&self, path: &str, query: &[(&str, String)]) -> String {
        let mut url = format!("{}{path}", self.base);
        for (i, (key, value)) in query.iter().enumerate() {
            url.push(if i == 0 { '?' } else { '&' });
            url.push_str(key);
            url.push('=');
            url.push_str(&encoded(value));
        }
        url
    }

    fn read(
        &self,
        answer: std::result::Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<Vec<u8>> {
        let mut answer = answer.map_err(|e| self.unreachable(&e))?;
        let status = answer.status().as_u16();
        let body = answer.body_mut().with_config().limit(u64::MAX).read_to_vec();
        let body = body.map_err(|e| self.unreachable(&e))?;
        if (200..300).contains(&status) {
            Ok(body)
        } else {
            Err(refusal(status, &String::from_utf8_lossy(&body)))
        }
    }

    fn unreachable(&self, error: &ureq::Error) -> Error {
        Error::new(ErrorKind::Unavailable, format!("{} gives no answer: {error}", self.base))
            .because(Cause::Unreachable)
    }
}

fn text(body: Vec<u8>) -> Result<String> {
    String::from_utf8(body)
        .map_err(|e| Error::new(ErrorKind::Internal, format!("the server answers no text: {e}")))
}

/// The error that an answer tells: a `problem+json`, or any text with a status.
fn refusal(status: u16, body: &str) -> Error {
    let problem: Value = serde_json::from_str(body).unwrap_or_default();
    let kind = problem["kind"].as_str().and_then(kind::parse);
    let told = problem["detail"].as_str().or(problem["title"].as_str());
    let message = told.map_or_else(|| format!("the server answers {status}"), str::to_owned);
    let error = Error::new(kind.unwrap_or_else(|| kind::of_status(status)), message);
    if matches!(status, 401 | 403) { error.because(Cause::Refused) } else { error }
}

pub(super) fn parse(text: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(|e| {
        let start: String = text.chars().take(60).collect();
        Error::new(ErrorKind::Internal, format!("the server answers no JSON but {start:?}: {e}"))
    })
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

pub(super) fn of(name: &str, rest: &str) -> String {
    format!("/v1/identities/{}{rest}", encoded(name))
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
        What::Born(_) | What::Branched { .. } | What::Freeze | What::Rehearse { .. } => {
            return Err(Error::invalid("a stream holds events with features or labels only"));
        }
    }
    if let Some(request) = item.request.as_ref().filter(|_| numbered) {
        map.insert("client".into(), (&*request.client).into());
        map.insert("n".into(), request.n.into());
    }
    Ok(map.into())
}

impl Door for Remote {
    fn create(&self, name: &str, spec: &Value) -> Result<Value> {
        parse(&self.send(true, &of(name, ""), "application/json", &spec.to_string())?)
    }

    fn list(&self) -> Result<Vec<Value>> {
        let (mut all, mut query) = (Vec::new(), Vec::new());
        loop {
            let mut page = parse(&self.get("/v1/identities", &query)?)?;
            let Some(lines) = page["identities"].as_array_mut() else {
                return Err(Error::new(ErrorKind::Internal, "the server's list is no list"));
            };
            all.append(lines);
            let Some(next) = page["next"].as_str() else { return Ok(all) };
            query = vec![("after", next.to_owned())];
        }
    }

    fn show(&self, name: &str, version: Option<u64>, top: usize) -> Result<Value> {
        let at = version.map_or(String::new(), |v| format!("/at/{v}"));
        parse(&self.get(&of(name, &at), &[("top", top.to_string())])?)
    }

    fn model(&self, name: &str, version: Option<u64>) -> Result<Vec<u8>> {
        let at = version.map_or(String::new(), |v| format!("/at/{v}"));
        self.bytes(&of(name, &format!("{at}/model")), &[])
    }

    fn card(&self, name: &str, patience: Duration) -> Result<Value> {
        parse(&self.get(&of(name, "/card"), &[("seconds", patience.as_secs().to_string())])?)
    }

    fn newest(&self, name: &str, client: &str) -> Result<Option<u64>> {
        let path = of(name, &format!("/clients/{}", encoded(client)));
        Ok(parse(&self.get(&path, &[])?)?["newest"].as_u64())
    }

    fn predict(&self, name: &str, x: &Value, version: Option<u64>) -> Result<Value> {
        let at = version.map_or(String::new(), |v| format!("/at/{v}"));
        self.post(&of(name, &format!("{at}/predict")), &json!({ "x": x }))
    }

    fn events(&self, name: &str, events: &[Value]) -> Result<Vec<Result<Value>>> {
        let one = |body: &Value| {
            let route = match (body.get("x"), body.get("y")) {
                (Some(_), None) => "/predict",
                (None, Some(_)) => "/label",
                _ => "/learn",
            };
            self.post(&of(name, route), body)
        };
        events.iter().map(|body| Ok(one(body))).collect()
    }

    fn feed(&self, name: &str, next: Next<'_>, told: Hear<'_>) -> Result<()> {
        let mut more = true;
        while more {
            let mut items = Vec::new();
            while more && items.len() < feed::CHUNK * feed::IN_FLIGHT {
                match next()? {
                    Some(mut chunk) => {
                        let few = chunk.len() < feed::CHUNK;
                        items.append(&mut chunk);
                        // A chunk that is not full is all there is at present.
                        if few {
                            break;
                        }
                    }
                    None => more = false,
                }
            }
            if !items.is_empty() {
                self.lines(name, &items, told)?;
            }
        }
        Ok(())
    }

    fn log(&self, name: &str, from: u64, limit: usize) -> Result<Vec<Value>> {
        let query = [("from", from.to_string()), ("limit", limit.to_string())];
        self.get(&of(name, "/log"), &query)?.lines().map(parse).collect()
    }

    fn rewind(&self, name: &str, version: u64) -> Result<Value> {
        self.post(&of(name, "/rewind"), &json!({ "version": version }))
    }

    fn fork(&self, name: &str, new_name: &str, version: Option<u64>) -> Result<Value> {
        let mut body = json!({ "name": new_name });
        if let Some(version) = version {
            body["version"] = version.into();
        }
        self.post(&of(name, "/fork"), &body)
    }

    fn freeze(&self, name: &str) -> Result<Value> {
        self.post(&of(name, "/freeze"), &json!({}))
    }

    fn leave(
        &self,
        name: &str,
        version: Option<u64>,
        dir: Option<&Path>,
        owner: Option<Owner>,
    ) -> Result<Value> {
        if let Some(dir) = dir {
            return Err(Error::invalid(format!(
                "the server at {} leaves copies in its own data directory; leave out {}, or stop \
                 the server first",
                self.base,
                dir.display()
            )));
        }
        self.post(&of(name, "/leave"), &json!({ "version": version, "owner": owner }))
    }

    fn tag(&self, name: &str, tag: &str, version: Option<u64>) -> Result<Value> {
        let mut body = json!({ "tag": tag });
        if let Some(version) = version {
            body["version"] = version.into();
        }
        self.post(&of(name, "/tag"), &body)
    }

    fn diff(&self, name: &str, from: u64, to: u64, top: usize) -> Result<Value> {
        let query = [("from", from.to_string()), ("to", to.to_string()), ("top", top.to_string())];
        parse(&self.get(&of(name, "/diff"), &query)?)
    }

    fn verify(&self, name: &str) -> Result<Value> {
        self.post(&of(name, "/verify"), &json!({}))
    }

    fn snapshot(&self, name: &str) -> Result<Value> {
        self.post(&of(name, "/snapshot"), &json!({}))
    }

    fn channels(&self, name: Option<&str>) -> Result<Value> {
        let path = name.map_or_else(|| "/v1/channels".to_owned(), |name| of(name, "/channels"));
        parse(&self.get(&path, &[])?)
    }

    fn place(&self) -> String {
        self.base.clone()
    }
}
