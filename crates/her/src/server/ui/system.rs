//! `/ui/system`: the process, its queues, and what its metrics say.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use maud::{Markup, html};

use super::figure::{How, grouped, short, text};
use super::shell::{self, Page, Shown, fragment};
use crate::server::App;

/// One sample of `/metrics`.
struct Sample<'a> {
    name: &'a str,
    labels: &'a str,
    value: f64,
}

/// `GET /ui/system`.
pub(super) async fn page(State(app): State<Arc<App>>) -> Shown {
    let body = html! {
        h1 { "System" }
        (fragment("system", &render(&app)))
    };
    Ok(shell::page(&Page {
        title: "System",
        path: "/ui/system".into(),
        name: None,
        live: Some("/ui/live?page=system".into()),
        outside: false,
        body,
    }))
}

/// The figures, as `/metrics` has them.
pub(super) fn render(app: &App) -> Markup {
    let metrics = app.metrics.text(&app.house, &app.channels);
    let (helps, samples) = read(&metrics);
    let one = |name: &str| {
        let sample = samples.iter().find(|s| s.name == name && s.labels.is_empty());
        sample.map_or_else(|| "–".to_owned(), |s| grouped(s.value))
    };
    let sum = |name: &str| {
        grouped(samples.iter().filter(|s| s.name == name).map(|s| s.value).sum::<f64>())
    };
    let memory =
        resident().map_or_else(|| "–".to_owned(), |bytes| format!("{} MB", grouped(bytes / 1e6)));
    html! {
        dl.tiles {
            (tile("events durable", &sum("her_events_total"), "since this process began"))
            (tile("in the queue", &one("her_queue_events"), "wait for a learner"))
            (commits(app))
            (tile("connections", &one("her_connections"), "open now"))
            (tile("memory", &memory, "resident"))
            (tile("identities", &one("her_identities"), "in this house"))
            (tile("requests", &sum("her_http_requests_total"), "answered"))
        }
        (disk(app))
        (all(&helps, &samples))
    }
}

fn tile(name: &str, value: &str, says: &str) -> Markup {
    html! { div { dt { (name) } dd { strong { (value) } small { (says) } } } }
}

/// What the disk takes: every acknowledgement waits for a commit.
fn commits(app: &App) -> Markup {
    let times = app.house.commits().times();
    let within = |q| match times.within(q) {
        None => "–".to_owned(),
        Some(s) if s.is_infinite() => "over 2 s".to_owned(),
        Some(s) => format!("≤ {} ms", short(s * 1e3)),
    };
    let half = format!("half of {} commits; 99 % {}", grouped(times.count() as f64), within(0.99));
    tile("commit", &within(0.5), &half)
}

fn disk(app: &App) -> Markup {
    html! {
        section {
            h2 { "Build and disk" }
            p { "Who did what here: " a href="/ui/audit" { "the audit log" }
                ", for those who may administer." }
            dl.pairs {
                div { dt { "version" } dd { (env!("CARGO_PKG_VERSION")) } }
                div { dt { "data directory" } dd { code { (app.house.dir().display()) } } }
                div { dt { "journals" } dd { (app.house.reports().len()) } }
                @for (i, report) in app.house.reports().iter().enumerate() {
                    div { dt { "journal " (i) " at the start" } dd {
                        (grouped(report.bytes as f64)) " bytes in " (report.segments)
                        " segments, opened in " (report.recovery_ms) " ms" } }
                }
            }
        }
    }
}

/// Every metric, as a table: what Prometheus would see.
fn all(helps: &BTreeMap<&str, &str>, samples: &[Sample<'_>]) -> Markup {
    html! {
        section {
            h2 { "All metrics" }
            p { "The same as " code { "/metrics" } " gives to Prometheus; by kind, never by name." }
            div.scroll tabindex="0" role="region" aria-label="All metrics" {
                table #metrics {
                    caption.unseen { "All metrics" }
                    thead { tr { th scope="col" { "Metric" } th scope="col" { "Of" }
                        th scope="col" { "Value" } th scope="col" { "What" } } }
                    tbody { @for s in samples {
                        @let base = s.name.strip_suffix("_total").unwrap_or(s.name);
                        tr {
                            th scope="row" { code { (s.name) } }
                            td { (s.labels.replace('"', "").replace(',', ", ")) }
                            td { data value=(s.value) { (text(s.value, How::Count)) } }
                            td { (helps.get(base).unwrap_or(&"")) }
                        }
                    } }
                }
            }
        }
    }
}

/// Helps and samples of OpenMetrics text, as our own registry writes it.
fn read(text: &str) -> (BTreeMap<&str, &str>, Vec<Sample<'_>>) {
    let (mut helps, mut samples) = (BTreeMap::new(), Vec::new());
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            if let Some((name, says)) = help.split_once(' ') {
                helps.insert(name, says.trim_end_matches('.'));
            }
            continue;
        }
        let Some((key, value)) = line.rsplit_once(' ').filter(|_| !line.starts_with('#')) else {
            continue;
        };
        let (name, labels) = key.split_once('{').unwrap_or((key, ""));
        let labels = labels.trim_end_matches('}');
        if let Ok(value) = value.parse() {
            samples.push(Sample { name, labels, value });
        }
    }
    (helps, samples)
}

/// Bytes of this process in memory, where the system tells.
fn resident() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_read_as_they_are_written() {
        let text = "# HELP her_events Events that are durable.\n# TYPE her_events counter\n\
                    her_events_total{kind=\"learn\"} 10\nher_connections 2\n# EOF\n";
        let (helps, samples) = read(text);
        assert_eq!(helps["her_events"], "Events that are durable");
        let seen: Vec<_> = samples.iter().map(|s| (s.name, s.labels, s.value)).collect();
        let wanted = [("her_events_total", "kind=\"learn\"", 10.0), ("her_connections", "", 2.0)];
        assert_eq!(seen, wanted);
    }
}
