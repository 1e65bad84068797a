//! Bounds on channels: how long people and devices may be slow, and how many they may be.

use std::time::Duration;

/// Bounds on channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channels {
    /// Open channels.
    pub max: usize,
    /// Open channels from one address.
    pub per_ip: usize,
    /// Bytes of a message.
    pub message_bytes: usize,
    /// Silence after which somebody is away.
    pub away: Duration,
    /// Silence after which a channel is parked.
    pub park: Duration,
    /// Time between two pings.
    pub ping: Duration,
    /// Time in which a frame must be taken.
    pub write: Duration,
    /// Messages a second.
    pub messages_per_s: u32,
    /// Messages at once.
    pub messages_burst: u32,
    /// Bytes a second.
    pub bytes_per_s: u32,
}

impl Default for Channels {
    fn default() -> Self {
        Self {
            max: 16_384,
            per_ip: 256,
            message_bytes: 64 << 10,
            away: Duration::from_secs(15),
            park: Duration::from_mins(5),
            ping: Duration::from_secs(25),
            write: Duration::from_secs(5),
            messages_per_s: 10,
            messages_burst: 50,
            bytes_per_s: 16 << 10,
        }
    }
}
