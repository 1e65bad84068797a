//! The two doors to identities: a house that this process has open, or a server.
//!
//! Both are `her`'s own client behind one class, so that Python has one code path. What crosses is
//! JSON text; a call waits without the interpreter's lock.

use std::path::Path;
use std::sync::{PoisonError, RwLock};

use her::client::forget::Forget;
use her::client::kind::{self, Cause};
use her::client::local::Local;
use her::client::remote::Remote;
use her::client::{Door, Item, busy, server_file};
use her_identity::event::Request;
use her_identity::house::{Config, Span};
use her_identity::{Error, ErrorKind, House as Home, Result};
use her_learn::{Catalog, Row, Target};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde_json::Value;

pyo3::create_exception!(
    heraclitus._native,
    HouseRefusal,
    pyo3::exceptions::PyException,
    "A refusal of a house or a server: what it says, and its kind."
);

type Shared = Box<dyn Door + Send + Sync>;

/// A house, or a server, until it is closed.
#[pyclass(frozen, module = "heraclitus._native")]
pub struct House {
    door: RwLock<Option<Shared>>,
}

/// What became of a batch: events that were new, events that were done before, the version after
/// the last of them, and the refused lines with kind and text.
type Fed = (u64, u64, u64, Vec<(u64, &'static str, String)>);

impl House {
    fn new(door: Shared) -> Self {
        Self { door: RwLock::new(Some(door)) }
    }

    /// Asks without the interpreter's lock.
    fn ask<T: Send>(
        &self,
        py: Python<'_>,
        ask: impl FnOnce(&dyn Door) -> Result<T> + Send,
    ) -> PyResult<T> {
        py.detach(|| {
            let door = self.door.read().unwrap_or_else(PoisonError::into_inner);
            match door.as_deref() {
                Some(door) => ask(door),
                None => Err(Error::invalid("this house is closed")),
            }
        })
        .map_err(|e| refusal(&e))
    }

    fn tell(
        &self,
        py: Python<'_>,
        ask: impl FnOnce(&dyn Door) -> Result<Value> + Send,
    ) -> PyResult<String> {
        self.ask(py, |door| ask(door).map(|answer| answer.to_string()))
    }
}

#[pymethods]
impl House {
    /// The house in a directory; built where there is none.
    #[staticmethod]
    #[pyo3(signature = (path, shards=None))]
    fn open(py: Python<'_>, path: &str, shards: Option<usize>) -> PyResult<Self> {
        py.detach(|| home(Path::new(path), shards)).map(Self::new).map_err(|e| refusal(&e))
    }

    /// A server by its address; `ca` is the file of certificates that are believed. Nothing is
    /// asked yet.
    #[staticmethod]
    #[pyo3(signature = (url, token=None, ca=None))]
    fn connect(url: &str, token: Option<String>, ca: Option<&str>) -> PyResult<Self> {
        let remote = Remote::trusting(url, token, ca.map(Path::new)).map_err(|e| refusal(&e))?;
        Ok(Self::new(Box::new(remote)))
    }

    /// Waits for calls that are under way, and closes.
    fn close(&self, py: Python<'_>) {
        py.detach(|| {
            let door = self.door.write().unwrap_or_else(PoisonError::into_inner).take();
            drop(door);
        });
    }

    fn is_closed(&self, py: Python<'_>) -> bool {
        py.detach(|| self.door.read().unwrap_or_else(PoisonError::into_inner).is_none())
    }

    fn create(&self, py: Python<'_>, name: &str, spec: &str) -> PyResult<String> {
        self.tell(py, |door| door.create(name, &parse(spec)?))
    }

    fn list(&self, py: Python<'_>) -> PyResult<String> {
        self.tell(py, |door| Ok(Value::Array(door.list()?)))
    }

    #[pyo3(signature = (name, version=None, top=0))]
    fn show(
        &self,
        py: Python<'_>,
        name: &str,
        version: Option<u64>,
        top: usize,
    ) -> PyResult<String> {
        self.tell(py, |door| door.show(name, version, top))
    }

    /// The model's bytes, as it is or was.
    #[pyo3(signature = (name, version=None))]
    fn model<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        version: Option<u64>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = self.ask(py, |door| door.model(name, version))?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// Predictions for a list of events' features.
    #[pyo3(signature = (name, rows, version=None))]
    fn predict(
        &self,
        py: Python<'_>,
        name: &str,
        rows: &str,
        version: Option<u64>,
    ) -> PyResult<String> {
        self.tell(py, |door| {
            let Value::Array(rows) = parse(rows)? else {
                return Err(Error::invalid("rows are a list"));
            };
            rows.iter().map(|x| door.predict(name, x, version)).collect()
        })
    }

    /// One event; durable when this returns.
    fn event(&self, py: Python<'_>, name: &str, body: &str) -> PyResult<String> {
        self.tell(py, |door| {
            let mut answers = door.events(name, &[parse(body)?])?;
            answers.pop().unwrap_or_else(|| Err(Error::new(ErrorKind::Internal, "no answer")))
        })
    }

    /// A batch of events to learn from, `[x, y, w]` each; durable when this returns. With a
    /// client's name, line `i` is its request `n + i`.
    #[pyo3(signature = (name, events, client=None, n=0))]
    fn feed(
        &self,
        py: Python<'_>,
        name: &str,
        events: &str,
        client: Option<&str>,
        n: u64,
    ) -> PyResult<Fed> {
        self.ask(py, |door| feed(door, name, events, client, n))
    }

    fn log(&self, py: Python<'_>, name: &str, from: u64, limit: usize) -> PyResult<String> {
        self.tell(py, |door| Ok(Value::Array(door.log(name, from, limit)?)))
    }

    fn rewind(&self, py: Python<'_>, name: &str, version: u64) -> PyResult<String> {
        self.tell(py, |door| door.rewind(name, version))
    }

    #[pyo3(signature = (name, start, end, erase, dry_run))]
    fn forget(
        &self,
        py: Python<'_>,
        name: &str,
        start: u64,
        end: u64,
        erase: bool,
        dry_run: bool,
    ) -> PyResult<String> {
        let what = Forget { range: Span { from: start, to: end }, erase, dry_run };
        self.tell(py, |door| door.forget(name, &what, &mut |_, _| ()))
    }

    #[pyo3(signature = (name, new_name, version=None))]
    fn fork(
        &self,
        py: Python<'_>,
        name: &str,
        new_name: &str,
        version: Option<u64>,
    ) -> PyResult<String> {
        self.tell(py, |door| door.fork(name, new_name, version))
    }

    fn freeze(&self, py: Python<'_>, name: &str) -> PyResult<String> {
        self.tell(py, |door| door.freeze(name))
    }

    #[pyo3(signature = (name, tag, version=None))]
    fn tag(&self, py: Python<'_>, name: &str, tag: &str, version: Option<u64>) -> PyResult<String> {
        self.tell(py, |door| door.tag(name, tag, version))
    }

    fn diff(&self, py: Python<'_>, name: &str, from: u64, to: u64, top: usize) -> PyResult<String> {
        self.tell(py, |door| door.diff(name, from, to, top))
    }

    fn verify(&self, py: Python<'_>, name: &str) -> PyResult<String> {
        self.tell(py, |door| door.verify(name))
    }

    fn snapshot(&self, py: Python<'_>, name: &str) -> PyResult<String> {
        self.tell(py, |door| door.snapshot(name))
    }

    fn place(&self, py: Python<'_>) -> PyResult<String> {
        self.ask(py, |door| Ok(door.place()))
    }
}

fn home(path: &Path, shards: Option<usize>) -> Result<Shared> {
    let mut config = Config::new(path);
    if let Some(shards) = shards {
        config.shards = shards.clamp(1, 64);
    }
    match Home::open(config, Catalog::builtin()) {
        Ok(house) => Ok(Box::new(Local::new(her::depart::alone(house, path)?))),
        Err(e) if e.kind == ErrorKind::Busy => Err(match server_file(path) {
            Some(server) => Error::new(
                ErrorKind::Busy,
                format!(
                    "{} is in use by a server: heraclitus.connect({:?}) reaches it",
                    path.display(),
                    server.url
                ),
            ),
            None => busy(path).because(e),
        }),
        Err(e) => Err(e),
    }
}

fn feed(door: &dyn Door, name: &str, events: &str, client: Option<&str>, n: u64) -> Result<Fed> {
    let Value::Array(events) = parse(events)? else {
        return Err(Error::invalid("events are a list"));
    };
    let (mut items, mut refused) = (Vec::with_capacity(events.len()), Vec::new());
    for (line, event) in (0..).zip(&events) {
        match what(event) {
            Ok(what) => {
                let request = client.map(|client| Request { client: client.into(), n: n + line });
                items.push(Item { line, request, what });
            }
            Err(e) => refused.push((line, kind_of(&e), e.message)),
        }
    }
    let (mut new, mut again, mut version) = (0, 0, 0);
    let mut chunks = items.chunks(her::client::feed::CHUNK);
    door.feed(
        name,
        &mut || Ok(chunks.next().map(<[Item]>::to_vec)),
        &mut |line, told| match told {
            Ok(told) => {
                *(if told.duplicate { &mut again } else { &mut new }) += 1;
                version = told.version;
            }
            Err(e) => refused.push((line, kind_of(&e), e.message)),
        },
    )?;
    refused.sort_by_key(|(line, ..)| *line);
    Ok((new, again, version, refused))
}

/// `[x, y, w]` as something to learn from.
fn what(event: &Value) -> Result<her_identity::event::What> {
    let wrong = |e: her_learn::Error| Error::invalid(e.to_string());
    let row = Row::from_json(&event[0]).map_err(wrong)?;
    let target = match &event[1] {
        Value::Null => Target::None,
        label => Target::from_json(label).map_err(wrong)?,
    };
    let weight = event[2].as_f64().ok_or_else(|| {
        Error::invalid(format!("w must be a number of 0 or more, got {}", event[2]))
    })?;
    Ok(her_identity::event::What::Learn { row, target, weight })
}

fn parse(text: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(|e| Error::invalid(format!("not JSON: {e}")))
}

/// A kind's name, or what a client met on the way.
fn kind_of(error: &Error) -> &'static str {
    match error.source.as_ref().and_then(|s| s.downcast_ref::<Cause>()) {
        Some(Cause::Unreachable) => "unreachable",
        Some(Cause::Refused) => "refused",
        _ => kind::name(error.kind),
    }
}

fn refusal(error: &Error) -> PyErr {
    HouseRefusal::new_err((error.message.clone(), kind_of(error)))
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("HouseRefusal", module.py().get_type::<HouseRefusal>())?;
    module.add_class::<House>()
}
