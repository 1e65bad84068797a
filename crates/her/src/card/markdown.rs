//! A card as Markdown.

use std::fmt::Write as _;

use serde_json::Value;

/// Features that the text lists; the JSON lists them all.
const LINES_MAX: usize = 50;

/// The card for people.
pub fn markdown(card: &Value) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "# {}\n", inline(&card["name"]));
    if let Some(about) = card["about"].as_str() {
        let _ = writeln!(out, "{}\n", escaped(about));
    }
    let head = &card["head"];
    let _ = writeln!(out, "| | |\n|---|---|");
    let mut row = |key: &str, value: &Value| {
        if !value.is_null() {
            let _ = writeln!(out, "| {key} | {} |", inline(value));
        }
    };
    row("version", &card["version"]);
    row("task", &card["model"]["task"]);
    row("licence", &card["licence"]);
    row("born", &card["dates"]["born"]);
    row("first event", &card["dates"]["first_event"]);
    row("last learned", &card["dates"]["last_learned"]);
    row("frozen at version", &card["dates"]["frozen"]["version"]);
    row("durable version", &head["version"]);
    row("digest of the journal", &head["digest"]);
    row("written", &card["written"]);
    let spec = serde_json::to_string_pretty(&card["model"]["spec"]).unwrap_or_default();
    let _ = writeln!(out, "\n## Model\n\n```json\n{spec}\n```");
    data(card, &mut out);
    metrics(&card["metrics"], &mut out);
    drift(&card["drift"], &mut out);
    lineage(&card["lineage"], &mut out);
    let _ = writeln!(out, "\n## Peers\n\nNone.");
    if card["retold"]["complete"] == false {
        let _ = writeln!(
            out,
            "\nThe journal is told up to version {}: data seen and the history of drift are of \
             this part only.",
            card["retold"]["to_version"]
        );
    }
    out
}

fn data(card: &Value, out: &mut String) {
    let data = &card["data"];
    let _ = writeln!(
        out,
        "\n## Data seen\n\n{} events learned, {} predictions kept for a label, {} late labels.",
        data["learned"], data["kept_for_a_label"], data["late_labels"]
    );
    if let Some(n) = data.get("numbers") {
        let _ = writeln!(
            out,
            "\nTargets: {} numbers from {} to {}, mean {}.",
            n["n"], n["min"], n["max"], n["mean"]
        );
    }
    table("feature", &data["features"], &data["features_complete"], out);
    table("class", &data["classes"], &data["classes_complete"], out);
}

fn table(what: &str, lines: &Value, complete: &Value, out: &mut String) {
    let Some(lines) = lines.as_array().filter(|lines| !lines.is_empty()) else { return };
    let _ = writeln!(out, "\n| {what} | events | first seen | last seen |\n|---|---:|---|---|");
    for line in lines.iter().take(LINES_MAX) {
        let _ = writeln!(
            out,
            "| {} | {} | {} (version {}) | {} (version {}) |",
            inline(&line["name"]),
            line["events"],
            inline(&line["first"]),
            line["first_version"],
            inline(&line["last"]),
            line["last_version"]
        );
    }
    let more = lines.len().saturating_sub(LINES_MAX);
    if more > 0 {
        let least = if *complete == true { "" } else { "at least " };
        let _ = writeln!(out, "\n… and {least}{more} more.");
    }
}

fn metrics(metrics: &Value, out: &mut String) {
    let _ = writeln!(out, "\n## Metrics\n\n{}.\n", first_upper(&inline(&metrics["how"])));
    let _ = writeln!(out, "| who | window | events | scores |\n|---|---|---:|---|");
    let whos = [
        ("online", "online"),
        ("online, since the shadow", "online_since_shadow"),
        ("frozen shadow", "frozen_shadow"),
    ];
    for (who, key) in whos {
        for (window, name) in [("since_birth", "since birth"), ("rolling", "last thousand")] {
            let line = &metrics[key][window];
            let Some(scores) = line["scores"].as_object() else { continue };
            let scores: Vec<String> = scores
                .iter()
                .map(|(k, v)| format!("{k} {:.4}", v.as_f64().unwrap_or(f64::NAN)))
                .collect();
            let scores = scores.join(", ");
            let _ = writeln!(out, "| {who} | {name} | {} | {scores} |", line["events"]);
        }
    }
    let _ = writeln!(out, "\nBits saved against the shadow: {}.", metrics["bits_saved"]);
}

fn drift(drift: &Value, out: &mut String) {
    let detector = inline(&drift["detector"]);
    let _ = writeln!(out, "\n## Drift\n\n{} alarms of {detector}.", drift["alarms"]);
    for alarm in drift["history"].as_array().into_iter().flatten() {
        let _ = writeln!(out, "- version {}, {}", alarm["version"], inline(&alarm["at"]));
    }
}

fn lineage(lineage: &Value, out: &mut String) {
    let _ = writeln!(out, "\n## Lineage\n");
    for branch in lineage["branches"].as_array().into_iter().flatten() {
        let from = match branch["parent"]["id"].as_str() {
            Some(id) => format!("from version {} of {id}", branch["parent"]["version"]),
            None => "from birth".to_owned(),
        };
        let alive = if branch["alive"] == true { ", alive" } else { "" };
        let (id, created) = (inline(&branch["id"]), inline(&branch["created"]));
        let _ = writeln!(out, "- {id}, {created}, {from}{alive}");
    }
    for (tag, version) in lineage["tags"].as_object().into_iter().flatten() {
        let _ = writeln!(out, "- {} = version {version}", escaped(tag));
    }
}

/// A value within a line of a table.
fn inline(value: &Value) -> String {
    match value {
        Value::String(text) => escaped(text),
        other => escaped(&other.to_string()),
    }
}

/// A text that was chosen elsewhere, so that it can't end a cell or become markup.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '!' | '&' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

fn first_upper(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_become_markup() {
        assert_eq!(escaped("a|b\n<script>"), "a\\|b \\<script\\>");
    }
}
