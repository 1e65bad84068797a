//! A record of the audit log as a person reads it, in a terminal and on the page.

use serde_json::Value;

use crate::when;

/// What the cells of [`told`] are.
pub(crate) const HEADINGS: [&str; 8] =
    ["n", "when", "who", "from", "what", "identity", "version", "outcome"];

/// One record, a cell a heading.
pub(crate) fn told(record: &Value) -> [String; 8] {
    let text = |key: &str| record[key].as_str().unwrap_or("–").to_owned();
    let version = match (record["before"].as_u64(), record["after"].as_u64()) {
        (Some(before), Some(after)) => format!("{before} → {after}"),
        (None, Some(after)) => format!("→ {after}"),
        (Some(before), None) => before.to_string(),
        (None, None) => "–".to_owned(),
    };
    let note = record["note"].as_str().map(|n| format!(" ({n})")).unwrap_or_default();
    [
        record["n"].as_u64().map_or_else(|| "–".to_owned(), |n| n.to_string()),
        when::time(record["at_ms"].as_u64().unwrap_or(0)),
        text("by"),
        text("from"),
        text("what") + &note,
        text("identity"),
        version,
        text("outcome"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_tells_who_what_and_what_came_of_it() {
        let record = serde_json::json!({
            "n": 7, "at_ms": 1_000, "by": "first", "what": "rewind", "identity": "sam",
            "before": 30, "after": 6, "outcome": "done", "note": "to 5",
        });
        let wanted = [
            "7",
            "1970-01-01 00:00:01 UTC",
            "first",
            "–",
            "rewind (to 5)",
            "sam",
            "30 → 6",
            "done",
        ];
        assert_eq!(told(&record), wanted);
    }
}
