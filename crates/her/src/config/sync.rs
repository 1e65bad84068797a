//! Bounds on what peers may send and are sent in thought-sync.

/// Bounds on peers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sync {
    /// Bytes of rows that one peer may send in 24 hours, and that it is sent; 0 for no bound.
    pub bytes_per_day: u64,
    /// Bytes of one row, packed as its hash is taken of it.
    pub row_bytes_max: usize,
    /// Of sums of steps: the largest L2 norm of a row over the events that it learned from.
    pub step_norm_max: f64,
    /// Rows of one peer: one for each start of its process that had something to tell.
    pub lives_max: usize,
}

impl Default for Sync {
    fn default() -> Self {
        Self { bytes_per_day: 1 << 30, row_bytes_max: 8 << 20, step_norm_max: 1e6, lives_max: 256 }
    }
}
