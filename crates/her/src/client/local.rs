//! The door to a house that this process has open.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use her_identity::event::{Birth, Event};
use her_identity::legacy::Owner;
use her_identity::turn::Desk;
use her_identity::{Error, House, Result};
use her_learn::Row;
use serde_json::{Value, json};

use super::feed::Feed;
use super::forget::{self, Forget, Progress};
use super::kind;
use super::{Door, Hear, Next};
use crate::locks::audit::{self, Deed};
use crate::talk::turn::Host;
use crate::wire;

/// A house of our own.
pub struct Local {
    house: Arc<House>,
    host: Host,
}

impl Local {
    /// The door of a house; the house is closed with it.
    pub fn new(house: House) -> Self {
        Self { house: Arc::new(house), host: Host::default() }
    }

    /// The house behind the door.
    pub fn house(&self) -> &House {
        &self.house
    }

    /// The house for work that shares it.
    pub(super) fn shared(&self) -> &Arc<House> {
        &self.house
    }

    /// What the turns of a conversation through this door have in common.
    pub(super) fn host(&self) -> &Host {
        &self.host
    }
}

impl Local {
    /// Does something that the audit log tells of.
    pub(super) fn audited(
        &self,
        what: &str,
        name: &str,
        note: Option<String>,
        work: impl FnOnce(&House) -> Result<Value>,
    ) -> Result<Value> {
        let before = self.house.head(name).ok().map(|head| head.seq);
        let done = work(&self.house);
        let deed = Deed {
            by: "local".into(),
            what: what.into(),
            identity: Some(name.to_owned()),
            before,
            after: done.as_ref().ok().and_then(|answer| answer["version"].as_u64()),
            note,
            outcome: match &done {
                Ok(_) => "done".into(),
                Err(e) => format!("refused: {}", kind::name(e.kind)),
            },
            ..Deed::default()
        };
        let written = audit::append(self.house.dir(), self.house.clock().now_ms(), &deed);
        match (done, written) {
            (Ok(_), Err(e)) => Err(Error::new(
                e.kind,
                format!("it was done, but the audit log could not be written: {}", e.message),
            )),
            (done, _) => done,
        }
    }
}

/// A prediction by a past version, as JSON.
pub fn predict_at(house: &House, name: &str, x: &Value, version: u64) -> Result<Value> {
    let row = row(x)?;
    let answer = house.at(name, version)?.predict(&row, &mut Desk::default())?;
    Ok(json!({ "prediction": wire::prediction(&answer), "version": version }))
}

fn row(x: &Value) -> Result<Row> {
    Row::from_json(x).map_err(|e| Error::invalid(e.to_string()))
}

impl Door for Local {
    fn create(&self, name: &str, spec: &Value) -> Result<Value> {
        self.audited("create", name, None, |house| {
            house.create(name, &Birth::from_json(spec)?)?;
            wire::card(house, name, 0)
        })
    }

    fn list(&self) -> Result<Vec<Value>> {
        self.house.names().iter().map(|name| wire::line(&self.house, name)).collect()
    }

    fn show(&self, name: &str, version: Option<u64>, top: usize) -> Result<Value> {
        let Some(version) = version else { return wire::card(&self.house, name, top) };
        let mut card = wire::state(&self.house.at(name, version)?, top);
        card["name"] = name.into();
        Ok(card)
    }

    fn model(&self, name: &str, version: Option<u64>) -> Result<Vec<u8>> {
        match version {
            Some(version) => Ok(self.house.at(name, version)?.model().save()),
            None => self.house.look(name, |identity| identity.state().model().save()),
        }
    }

    fn card(&self, name: &str, patience: Duration) -> Result<Value> {
        crate::card::card(&self.house, name, patience)
    }

    fn newest(&self, name: &str, client: &str) -> Result<Option<u64>> {
        self.house.newest_request(name, client)
    }

    fn predict(&self, name: &str, x: &Value, version: Option<u64>) -> Result<Value> {
        if let Some(version) = version {
            return predict_at(&self.house, name, x, version);
        }
        let (answer, version) = self.house.predict_wait(name, row(x)?)?;
        Ok(json!({ "prediction": wire::prediction(&answer), "version": version }))
    }

