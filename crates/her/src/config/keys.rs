//! The table of all keys.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Settings;

/// One key.
pub struct Key {
    /// Its name as files write it, `limits.` included.
    pub name: &'static str,
    /// What it is for.
    pub help: &'static str,
    pub(super) read: fn(&mut Settings, &str) -> Result<(), String>,
    pub(super) show: fn(&Settings) -> String,
}

impl Key {
    /// Its variable of the environment.
    pub fn env(&self) -> String {
        format!("HER_{}", self.name.replace('.', "_").to_uppercase())
    }
}

/// Every key.
pub const KEYS: &[Key] = &[
    Key {
        name: "data_dir",
        help: "where identities, journals, snapshots and the token lie",
        read: |s, v| path(v).map(|p| s.data_dir = p),
        show: |s| s.data_dir.display().to_string(),
    },
    Key {
        name: "listen",
        help: "address and port of the server; port 0 takes a free one",
        read: |s, v| address(v).map(|a| s.listen = a),
        show: |s| s.listen.to_string(),
    },
    Key {
        name: "insecure",
        help: "allows to listen where other machines reach it, without TLS",
        read: |s, v| boolean(v).map(|b| s.insecure = b),
        show: |s| s.insecure.to_string(),
    },
    Key {
        name: "tls.cert_file",
        help: "the certificate in PEM, with those between it and its root; read at the start",
        read: |s, v| path(v).map(|p| s.tls.cert_file = Some(p)),
        show: |s| shown(s.tls.cert_file.as_deref()),
    },
    Key {
        name: "tls.key_file",
        help: "the private key of the certificate, in PEM",
        read: |s, v| path(v).map(|p| s.tls.key_file = Some(p)),
        show: |s| shown(s.tls.key_file.as_deref()),
    },
    Key {
        name: "token_file",
        help: "the file with the token; made at the first start",
        read: |s, v| path(v).map(|p| s.token_file = Some(p)),
        show: |s| s.token_file().display().to_string(),
    },
    Key {
        name: "shards",
        help: "learner threads of a new data directory; an existing one keeps its own",
        read: |s, v| whole(v, 1, 64).map(|n| s.shards = Some(n as usize)),
        show: |s| s.shards.unwrap_or_else(|| s.house().shards).to_string(),
    },
    Key {
        name: "ensemble_threads",
        help: "threads that the members of an ensemble may work on, where that is faster",
        read: |s, v| whole(v, 1, 64).map(|n| s.ensemble_threads = n as usize),
        show: |s| s.ensemble_threads.to_string(),
    },
    Key {
        name: "segment_mib",
        help: "size of a file of the journal",
        read: |s, v| whole(v, 1, 1024).map(|n| s.segment_bytes = Some(n << 20)),
        show: |s| (s.house().journal.segment_bytes >> 20).to_string(),
    },
    Key {
        name: "limits.body_mib",
        help: "largest body of a request; streams have none",
        read: |s, v| whole(v, 1, 1024).map(|n| s.limits.body_bytes = (n << 20) as usize),
        show: |s| (s.limits.body_bytes >> 20).to_string(),
    },
    Key {
        name: "limits.line_kib",
        help: "longest line of a stream",
        read: |s, v| whole(v, 1, 16 * 1024).map(|n| s.limits.line_bytes = (n << 10) as usize),
        show: |s| (s.limits.line_bytes >> 10).to_string(),
    },
    Key {
        name: "limits.json_depth",
        help: "arrays and objects within each other",
        read: |s, v| whole(v, 4, 100).map(|n| s.limits.json_depth = n as usize),
        show: |s| s.limits.json_depth.to_string(),
    },
    Key {
        name: "limits.headers_kib",
        help: "largest head of a request",
        read: |s, v| whole(v, 8, 256).map(|n| s.limits.headers_bytes = (n << 10) as usize),
        show: |s| (s.limits.headers_bytes >> 10).to_string(),
    },
    Key {
        name: "limits.connections",
        help: "open connections",
        read: |s, v| whole(v, 1, 1_000_000).map(|n| s.limits.connections = n as usize),
        show: |s| s.limits.connections.to_string(),
    },
    Key {
        name: "limits.connections_per_ip",
        help: "open connections from one address",
        read: |s, v| whole(v, 1, 1_000_000).map(|n| s.limits.connections_per_ip = n as usize),
        show: |s| s.limits.connections_per_ip.to_string(),
    },
    Key {
        name: "limits.requests_per_s",
        help: "requests of one token in a second, unless it has a limit of its own; 0 for none",
        read: |s, v| whole(v, 0, 1_000_000).map(|n| s.limits.requests_per_s = n as u32),
        show: |s| s.limits.requests_per_s.to_string(),
    },
    Key {
        name: "limits.refused_per_min",
        help: "refusals for want of a token, from one address in a minute; then 429",
        read: |s, v| whole(v, 1, 1_000_000).map(|n| s.limits.refused_per_min = n as u32),
        show: |s| s.limits.refused_per_min.to_string(),
    },
    Key {
        name: "limits.header_timeout_s",
        help: "seconds that the head of a request may take",
        read: |s, v| seconds(v, 1, 3600).map(|d| s.limits.header_timeout = d),
        show: |s| s.limits.header_timeout.as_secs().to_string(),
    },
    Key {
        name: "limits.idle_timeout_s",
        help: "seconds that a connection may stand still while the client is to move",
        read: |s, v| seconds(v, 1, 86_400).map(|d| s.limits.idle_timeout = d),
        show: |s| s.limits.idle_timeout.as_secs().to_string(),
    },
    Key {
        name: "channels.max",
        help: "open channels of people and devices",
        read: |s, v| whole(v, 1, 1_000_000).map(|n| s.channels.max = n as usize),
        show: |s| s.channels.max.to_string(),
    },
    Key {
        name: "channels.per_ip",
        help: "open channels from one address",
        read: |s, v| whole(v, 1, 1_000_000).map(|n| s.channels.per_ip = n as usize),
        show: |s| s.channels.per_ip.to_string(),
    },
    Key {
        name: "channels.message_kib",
        help: "longest message of a channel",
        read: |s, v| whole(v, 1, 64).map(|n| s.channels.message_bytes = (n << 10) as usize),
        show: |s| (s.channels.message_bytes >> 10).to_string(),
    },
    Key {
        name: "channels.away_s",
        help: "seconds of silence after which somebody is away",
        read: |s, v| seconds(v, 1, 86_400).map(|d| s.channels.away = d),
        show: |s| s.channels.away.as_secs().to_string(),
    },
    Key {
        name: "channels.park_s",
        help: "seconds of silence after which a channel is parked",
        read: |s, v| seconds(v, 1, 31_536_000).map(|d| s.channels.park = d),
        show: |s| s.channels.park.as_secs().to_string(),
    },
    Key {
        name: "channels.ping_s",
        help: "seconds between two pings; after two without an answer a channel is parked",
        read: |s, v| seconds(v, 1, 3600).map(|d| s.channels.ping = d),
        show: |s| s.channels.ping.as_secs().to_string(),
    },
    Key {
        name: "channels.write_s",
        help: "seconds that somebody may take no frame before the channel is parked",
        read: |s, v| seconds(v, 1, 3600).map(|d| s.channels.write = d),
        show: |s| s.channels.write.as_secs().to_string(),
    },
    Key {
        name: "channels.messages_per_s",
        help: "messages a second of one channel; more wait",
        read: |s, v| whole(v, 1, 1_000_000).map(|n| s.channels.messages_per_s = n as u32),
        show: |s| s.channels.messages_per_s.to_string(),
    },
    Key {
        name: "channels.messages_burst",
        help: "messages that may come at once",
        read: |s, v| whole(v, 1, 1_000_000).map(|n| s.channels.messages_burst = n as u32),
        show: |s| s.channels.messages_burst.to_string(),
    },
    Key {
        name: "channels.kib_per_s",
        help: "KiB a second of one channel; more wait",
        read: |s, v| whole(v, 1, 1_000_000).map(|n| s.channels.bytes_per_s = (n << 10) as u32),
        show: |s| (s.channels.bytes_per_s >> 10).to_string(),
    },
    Key {
        name: "node.tier",
        help: "the tier of this node, which gates compare with that of others",
        read: |s, v| whole(v, 0, 1000).map(|n| s.tier = n as u32),
        show: |s| s.tier.to_string(),
    },
    Key {
        name: "node.listen",
        help: "address and port where other nodes come in; without it no identity arrives",
        read: |s, v| {
            s.node_listen = if v.is_empty() { None } else { Some(address(v)?) };
            Ok(())
        },
        show: |s| s.node_listen.map_or_else(String::new, |at| at.to_string()),
    },
    Key {
        name: "node.departures_max",
        help: "departures from this node at a time",
        read: |s, v| whole(v, 1, 64).map(|n| s.departures_max = n as usize),
        show: |s| s.departures_max.to_string(),
    },
    Key {
        name: "node.proxy_s",
        help: "seconds that this node hands requests on to where an identity moved",
        read: |s, v| seconds(v, 0, 366 * 24 * 3600).map(|d| s.proxy = d),
        show: |s| s.proxy.as_secs().to_string(),
    },
    Key {
        name: "sync.bytes_per_day",
        help: "bytes of rows that one peer may send in 24 hours, and is sent; 0 for no bound",
        read: |s, v| whole(v, 0, 1 << 50).map(|n| s.sync.bytes_per_day = n),
        show: |s| s.sync.bytes_per_day.to_string(),
    },
    Key {
        name: "sync.row_bytes_max",
        help: "bytes of one row of a peer, packed",
        read: |s, v| whole(v, 1 << 10, 1 << 26).map(|n| s.sync.row_bytes_max = n as usize),
        show: |s| s.sync.row_bytes_max.to_string(),
    },
    Key {
        name: "sync.step_norm_max",
        help: "of sums of steps: how far an event of a peer may have moved its model, as L2 norm",
        read: |s, v| positive(v).map(|x| s.sync.step_norm_max = x),
        show: |s| s.sync.step_norm_max.to_string(),
    },
    Key {
        name: "sync.lives_max",
        help: "rows of one peer, one for each start of its process that had something to tell",
        read: |s, v| whole(v, 1, 1024).map(|n| s.sync.lives_max = n as usize),
        show: |s| s.sync.lives_max.to_string(),
    },
    Key {
        name: "language.bases",
        help: "where the models lie that language identities stand on; `bases` in data_dir",
        read: |s, v| path(v).map(|p| s.bases = Some(p)),
        show: |s| s.bases().display().to_string(),
    },
    Key {
        name: "language.rest_s",
        help: "seconds of silence after which a language identity takes its small form; 0 for never",
        read: |s, v| seconds(v, 0, 366 * 24 * 3600).map(|d| s.rest_after = d),
        show: |s| s.rest_after.as_secs().to_string(),
    },
    Key {
        name: "drain_s",
        help: "seconds that requests under way may take when the server ends",
        read: |s, v| seconds(v, 0, 3600).map(|d| s.drain = d),
        show: |s| s.drain.as_secs().to_string(),
    },
];

fn shown(path: Option<&Path>) -> String {
    path.map_or_else(String::new, |p| p.display().to_string())
}

fn path(v: &str) -> Result<PathBuf, String> {
    if v.is_empty() || v.contains('\0') {
        return Err("a path".into());
    }
    Ok(PathBuf::from(v))
}

fn boolean(v: &str) -> Result<bool, String> {
    match v {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err("true or false".into()),
    }
}

fn whole(v: &str, low: u64, high: u64) -> Result<u64, String> {
    let found = v.parse().ok().filter(|n| (low..=high).contains(n));
    found.ok_or_else(|| format!("a whole number from {low} to {high}"))
}

fn positive(v: &str) -> Result<f64, String> {
    let found = v.parse().ok().filter(|x: &f64| x.is_finite() && *x > 0.0);
    found.ok_or_else(|| "a number above 0".into())
}

fn seconds(v: &str, low: u64, high: u64) -> Result<Duration, String> {
    whole(v, low, high).map(Duration::from_secs)
}

fn address(v: &str) -> Result<SocketAddr, String> {
    let text = v.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    let text = text.as_deref().unwrap_or(v);
    text.parse().map_err(|_| "an address and port such as 127.0.0.1:7400 or [::1]:7400".into())
}
