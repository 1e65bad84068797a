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
    let count = |name: &str| figure(&samples, name, &grouped);
    let memory = figure(&samples, "her_resident_bytes", &|bytes| match bytes {
        0.0 => "–".to_owned(),
        bytes => format!("{} MB", grouped(bytes / 1e6)),
    });
    html! {
        dl.tiles {
            (tile("events durable", &count("her_events_total"), "since this process began"))
            (tile("in the queue", &count("her_queue_events"), "wait for a learner"))
            (commits(&samples))
            (tile("connections", &count("her_connections"), "open now"))
            (tile("memory", &memory, "resident"))
            (tile("identities", &count("her_identities"), "in this house"))
            (tile("requests", &count("her_http_requests_total"), "answered"))
        }
        (disk(app))
        (all(&helps, &samples))
    }
}

/// The sum of a metric over its labels, with the exact value and the metric's name.
fn figure(samples: &[Sample<'_>], name: &str, how: &dyn Fn(f64) -> String) -> Markup {
    let value: f64 = samples.iter().filter(|s| s.name == name).map(|s| s.value).sum();
    html! { data value=(value) data-of=(name) { (how(value)) } }
}

fn tile(name: &str, value: &Markup, says: &str) -> Markup {
    html! { div { dt { (name) } dd { strong { (value) } small { (says) } } } }
}

/// What the disk takes: every acknowledgement waits for a commit.
fn commits(samples: &[Sample<'_>]) -> Markup {
    let within = |share: f64| {
        let bound = within(samples, share);
        let of = format!("her_commit_seconds_bucket {share}");
        html! {
            @match bound {
                None => "–",
                Some(s) if s.is_infinite() => "over 2 s",
                Some(s) => data value=(s) data-of=(of) { "≤ " (short(s * 1e3)) " ms" },
            }
        }
    };
    let count = figure(samples, "her_commit_seconds_count", &grouped);
    html! { div { dt { "commit" } dd {
        strong { (within(0.5)) }
        small { "half of " (count) " commits; 99 % " (within(0.99)) }
    } } }
}

/// The bound, in seconds, that a share of all commits stayed within; none before the first.
fn within(samples: &[Sample<'_>], share: f64) -> Option<f64> {
    let of = |name: &'static str| samples.iter().filter(move |s| s.name == name);
    let all = of("her_commit_seconds_count").map(|s| s.value).sum::<f64>();
    // Each bucket has those of the ones before it, too.
    let mut buckets =
        of("her_commit_seconds_bucket").filter(|s| all > 0.0 && s.value >= share * all);
    let bound = buckets.next()?.labels.strip_prefix("le=\"")?.strip_suffix('"')?;
    if bound == "+Inf" { Some(f64::INFINITY) } else { bound.parse().ok() }
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
                            td { data value=(s.value) data-of={ (s.name) "{" (s.labels) "}" } {
                                (text(s.value, How::Count)) } }
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

    #[test]
    fn commits_are_read_from_their_buckets() {
        let bucket = |bound: &str, n| format!("her_commit_seconds_bucket{{le=\"{bound}\"}} {n}\n");
        let text = format!(
            "{}{}{}her_commit_seconds_count 4\n",
            bucket("0.001", 3),
            bucket("0.002", 3),
            bucket("+Inf", 4)
        );
        let (_, samples) = read(&text);
        assert_eq!((within(&samples, 0.5), within(&samples, 0.75)), (Some(0.001), Some(0.001)));
        assert_eq!(within(&samples, 0.99), Some(f64::INFINITY));
        let (_, none) =
            read("her_commit_seconds_bucket{le=\"0.001\"} 0\nher_commit_seconds_count 0\n");
        assert_eq!(within(&none, 0.5), None);
    }
}
