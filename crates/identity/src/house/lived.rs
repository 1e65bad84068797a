//! What an identity learned, event by event, for peers that learn it too.

use std::collections::HashMap;
use std::ops::ControlFlow;

use her_learn::{Row, Target};

use super::House;
use crate::error::{Error, ErrorKind, Result};
use crate::event::What;
use crate::turn::State;

/// Shown with the version at which it was learned.
pub type Show<'a> = &'a mut dyn FnMut(u64, &Row, &Target, f64) -> ControlFlow<()>;

impl House {
    /// Shows what an identity learned itself after a version and up to another, with the features
    /// of late labels, until `show` breaks off.
    ///
    /// Costs a pass over these frames; a label whose prediction is older than they are costs a
    /// replay besides, once.
    pub fn learned(&self, name: &str, after: u64, to: u64, show: Show<'_>) -> Result<()> {
        let record = self.record(name)?;
        let mut asked: HashMap<Box<str>, Row> = HashMap::new();
        let mut before: Option<State> = None;
        for (id, begin, end) in record.lineage(to) {
            let reader = &**self.shard(id).reader();
            let from = begin.max(after);
            if end <= from {
                continue;
            }
            let told = crate::identity::tell(id, from, end, reader, &mut |version, event| {
                Ok(match &event.what {
                    What::Learn { row, target, weight } => show(version, row, target, *weight),
                    What::Remember { key, row } => {
                        asked.insert(key.clone(), row.clone());
                        ControlFlow::Continue(())
                    }
                    What::Label { key, target } => {
                        let row = match asked.remove(key) {
                            Some(row) => row,
                            None => self.asked_before(name, after, key, &mut before)?,
                        };
                        show(version, &row, target, 1.0)
                    }
                    _ => ControlFlow::Continue(()),
                })
            })?;
            if told.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// The features of a prediction that waited at a version already.
    fn asked_before(
        &self,
        name: &str,
        version: u64,
        key: &str,
        before: &mut Option<State>,
    ) -> Result<Row> {
        let state = match before {
            Some(state) => state,
            None => before.insert(self.at(name, version)?),
        };
        state.asked(key).cloned().ok_or_else(|| {
            let what = format!("the label of {key:?} in the journal of {name} has no prediction");
            Error::new(ErrorKind::Corrupt, what)
        })
    }
}
