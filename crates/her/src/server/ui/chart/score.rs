//! The picture that says what learning buys: the live model's loss over its whole life beside
//! that of its frozen shadow.

use maud::{Markup, html};
use serde_json::Value;

use super::{HEIGHT, Table, WIDTH, ceiling, line, table, xy};
use crate::server::ui::figure::{grouped, short, tick};

/// Points of a line: as many as a phone's screen tells apart.
const SLOTS: usize = 80;

/// Some scored events and the mean losses on them.
#[derive(Debug, PartialEq)]
pub(in crate::server::ui) struct Slot {
    pub from: f64,
    pub to: f64,
    pub live: Option<f64>,
    pub shadow: Option<f64>,
}

/// Buckets of equal width with their means, the last one perhaps not full.
struct Means {
    start: f64,
    width: f64,
    end: f64,
    of: Vec<f64>,
}

impl Means {
    fn read(series: &Value, start: f64, end: f64) -> Self {
        let means = series["mean"].as_array().map_or(&[][..], Vec::as_slice);
        let means = means.iter().map(|v| v.as_f64().unwrap_or(0.0)).collect();
        Self { start, width: series["width"].as_f64().unwrap_or(1.0), end, of: means }
    }

    /// The mean between two events; each bucket counts as much as lies within.
    fn between(&self, from: f64, to: f64) -> Option<f64> {
        let (mut sum, mut weight) = (0.0, 0.0);
        for (i, mean) in self.of.iter().enumerate() {
            let begin = self.start + i as f64 * self.width;
            let within = to.min(begin + self.width).min(self.end) - from.max(begin);
            if within > 0.0 {
                sum += within * mean;
                weight += within;
            }
        }
        (weight > 0.0).then(|| sum / weight)
    }
}

/// The two series of `wire::chart` over the same slots.
pub(in crate::server::ui) fn slots(chart: &Value) -> Vec<Slot> {
    let scored = chart["scored"].as_f64().unwrap_or(0.0);
    let live = Means::read(&chart["loss"], 0.0, scored);
    let frozen = chart["shadow_from"].as_f64().unwrap_or(0.0);
    let shadow = Means::read(&chart["shadow_loss"], frozen, scored);
    let n = SLOTS.min(live.of.len());
    let edge = |i: usize| scored * i as f64 / n as f64;
    (0..n)
        .map(|i| {
            let (from, to) = (edge(i), edge(i + 1));
            // A slot that the shadow was not there for from its beginning would compare unlike
            // events.
            let both = from >= frozen;
            Slot {
                from,
                to,
                live: live.between(from, to),
                shadow: if both { shadow.between(from, to) } else { None },
            }
        })
        .collect()
}

/// The chart of an identity.
pub(in crate::server::ui) fn draw(card: &Value, chart: &Value, takeaway: &Markup) -> Markup {
    let regression = card["task"] == "regression";
    let name = if regression { "Error over its whole life" } else { "Loss over its whole life" };
    let unit = if regression { "root mean squared error" } else { "log loss, in nats" };
    let shape = |v: f64| if regression { v.max(0.0).sqrt() } else { v };
    let mut slots = slots(chart);
    for slot in &mut slots {
        slot.live = slot.live.map(shape);
        slot.shadow = slot.shadow.map(shape);
    }
    let top = top(&slots);
    let over = slots.iter().flat_map(|s| [s.live, s.shadow]).flatten().filter(|v| *v > top).count();
    let scored = chart["scored"].as_f64().unwrap_or(0.0);
    let alarm = alarm(card, scored);
    if slots.is_empty() {
        return html! { section { h2 { (name) } p.none-yet { (takeaway) } } };
    }
    html! {
        figure.chart {
            figcaption {
                h2 { (name) }
                p { (takeaway) }
            }
            ul.legend {
                li { (sample("live")) "this identity" }
                li { (sample("shadow")) "its frozen shadow" }
                @if alarm.is_some() { li { (sample("alarm")) "last drift alarm" } }
            }
            p.axis { (unit) ", lower is better" }
            div.plot data-table="score" {
                div.y aria-hidden="true" {
                    @for i in 0..=4 { span { (tick(top * (4 - i) as f64 / 4.0)) } }
                }
                (plot(&slots, top, alarm, name))
                div.x aria-hidden="true" {
                    @for i in 0..=4 { span { (tick((scored * i as f64 / 4.0).round())) } }
                }
            }
            p.axis.right { "scored events" }
            @if over > 0 {
                p.note {
                    (over) " of " (slots.len() * 2) " points lie above the plot; the table has them."
                }
            }
            (behind(&slots, unit))
        }
    }
}

/// The end of the scale: nearly all points fit, and a few that are far out do not flatten the rest.
fn top(slots: &[Slot]) -> f64 {
    let mut all: Vec<f64> = slots.iter().flat_map(|s| [s.live, s.shadow]).flatten().collect();
    all.sort_by(f64::total_cmp);
    let Some(greatest) = all.last() else { return 1.0 };
    ceiling(greatest.min(1.6 * all[(all.len() - 1) * 9 / 10]))
}

