//! A journal in memory: the model that the other engines are compared with, and a real engine for
//! identities that need not outlive the process.

use super::{
    AppendError, Appended, Durability, Frame, Head, IdentityId, Journal, JournalReader,
    JournalReport, Visit, check_start, follows, truncation_point,
};
use crate::error::Result;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

#[derive(Debug, Clone)]
struct Life {
    frames: Vec<Frame>,
    truncated: u64,
}

impl Life {
    fn last(&self) -> &Frame {
        self.frames.last().expect("a life is made with its first frame and keeps the last")
    }
}

type Lives = BTreeMap<IdentityId, Life>;

/// See the module. A clone is the same journal.
#[derive(Debug, Clone, Default)]
pub struct MemoryJournal {
    lives: Arc<RwLock<Lives>>,
}

impl MemoryJournal {
    /// An empty journal.
    pub fn new() -> Self {
        Self::default()
    }

    fn lives(&self) -> RwLockReadGuard<'_, Lives> {
        self.lives.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn lives_mut(&self) -> RwLockWriteGuard<'_, Lives> {
        self.lives.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl JournalReader for MemoryJournal {
    fn head(&self, id: IdentityId) -> Result<Option<Head>> {
        Ok(self.lives().get(&id).map(|life| life.last().head()))
    }

    fn read(&self, id: IdentityId, from_seq: u64, visit: Visit<'_>) -> Result<()> {
        let from = from_seq.max(1);
        let wanted: Vec<Frame> = {
            let lives = self.lives();
            let life = lives.get(&id).ok_or_else(|| super::reader::unknown(id))?;
            check_start(id, from, life.truncated, &life.last().head())?;
            let wanted = |frame: &&Frame| {
                let header = frame.header();
                header.last_seq() >= from || header.count == 0 && header.first_seq >= from
            };
            life.frames.iter().filter(wanted).cloned().collect()
        };
        for frame in &wanted {
            if visit(&frame.as_ref())?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn truncated(&self, id: IdentityId) -> Result<u64> {
        let lives = self.lives();
        lives.get(&id).map(|life| life.truncated).ok_or_else(|| super::reader::unknown(id))
    }

    fn identities(&self) -> Vec<IdentityId> {
        self.lives().keys().copied().collect()
    }
}

impl Journal for MemoryJournal {
    fn append(&mut self, frames: &[Frame], results: &mut Vec<Appended>) {
        results.clear();
        let mut lives = self.lives_mut();
        for frame in frames {
            results.push(append_one(&mut lives, frame));
        }
    }

    fn truncate(&mut self, id: IdentityId, upto: u64) -> Result<u64> {
        let mut lives = self.lives_mut();
        let life = lives.get_mut(&id).ok_or_else(|| super::reader::unknown(id))?;
        let point = truncation_point(upto, life.last().header().first_seq, life.truncated);
        life.truncated = point;
        let keep = life.frames.len() - 1;
        let gone = life.frames[..keep].iter().take_while(|f| f.header().last_seq() <= point);
        let gone = gone.count();
        life.frames.drain(..gone);
        Ok(point)
    }

    fn reopen(&mut self) -> Result<()> {
        Ok(())
    }

    fn reader(&self) -> Box<dyn JournalReader + Sync> {
        Box::new(self.clone())
    }

    fn durability(&self) -> Durability {
        Durability::Memory
    }

    fn report(&self) -> JournalReport {
        let lives = self.lives();
        let payloads = lives.values().flat_map(|life| &life.frames);
        JournalReport {
            identities: lives.len() as u64,
            bytes: payloads.map(|frame| frame.payload().len() as u64).sum(),
            ..JournalReport::default()
        }
    }
}

fn append_one(lives: &mut Lives, frame: &Frame) -> Appended {
    let header = frame.header();
    let Some(life) = lives.get_mut(&header.identity) else {
        follows(None, header)?;
        let life = Life { frames: vec![frame.clone()], truncated: header.first_seq - 1 };
        lives.insert(header.identity, life);
        return Ok(frame.head());
    };
    if follows(Some(&life.last().head()), header).is_err() {
        return already(life, frame);
    }
    life.frames.push(frame.clone());
    Ok(frame.head())
}

/// A frame that is there already is accepted again; any other is fenced.
fn already(life: &Life, frame: &Frame) -> Appended {
    if life.frames.iter().rev().any(|there| there.digest() == frame.digest()) {
        return Ok(frame.head());
    }
    Err(AppendError::Fenced { head: Some(life.last().head()) })
}
