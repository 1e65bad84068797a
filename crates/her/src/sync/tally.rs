//! What is told of exchanges.

use serde::Serialize;

/// How an exchange went.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// The other identity, as NODE/IDENTITY.
    pub peer: String,
    /// When it ended, in milliseconds since 1970.
    pub at_ms: u64,
    /// How long it took.
    pub ms: f64,
    /// Rows, or steps of rows, that were sent.
    pub sent: usize,
    /// Their bytes.
    pub sent_bytes: usize,
    /// Rows, or steps of rows, that came.
    pub got: usize,
    /// Their bytes.
    pub got_bytes: usize,
    /// Why events were told instead of sums, if they were.
    pub events: Option<String>,
    /// Whether both have the same rows now; with events, whether each has heard all of the other.
    pub same: bool,
    /// What one of the two did not take, and why.
    pub refused: Vec<String>,
    /// Why it failed, if it did.
    pub error: Option<String>,
}

impl Report {
    /// Counts what is sent.
    pub(super) fn tells(&mut self, parts: &[Vec<u8>], untold: Vec<String>) {
        self.sent += parts.len();
        self.sent_bytes += parts.iter().map(Vec::len).sum::<usize>();
        self.refused.extend(untold);
    }
}

/// Exchanges with one peer since the server started.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Tally {
    /// How many.
    pub exchanges: u64,
    /// Those that failed.
    pub failed: u64,
    /// Bytes of rows sent.
    pub sent_bytes: u64,
    /// Bytes of rows that came.
    pub got_bytes: u64,
    /// The newest.
    pub last: Option<Report>,
}
