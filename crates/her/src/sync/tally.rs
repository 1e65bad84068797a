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
    /// How many this side began.
    pub exchanges: u64,
    /// Those of them that failed.
    pub failed: u64,
    /// Messages of exchanges that the other side began.
    pub answered: u64,
    /// Bytes of rows sent.
    pub sent_bytes: u64,
    /// Bytes of rows that came.
    pub got_bytes: u64,
    /// Of exchanges that this side began and in which rows went: their bytes, and how long they
    /// took, the work of both sides in it.
    pub link_bytes: u64,
    /// See `link_bytes`; in milliseconds.
    pub link_ms: f64,
    /// The newest that this side began.
    pub last: Option<Report>,
}

impl Tally {
    /// An exchange that this side began.
    pub(super) fn begun(&mut self, report: &Report) {
        self.exchanges += 1;
        self.failed += u64::from(report.error.is_some());
        self.sent_bytes += report.sent_bytes as u64;
        self.got_bytes += report.got_bytes as u64;
        let bytes = report.sent_bytes + report.got_bytes;
        if bytes > 0 && report.error.is_none() {
            self.link_bytes += bytes as u64;
            self.link_ms += report.ms;
        }
        self.last = Some(report.clone());
    }

    /// A message that the other side was answered.
    pub(super) fn answered(&mut self, got: usize, sent: usize) {
        self.answered += 1;
        self.sent_bytes += sent as u64;
        self.got_bytes += got as u64;
    }

    /// Bytes of rows that went over in a second; none before some did.
    pub fn link_bytes_s(&self) -> Option<f64> {
        (self.link_ms > 0.0).then(|| self.link_bytes as f64 * 1e3 / self.link_ms)
    }
}