    fn events(&self, name: &str, events: &[Value]) -> Result<Vec<Result<Value>>> {
        let (mut good, mut places) = (Vec::new(), Vec::new());
        let mut answers: Vec<Result<Value>> = Vec::with_capacity(events.len());
        for body in events {
            match wire::event(&self.house, body) {
                Ok(event) => {
                    good.push(event);
                    places.push(answers.len());
                    answers.push(Ok(Value::Null));
                }
                Err(e) => answers.push(Err(e)),
            }
        }
        if !good.is_empty() {
            let replies = self.house.submit_wait(name, good)?;
            for (place, reply) in places.into_iter().zip(replies) {
                answers[place] = reply.map(|r| wire::reply(&r));
            }
        }
        Ok(answers)
    }

    fn feed(&self, name: &str, next: Next<'_>, told: Hear<'_>) -> Result<()> {
        self.house.record(name)?;
        let mut feed = Feed::new(&self.house, name);
        while let Some(items) = next()? {
            let lines = items.iter().map(|item| item.line).collect();
            let at_ms = self.house.clock().now_ms();
            let events = items
                .into_iter()
                .map(|item| Event { at_ms, request: item.request, what: item.what })
                .collect();
            feed.push(lines, events, told)?;
            feed.tell_ready(told)?;
        }
        feed.finish(told)
    }

    fn log(&self, name: &str, from: u64, limit: usize) -> Result<Vec<Value>> {
        self.house.log(name, from, limit)
    }

    fn rewind(&self, name: &str, version: u64) -> Result<Value> {
        self.audited("rewind", name, Some(format!("to version {version}")), |house| {
            house.rewind(name, version)?;
            wire::card(house, name, 0)
        })
    }

    fn forget(&self, name: &str, what: &Forget, hear: Progress<'_>) -> Result<Value> {
        let Forget { range, erase, dry_run } = *what;
        if dry_run {
            return Ok(wire::forgotten(name, &self.house.would_forget(name, range)?));
        }
        let erased = if erase { ", erased" } else { "" };
        let note = format!("versions {} to {}{erased}", range.from, range.to);
        self.audited("forget", name, Some(note), |house| {
            let look = || house.forgetting(name).map(|relived| (relived.done, relived.of));
            let done = forget::watched(|| house.forget(name, range, erase), look, hear)?;
            Ok(wire::forgotten(name, &done))
        })
    }

    fn fork(&self, name: &str, new_name: &str, version: Option<u64>) -> Result<Value> {
        self.audited("fork", name, Some(format!("new identity {new_name}")), |house| {
            house.fork(name, new_name, version)?;
            wire::card(house, new_name, 0)
        })
    }

    fn freeze(&self, name: &str) -> Result<Value> {
        self.audited("freeze", name, None, |house| {
            let version = house.freeze(name)?;
            Ok(json!({ "name": name, "version": version, "frozen": true }))
        })
    }

    fn leave(
        &self,
        name: &str,
        version: Option<u64>,
        dir: Option<&Path>,
        owner: Option<Owner>,
    ) -> Result<Value> {
        self.audited("leave", name, None, |house| {
            house.leave(name, version, dir, owner).map(|left| wire::left(&left))
        })
    }

    fn tag(&self, name: &str, tag: &str, version: Option<u64>) -> Result<Value> {
        self.audited("tag", name, Some(format!("tag {tag}")), |house| {
            let version = house.tag(name, tag, version)?;
            Ok(json!({ "name": name, "tag": tag, "version": version }))
        })
    }

    fn diff(&self, name: &str, from: u64, to: u64, top: usize) -> Result<Value> {
        self.house.diff(name, from, to, top)
    }

    fn verify(&self, name: &str) -> Result<Value> {
        let mut verified = wire::verified(&self.house.verify(name)?);
        verified["name"] = name.into();
        Ok(verified)
    }

    fn snapshot(&self, name: &str) -> Result<Value> {
        self.audited("snapshot", name, None, |house| {
            let version = house.look(name, |identity| identity.state().version())?;
            house.snapshot(name)?;
            Ok(json!({ "name": name, "version": version }))
        })
    }

    fn place(&self) -> String {
        self.house.dir().display().to_string()
    }
}
