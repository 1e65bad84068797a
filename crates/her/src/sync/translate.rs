//! Memories of a book of a `Memory` with other parameters, such as another encoder: each is told as
//! an event of the identity's own, so that its journal has all of it and nothing of the book is
//! needed again.

use std::collections::BTreeSet;

use her_identity::event::What;
use her_identity::house::Place;
use her_identity::sync::{Content, Part, Peer};
use her_identity::turn::Reply;
use her_identity::{Error, ErrorKind, Result};
use her_learn::merge::Sums;
use her_learn::{Row, Target};
use her_recall::{Foreign, Match, Memory, Params, Recall, Score, Translation};
use serde_json::{Value, json};

use super::{Syncs, lock};

/// Memories that are told at once: who asks something else meanwhile waits for so many.
const CHUNK: usize = 64;
/// Reasons that an answer names one by one.
const REASONS_MAX: usize = 16;

/// What came of translating the rows of a book.
#[derive(Debug, Default)]
pub(crate) struct Translated {
    /// Rows whose memories were looked at.
    pub rows: usize,
    /// Peers whose rows are not taken, as they were retracted here.
    pub retracted: Vec<String>,
    /// Whole texts that were read anew.
    pub read_anew: usize,
    /// Vectors that lie in a space that is read here.
    pub as_they_are: usize,
    /// Memories that were held here already.
    pub known: usize,
    /// The maps that were made, and how many memories went through each.
    pub matches: Vec<Match>,
    /// Why memories are left out, and how many.
    pub left_out: Vec<(String, usize)>,
}

impl Syncs {
    /// The parameters of a book's `Memory`, where they are others than those of this `Memory`, such
    /// as another encoder: its memories can be translated. None where the two are made alike, and
    /// where one of them is something else.
    pub fn foreign(&self, identity: &str, theirs: &Value) -> Result<Option<Params>> {
        let ours = self.house.look(identity, |identity| {
            Memory::of(identity.state().model().root()).map(|memory| memory.settings().clone())
        })?;
        let theirs = theirs["model"]["Memory"].as_object().map(|all| Value::from(all.clone()));
        // What a newer build wrote may have parameters that nothing is known of here.
        let theirs = theirs.and_then(|all| serde_json::from_value::<Params>(all).ok());
        Ok(ours.zip(theirs).and_then(|(o, t)| (o.written() != t.written()).then_some(t)))
    }

    /// Tells an identity what rows hold that were checked, of a `Memory` with these parameters.
    pub fn translate(
        &self,
        identity: &str,
        parts: Vec<Part>,
        theirs: &Params,
    ) -> Result<Translated> {
        if self.house.place(identity) != Place::Here {
            let what = format!("{identity} is not here now; join the book where it lives");
            return Err(Error::new(ErrorKind::Unavailable, what));
        }
        let busy = self.busy(identity);
        let _one = lock(&busy);
        let mut came = Translated::default();
        let told = came.sift(parts, &self.retracted(identity)?);
        let (recall, ours) = self.remembered(identity)?;
        let mut work = Translation::new(told, theirs, &recall, &ours);
        // Held while something is told, it would be copied.
        drop(recall);
        loop {
            let texts = work.texts(CHUNK);
            if texts.is_empty() {
                break;
            }
            let (at, rows): (Vec<usize>, Vec<Row>) = texts.into_iter().unzip();
            for (at, reply) in at.into_iter().zip(self.tell(identity, rows)?) {
                match heard(reply)? {
                    None => came.read_anew += 1,
                    Some(_) => work.unread(at),
                }
            }
        }
        let (recall, _) = self.remembered(identity)?;
        let mut carried = work.vectors(&recall);
        drop(recall);
        while !carried.is_empty() {
            let some: Vec<_> = carried.drain(..CHUNK.min(carried.len())).collect();
            let (by, rows): (Vec<_>, Vec<Row>) = some.into_iter().map(|c| (c.by, c.row)).unzip();
            for (by, reply) in by.into_iter().zip(self.tell(identity, rows)?) {
                if let Some(why) = heard(reply)? {
                    work.refused(by, why);
                }
            }
        }
        came.finish(work);
        Ok(came)
    }

    fn retracted(&self, identity: &str) -> Result<BTreeSet<Peer>> {
        let shared = self.shared(identity)?;
        Ok(shared.map(|shared| shared.retracted().iter().copied().collect()).unwrap_or_default())
    }

    fn remembered(&self, identity: &str) -> Result<(Recall, Params)> {
        let found = self.house.look(identity, |identity| {
            let memory = Memory::of(identity.state().model().root())?;
            Some((memory.recall(), memory.settings().clone()))
        })?;
        found.ok_or_else(|| Error::not_found(format!("{identity} keeps no memories")))
    }

    fn tell(&self, identity: &str, rows: Vec<Row>) -> Result<Vec<Result<Reply>>> {
        let what = |row| What::Learn { row, target: Target::None, weight: 1.0 };
        let events = rows.into_iter().map(|row| self.house.event(what(row))).collect();
        self.house.submit_wait(identity, events)
    }
}

/// Nothing where a memory was learned, else why it can not be; other troubles end the work.
fn heard(reply: Result<Reply>) -> Result<Option<String>> {
    match reply {
        Ok(_) => Ok(None),
        Err(e) if e.kind == ErrorKind::Invalid => Ok(Some(e.message)),
        Err(e) => Err(e),
    }
}

impl Translated {
    /// What the rows tell of together, without those of peers that were retracted.
    fn sift(&mut self, parts: Vec<Part>, retracted: &BTreeSet<Peer>) -> Vec<Foreign> {
        let mut all = Sums::default();
        for part in parts {
            if retracted.contains(&part.origin.peer) {
                self.retracted.push(part.origin.peer.to_string());
            } else if let Content::Sums(sums) = &part.content {
                self.rows += 1;
                all.add(sums);
            }
        }
        self.retracted.dedup();
        Foreign::of_sums(&all)
    }

    fn finish(&mut self, work: Translation) {
        self.as_they_are = work.as_they_are;
        self.known = work.known;
        self.matches = work.matches;
        let mut all: Vec<(String, usize)> = work.left_out.into_iter().collect();
        if all.len() > REASONS_MAX {
            let more = all.split_off(REASONS_MAX).iter().map(|(_, n)| n).sum();
            all.push(("for other reasons".to_owned(), more));
        }
        self.left_out = all;
    }

    /// As the answer says it.
    pub fn told(&self) -> Value {
        let of = |found: &Match| {
            let share = |of: fn(&Score) -> f64| found.score.as_ref().map(of);
            json!({
                "modality": found.modality.name(), "from": found.from, "to": found.to,
                "anchors": found.anchors, "held_out": found.held_out,
                "top_1": share(|score| score.top_1), "top_10": share(|score| score.top_10),
                "found_10": share(|score| score.found_10), "mapped": found.mapped,
            })
        };
        let left = |(why, memories): &(String, usize)| json!({ "why": why, "memories": memories });
        json!({
            "read_anew": self.read_anew,
            "as_they_are": self.as_they_are,
            "mapped": self.matches.iter().map(|found| found.mapped).sum::<usize>(),
            "known": self.known,
            "maps": self.matches.iter().map(of).collect::<Vec<_>>(),
            "left_out": self.left_out.iter().map(left).collect::<Vec<_>>(),
        })
    }
}

/// The contract of a `Memory` with these parameters, as it spells it.
pub(crate) fn contract_of(params: &Params) -> [u8; 32] {
    let contract = json!({ "merge": 1, "model": { "Memory": params.written() } });
    *blake3::hash(contract.to_string().as_bytes()).as_bytes()
}
