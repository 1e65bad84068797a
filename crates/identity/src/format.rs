//! Every file name, magic number and format version of this crate, said once.
//!
//! The bytes behind these names are described in `docs/internals/formats.md`. Every format ever
//! written stays readable, so a number here is only ever added to, never reused.

/// The first four bytes of a frame: `HERF`.
pub const FRAME_MAGIC: u32 = u32::from_le_bytes(*b"HERF");
/// The newest frame format this build writes; it reads all up to it.
pub const FRAME_VERSION: u16 = 1;
/// The longest payload of a frame, in bytes.
pub const FRAME_PAYLOAD_MAX: usize = 512 * 1024;

/// The first four bytes of a segment file: `HERJ`.
pub const SEGMENT_MAGIC: u32 = u32::from_le_bytes(*b"HERJ");
/// The newest segment format this build writes.
pub const SEGMENT_VERSION: u16 = 1;
/// The first four bytes of the trailer that closes a full segment: `HERE`.
pub const TRAILER_MAGIC: u32 = u32::from_le_bytes(*b"HERE");
/// The size of a segment unless configured, in bytes.
pub const SEGMENT_BYTES: u64 = 32 * 1024 * 1024;

/// The first four bytes of an index sidecar: `HERX`.
pub const SIDECAR_MAGIC: u32 = u32::from_le_bytes(*b"HERX");
/// The newest sidecar format this build writes.
pub const SIDECAR_VERSION: u16 = 1;

/// The first four bytes of the manifest: `HERM`.
pub const MANIFEST_MAGIC: u32 = u32::from_le_bytes(*b"HERM");
/// The newest manifest format this build writes.
pub const MANIFEST_VERSION: u16 = 1;

/// The first four bytes of a slot of the acknowledged mark: `HERA`, read as "acknowledged".
pub const MARK_MAGIC: u32 = u32::from_le_bytes(*b"HERA");
/// The newest mark format this build writes.
pub const MARK_VERSION: u16 = 1;

/// The first four bytes of a snapshot file: `HERS`.
pub const SNAPSHOT_MAGIC: u32 = u32::from_le_bytes(*b"HERS");
/// The newest snapshot format: of a state that was shipped. All others are written as 1.
pub const SNAPSHOT_VERSION: u16 = 2;

/// The newest format of the events inside a frame; a frame is of the oldest that holds its events.
pub const EVENTS_VERSION: u8 = 7;
/// The newest format of the files below that describe a house and an identity.
pub const RECORD_VERSION: u16 = 2;
/// Their format while the identity never departed: a build that knows no register reads it too.
pub const RECORD_FREE: u16 = 1;
/// The file that describes a house.
pub const HOUSE_FILE: &str = "house.json";
/// The directory of identities by name inside a data directory.
pub const IDENTITIES_DIR: &str = "identities";

/// The directory of a shard's journal inside a data directory.
pub fn shard_dir(shard: usize) -> String {
    format!("shards/{shard:02}")
}

/// The file whose lock says that a process owns a journal directory.
pub const LOCK_FILE: &str = "lock";
/// The file that says which segments were freed on purpose and from where each identity starts.
pub const MANIFEST_FILE: &str = "manifest";
/// The file that says how far the journal is known to have been acknowledged.
pub const MARK_FILE: &str = "acked";
/// The directory of snapshots inside a data directory.
pub const SNAPSHOT_DIR: &str = "snapshots";
/// The readable description of one identity inside its directory.
pub const IDENTITY_FILE: &str = "identity.json";

/// The file with the named tokens of a data directory, as hashes.
pub const TOKENS_FILE: &str = "tokens.json";
/// The newest format of that file.
pub const TOKENS_VERSION: u16 = 1;
/// The file whose lock says that a process changes the tokens.
pub const TOKENS_LOCK_FILE: &str = "tokens.lock";
/// The file that tells what was done to a data directory's identities, and by whom.
pub const AUDIT_FILE: &str = "audit.ndjson";
/// The newest format of its lines.
pub const AUDIT_VERSION: u16 = 1;
/// The file that tells how long the one before is, and the digest that it ends with.
pub const AUDIT_HEAD_FILE: &str = "audit.head";

/// The file with a node's Ed25519 key, in PKCS#8.
pub const NODE_KEY_FILE: &str = "node.key";
/// The directory of departures, a file each.
pub const DEPARTURES_DIR: &str = "departures";
/// The newest format of its files.
pub const DEPARTURE_VERSION: u16 = 1;
/// The directory of the register's cells inside a data directory.
pub const REGISTER_DIR: &str = "register";
/// The newest format of their files.
pub const REGISTER_VERSION: u16 = 1;
/// The directory of identities that arrive from another node.
pub const ARRIVALS_DIR: &str = "arrivals";
/// The newest format of its files.
pub const ARRIVAL_VERSION: u16 = 1;

/// The file of an identity's cell in the register.
pub fn register_file(cell: crate::journal::IdentityId) -> String {
    format!("{cell}.json")
}

/// The file that tells of an identity that arrives.
pub fn arrival_file(cell: crate::journal::IdentityId) -> String {
    format!("{cell}.json")
}

