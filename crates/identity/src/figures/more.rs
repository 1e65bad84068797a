//! What came to the figures after their first format: saved behind them, where there is any.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// Drift alarms that are kept, the newest.
pub const ALARMS_KEPT: usize = 100;

/// A drift alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// The version of the event that raised it.
    pub version: u64,
    /// The event's time, in milliseconds since 1970.
    pub at_ms: u64,
}

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct More {
    /// The newest alarms, oldest first; at most [`ALARMS_KEPT`].
    pub alarms: VecDeque<Alarm>,
    /// Events that were learned a second time.
    pub rehearsed: u64,
}

impl More {
    pub(super) fn alarm(&mut self, alarm: Alarm) {
        if self.alarms.len() == ALARMS_KEPT {
            self.alarms.pop_front();
        }
        self.alarms.push_back(alarm);
    }
}
