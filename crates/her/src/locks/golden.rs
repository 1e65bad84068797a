//! The files of the locks as they were first written: every later build opens them, for ever.
//!
//! With `HER_WRITE_GOLDEN=1` those of the newest format are written; a new format gets a new
//! directory and a new line in `FORMATS`.

use std::path::{Path, PathBuf};

use her_identity::format::{AUDIT_FILE, AUDIT_HEAD_FILE, TOKENS_FILE};
use serde_json::json;

use super::audit::{self, Deed};
use super::keyring::{self, Keyring};
use super::token::{Quota, Token};

const FORMATS: &[&str] = &["locks-v1"];
const FILES: [&str; 3] = [TOKENS_FILE, AUDIT_FILE, AUDIT_HEAD_FILE];

fn golden(format: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format)
}

/// The text of a token that guards nothing.
fn text(id: &str) -> String {
    format!("her_{id}_{}", "5a".repeat(32))
}

fn tokens() -> Vec<Token> {
    let hash = |id: &str| blake3::hash(text(id).as_bytes()).to_hex().to_string();
    let all = json!([
        { "id": "00000001", "hash": hash("00000001"), "scopes": ["admin"], "identities": ["*"],
          "created_ms": 1_700_000_000_000u64, "quota": {} },
        { "id": "00000002", "hash": hash("00000002"), "scopes": ["predict", "learn", "label"],
          "identities": ["team-*", "sam"], "created_ms": 1_700_000_000_001u64,
          "expires_ms": 1_800_000_000_000u64, "note": "the shop's \"own\"",
          "quota": { "requests_per_s": 10, "updates_per_s": 5_000, "identities_max": 0,
                     "memory_bytes": 1u64 << 40, "journal_bytes": 1 } },
    ]);
    serde_json::from_value(all).unwrap()
}

fn write(dir: &Path) {
    keyring::write(dir, tokens()).unwrap();
    let full = Deed {
        by: "00000002".into(),
        from: Some("::1".into()),
        what: "rewind".into(),
        identity: Some("sam".into()),
        before: Some(90),
        after: Some(7),
        note: Some("an \"odd\" nøte".into()),
        outcome: "done".into(),
    };
    let bare = Deed { by: "local".into(), what: "token new".into(), ..Deed::default() };
    for (at_ms, deed) in [(1, &bare), (2, &full), (1 << 41, &bare)] {
        audit::append(dir, at_ms, deed).unwrap();
    }
}

#[test]
fn every_format_ever_written_opens_and_goes_on() {
    let made = tempfile::tempdir().unwrap();
    write(made.path());
    if std::env::var_os("HER_WRITE_GOLDEN").is_some() {
        let dir = golden(FORMATS[FORMATS.len() - 1]);
        std::fs::create_dir_all(&dir).unwrap();
        for name in FILES {
            std::fs::copy(made.path().join(name), dir.join(name)).unwrap();
        }
    }
    for format in FORMATS {
        let dir = tempfile::tempdir().unwrap();
        for name in FILES {
            let bytes = std::fs::read(golden(format).join(name)).unwrap();
            std::fs::write(dir.path().join(name), bytes).unwrap();
        }
        tokens_open(dir.path());
        audit_goes_on(dir.path());
    }
    for name in FILES {
        let newest = std::fs::read(golden(FORMATS[FORMATS.len() - 1]).join(name)).unwrap();
        let now = std::fs::read(made.path().join(name)).unwrap();
        assert_eq!(now, newest, "{name}: the same deeds give the same bytes for ever");
    }
}

fn tokens_open(dir: &Path) {
    assert_eq!(keyring::read(dir).unwrap(), tokens());
    let ring = Keyring::open(dir, "her_first").unwrap();
    let found = ring.find(text("00000002").as_bytes()).unwrap();
    assert_eq!(found.scopes().unwrap().names(), ["predict", "learn", "label"]);
    assert!(found.is_for("team-a") && !found.is_for("eve"));
    assert!(!found.is_over(1_799_999_999_999) && found.is_over(1_800_000_000_000));
    let quota = Quota {
        requests_per_s: Some(10),
        updates_per_s: Some(5_000),
        identities_max: Some(0),
        memory_bytes: Some(1 << 40),
        journal_bytes: Some(1),
    };
    assert_eq!(found.quota, quota);
    assert!(ring.find(text("00000003").as_bytes()).is_none());
    keyring::revoke(dir, "00000002").unwrap();
    assert_eq!(keyring::read(dir).unwrap(), tokens()[..1]);
}

fn audit_goes_on(dir: &Path) {
    let (records, found) = audit::newest(dir, 10).unwrap();
    assert_eq!((records.len(), found.records, &found.troubles), (3, 3, &Vec::new()));
    assert_eq!((&records[1]["note"], &records[1]["after"]), (&json!("an \"odd\" nøte"), &json!(7)));
    let noted = audit::read_head(dir).unwrap().unwrap();
    assert_eq!(noted.n, 3);
    audit::append(dir, 9, &Deed { what: "tag".into(), ..Deed::default() }).unwrap();
    let found = audit::verify(dir, Some((3, noted.hash))).unwrap();
    assert_eq!((found.records, &found.troubles), (4, &Vec::new()));
}