/// Where the last alarm lies among the scored events. Every event since was scored, or nearly:
/// an alarm's version is told exactly beside the chart.
fn alarm(card: &Value, scored: f64) -> Option<f64> {
    let last = card["figures"]["drift_last_version"].as_f64().filter(|v| *v > 0.0)?;
    let since = card["version"].as_f64()? - last;
    Some(((scored - since) / scored.max(1.0)).clamp(0.0, 1.0))
}

fn plot(slots: &[Slot], top: f64, alarm: Option<f64>, name: &str) -> Markup {
    let n = slots.len().max(1) as f64;
    let x = |i: usize| (i as f64 + 0.5) / n * WIDTH;
    let y = |v: f64| HEIGHT * (1.0 - (v / top).min(1.0));
    let of = |f: fn(&Slot) -> Option<f64>| {
        line(slots.iter().enumerate().map(|(i, s)| f(s).map(|v| (x(i), y(v)))))
    };
    let bought = between(slots, &x, &y);
    html! {
        svg.drawing viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } preserveAspectRatio="none"
            role="img" aria-label={ (name) ", live and frozen; the table below has the numbers" } {
            @for i in 0..=4 {
                @let at = f64::from(i) / 4.0 * HEIGHT;
                path.grid d={ "M0 " (at) "H" (WIDTH) } {}
            }
            @if !bought.is_empty() { path.bought d=(bought) {} }
            @if let Some(share) = alarm {
                path.alarm d={ "M" (xy(share * WIDTH, 0.0)) "V" (HEIGHT) } {}
            }
            path.shadow d=(of(|s| s.shadow)) {}
            path.live d=(of(|s| s.live)) {}
            path.cursor d="" {}
        }
    }
}

/// The area between both lines, where both are: what learning bought, or cost.
fn between(slots: &[Slot], x: &dyn Fn(usize) -> f64, y: &dyn Fn(f64) -> f64) -> String {
    let both: Vec<(usize, f64, f64)> =
        slots.iter().enumerate().filter_map(|(i, s)| Some((i, s.live?, s.shadow?))).collect();
    if both.len() < 2 {
        return String::new();
    }
    let there = both.iter().map(|&(i, live, _)| Some((x(i), y(live))));
    let back = both.iter().rev().map(|&(i, _, shadow)| Some((x(i), y(shadow))));
    line(there.chain(back)) + "Z"
}

/// A piece of a line for the legend.
fn sample(class: &str) -> Markup {
    html! { svg.sample viewBox="0 0 28 8" aria-hidden="true" { path class=(class) d="M1 4H27" {} } }
}

fn behind(slots: &[Slot], unit: &str) -> Markup {
    let cell = |v: Option<f64>| v.map_or_else(|| "–".to_owned(), short);
    let rows = slots.iter().map(|s| {
        let events = format!("{} to {}", grouped(s.from.floor() + 1.0), grouped(s.to.ceil()));
        vec![events, cell(s.live), cell(s.shadow)]
    });
    table(&Table {
        id: "score",
        caption: format!("Mean {unit}, by scored events"),
        head: vec!["events", "this identity", "frozen shadow"],
        rows: rows.collect(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn slots_keep_the_mean_of_all() {
        let means: Vec<f64> = (0..200).map(f64::from).collect();
        let chart = json!({
            "scored": 398, "shadow_from": 100,
            "loss": { "width": 2, "mean": means },
            "shadow_loss": { "width": 4, "mean": vec![1.0; 75] },
        });
        let slots = slots(&chart);
        assert_eq!(slots.len(), SLOTS);
        let mean: f64 = slots.iter().filter_map(|s| s.live).sum::<f64>() / SLOTS as f64;
        // 199 full buckets and an end of none.
        assert!((mean - 99.0).abs() < 0.5, "{mean}");
        assert!(slots[0].shadow.is_none() && slots[79].shadow == Some(1.0));
    }

    #[test]
    fn a_far_point_does_not_flatten_the_rest() {
        let mut slots: Vec<Slot> = (0..40)
            .map(|i| Slot {
                from: f64::from(i),
                to: f64::from(i) + 1.0,
                live: Some(0.5),
                shadow: None,
            })
            .collect();
        slots[0].live = Some(30.0);
        assert!((top(&slots) - 0.8).abs() < 1e-9, "{}", top(&slots));
        let card =
            json!({ "task": "binary", "version": 41, "figures": { "drift_last_version": 21 } });
        assert_eq!(alarm(&card, 40.0), Some(0.5));
        let html = draw(&card, &json!({}), &html! { "x" }).into_string();
        assert!(!html.contains("<svg"), "who was never scored has no chart, only why");
    }
}
