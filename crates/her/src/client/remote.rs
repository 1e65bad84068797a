//! The door to a server, over HTTP.

use std::path::Path;
use std::time::Duration;

use her_identity::legacy::Owner;
use her_identity::{Error, ErrorKind, Result};
use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::{Method, Request};
use ureq::tls::TlsConfig;

use super::forget::{self, Forget, Progress};
use super::kind::{self, Cause};
use super::owners::{self, Owners, Whom};
use super::{Door, Hear, Next, encoded, feed, trust};
use crate::books::BOOK;

/// A server elsewhere.
pub struct Remote {
    agent: Agent,
    base: String,
    token: Option<String>,
    owners: Owners,
}

/// How long an answer may take. Learning and replay may take long; a server that is not there is
/// told within [`CONNECT`].
const ANSWER: Duration = Duration::from_mins(10);
const CONNECT: Duration = Duration::from_secs(5);
const BYTES: &str = "application/octet-stream";

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
        Self { agent: config.into(), owners: Owners::new(&base), base, token }
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
        let ask = Ask { method: Method::GET, path, query, content: "", body: b"" };
        Ok(self.ask(&ask)?.0)
    }

    pub(super) fn send(
        &self,
        method: Method,
        path: &str,
        content: &str,
        body: &str,
    ) -> Result<String> {
        let ask = Ask { method, path, query: &[], content, body: body.as_bytes() };
        text(self.ask(&ask)?.0)
    }

    pub(super) fn send_bytes(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, String)],
        body: &[u8],
    ) -> Result<String> {
        text(self.ask(&Ask { method, path, query, content: BYTES, body })?.0)
    }

    /// Posts bytes; gives the book that is answered, and what is said of it.
    pub(super) fn send_for_book(
        &self,
        path: &str,
        query: &[(&str, String)],
        body: &[u8],
    ) -> Result<(Vec<u8>, String)> {
        self.ask(&Ask { method: Method::POST, path, query, content: BYTES, body })
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> Result<Value> {
        parse(&self.send(Method::POST, path, "application/json", &body.to_string())?)
    }

    /// Posts JSON, and gives the answer as it comes.
    pub(super) fn stream(&self, path: &str, body: &Value) -> Result<impl std::io::BufRead + use<>> {
        let gone = |e: ureq::Error| unreachable(&self.base, &e);
        let mut request = Request::builder().method(Method::POST);
        request = request.uri(format!("{}{path}", self.base));
        request = request.header("content-type", "application/json");
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.body(body.to_string()).map_err(|e| gone(e.into()))?;
        let mut answer = self.agent.run(request).map_err(gone)?;
        let status = answer.status().as_u16();
        if !(200..300).contains(&status) {
            let body = answer.body_mut().read_to_string().map_err(gone)?;
            return Err(
                super::talk::refusal(status, &body).unwrap_or_else(|| refusal(status, &body))
            );
        }
        Ok(std::io::BufReader::new(answer.into_body().into_reader()))
    }

    /// Asks whoever has the identity that the path names, and follows it where it moved. Gives the
    /// answer, and what its header says of a book in it.
    fn ask(&self, ask: &Ask<'_>) -> Result<(Vec<u8>, String)> {
        let mut whom = self.owners.of(ask.path);
        for _ in 0..owners::HOPS {
            let (base, follows) = match &whom {
                Whom::Owner(url) => (url, owners::identity(ask.path).is_some()),
                Whom::HandsOn(url) => (url, false),
            };
            let elsewhere = *base != self.base;
            let answered = self.once(base, ask, follows);
            if answered.is_err() && elsewhere {
                self.owners.lost(ask.path);
            }
            let (status, body, book) = answered?;
            whom = match status {
                200..300 => return Ok((body, book)),
                421 if follows => self.owners.moved(ask.path, &body),
                401 | 403 if elsewhere => self.owners.refused(ask.path),
                _ => return Err(refusal(status, &String::from_utf8_lossy(&body))),
            };
        }
        self.owners.lost(ask.path);
        let message = format!("{} moves faster than it can be followed; try again", ask.path);
        Err(Error::new(ErrorKind::Moved, message))
    }

    /// Asks one server; its status, its answer, and what it says of a book in it.
    fn once(&self, base: &str, ask: &Ask<'_>, follows: bool) -> Result<(u16, Vec<u8>, String)> {
        let gone = |e: ureq::Error| unreachable(base, &e);
        let mut request = Request::builder().method(&ask.method).uri(ask.url(base));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if follows {
            request = request.header("her-follow", "1");
        }
        if !ask.content.is_empty() {
            request = request.header("content-type", ask.content);
        }
        let answered = if ask.method == Method::GET {
            self.agent.run(request.body(()).map_err(|e| gone(e.into()))?)
        } else {
            self.agent.run(request.body(ask.body).map_err(|e| gone(e.into()))?)
        };
        let mut answer = answered.map_err(gone)?;
        let status = answer.status().as_u16();
        let book = answer.headers().get(BOOK).and_then(|said| said.to_str().ok());
        let book = book.unwrap_or_default().to_owned();
        let body = answer.body_mut().with_config().limit(u64::MAX).read_to_vec();
        Ok((status, body.map_err(gone)?, book))
    }
}

/// A request before it is known whom to ask.
struct Ask<'a> {
    method: Method,
    path: &'a str,
    query: &'a [(&'a str, String)],
    /// The content type of the body.
    content: &'a str,
    body: &'a [u8],
}

impl Ask<'_> {
    fn url(&self, base: &str) -> String {
        let mut url = format!("{base}{}", self.path);
        for (i, (key, value)) in self.query.iter().enumerate() {
            url.push(if i == 0 { '?' } else { '&' });
            url.push_str(key);
            url.push('=');
            url.push_str(&encoded(value));
        }
        url
    }
}

fn unreachable(base: &str, error: &ureq::Error) -> Error {
    Error::new(ErrorKind::Unavailable, format!("{base} gives no answer: {error}"))
        .because(Cause::Unreachable)
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

pub(super) fn of(name: &str, rest: &str) -> String {
    format!("/v1/identities/{}{rest}", encoded(name))
}

impl Door for Remote {
    fn create(&self, name: &str, spec: &Value) -> Result<Value> {
        parse(&self.send(Method::PUT, &of(name, ""), "application/json", &spec.to_string())?)
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

    fn forget(&self, name: &str, what: &Forget, hear: Progress<'_>) -> Result<Value> {
        let body = json!({
            "from": what.range.from, "to": what.range.to,
            "erase": what.erase, "dry_run": what.dry_run,
        });
        let look = || {
            let card = parse(&self.get(&of(name, ""), &[]).ok()?).ok()?;
            let relived = &card["forgetting"];
            Some((relived["done"].as_u64()?, relived["of"].as_u64()?))
        };
        forget::watched(|| self.post(&of(name, "/forget"), &body), look, hear)
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