/// The file that tells which peers the identities of a data directory exchange with.
pub const PEERS_FILE: &str = "peers.json";
/// The newest format of that file.
pub const PEERS_VERSION: u16 = 2;

/// The file that remembers what peers used of their quotas and what they were worth.
pub const PEERS_USED_FILE: &str = "peers-used.json";
/// The newest format of that file.
pub const PEERS_USED_VERSION: u16 = 1;

/// The directory of what gates decided and of the figures that they decided by.
pub const GATES_DIR: &str = "gates";
/// The newest format of the files in it.
pub const GATES_VERSION: u16 = 1;

/// The file with the decisions of the gates of an identity.
pub fn gate_decisions_file(identity: &str) -> String {
    format!("{identity}{DECISIONS_SUFFIX}")
}

/// The file with the figures of an identity, second by second.
pub fn gate_figures_file(identity: &str) -> String {
    format!("{identity}{FIGURES_SUFFIX}")
}

/// The file that was `name` until a new one was begun.
pub fn older_file(name: &str) -> String {
    format!("{name}.1")
}

const DECISIONS_SUFFIX: &str = ".decisions.ndjson";
const FIGURES_SUFFIX: &str = ".figures.ndjson";
/// The first four bytes of a file with the frames of one branch in a copy left behind: `HERL`.
pub const KEPT_MAGIC: u32 = u32::from_le_bytes(*b"HERL");
/// The newest format of that file.
pub const KEPT_VERSION: u16 = 1;
/// The newest format of the manifest and the golden set of a copy left behind.
pub const LEGACY_VERSION: u16 = 1;
/// The file that tells what a copy left behind is, and what each of its files must hold.
pub const LEGACY_MANIFEST_FILE: &str = "manifest.json";
/// The file with the BLAKE3 of that manifest, as `b3sum` writes it.
pub const LEGACY_DIGEST_FILE: &str = "manifest.b3";
/// The file of a copy with rows, and the bits of what was predicted for them.
pub const GOLDEN_FILE: &str = "golden.json";
/// The directory inside a data directory for copies that are given no other place.
pub const LEGACY_DIR: &str = "legacy";
/// The file of a data directory that tells which copies were left, and where.
pub const LEGACY_FILE: &str = "legacy.json";

/// The directory inside a data directory for books that are served, as copies.
pub const BOOKS_DIR: &str = "books";

const KEPT_SUFFIX: &str = ".frames";
const SEGMENT_SUFFIX: &str = ".seg";
const SIDECAR_SUFFIX: &str = ".idx";
const SNAPSHOT_SUFFIX: &str = ".snap";
const TEMP_SUFFIX: &str = ".tmp";

/// The file name of segment `number`.
pub fn segment_file(number: u64) -> String {
    format!("{number:020}{SEGMENT_SUFFIX}")
}

/// The segment number in `name`, if it is the name of a segment.
pub fn parse_segment_file(name: &str) -> Option<u64> {
    parse_number(name, SEGMENT_SUFFIX)
}

/// The file name of the index sidecar of segment `number`.
pub fn sidecar_file(number: u64) -> String {
    format!("{number:020}{SIDECAR_SUFFIX}")
}

/// The segment number in `name`, if it is the name of a sidecar.
pub fn parse_sidecar_file(name: &str) -> Option<u64> {
    parse_number(name, SIDECAR_SUFFIX)
}

/// The file name of the snapshot at `seq`.
pub fn snapshot_file(seq: u64) -> String {
    format!("{seq:020}{SNAPSHOT_SUFFIX}")
}

/// The sequence number in `name`, if it is the name of a snapshot.
pub fn parse_snapshot_file(name: &str) -> Option<u64> {
    parse_number(name, SNAPSHOT_SUFFIX)
}

/// The file with the frames of a branch in a copy left behind.
pub fn kept_file(branch: impl std::fmt::Display) -> String {
    format!("{branch}{KEPT_SUFFIX}")
}

/// The directory of a copy that is given no other place, inside [`LEGACY_DIR`].
pub fn legacy_dir(name: &str, version: u64) -> String {
    format!("{name}@{version}")
}

/// The name under which `name` is written before it is renamed into place.
pub fn temp_file(name: &str) -> String {
    format!("{name}{TEMP_SUFFIX}")
}

/// Whether `name` is a file that was never renamed into place.
pub fn is_temp_file(name: &str) -> bool {
    name.ends_with(TEMP_SUFFIX)
}

fn parse_number(name: &str, suffix: &str) -> Option<u64> {
    let digits = name.strip_suffix(suffix)?;
    let dense = digits.len() == 20 && digits.bytes().all(|b| b.is_ascii_digit());
    if dense { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back_and_sort_by_number() {
        assert_eq!(parse_segment_file(&segment_file(7)), Some(7));
        assert_eq!(parse_sidecar_file(&sidecar_file(u64::MAX)), Some(u64::MAX));
        assert_eq!(parse_snapshot_file(&snapshot_file(0)), Some(0));
        assert_eq!(parse_segment_file("7.seg"), None);
        assert_eq!(parse_segment_file(&sidecar_file(7)), None);
        assert_eq!(parse_segment_file(&temp_file(&segment_file(7))), None);
        assert!(segment_file(9) < segment_file(10));
        assert!(is_temp_file(&temp_file("manifest")));
    }
}
