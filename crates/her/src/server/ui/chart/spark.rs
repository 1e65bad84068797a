//! A small line without axes, for a list.

use maud::{Markup, html};
use serde_json::Value;

use super::score;
use super::{ceiling, line};

/// The live loss over the whole life, with the shadow's dashed.
pub(in crate::server::ui) fn draw(chart: &Value) -> Markup {
    let slots = score::slots(chart);
    let mut all: Vec<f64> = slots.iter().flat_map(|s| [s.live, s.shadow]).flatten().collect();
    all.sort_by(f64::total_cmp);
    let most = all.get(all.len().saturating_sub(1) * 9 / 10).copied().unwrap_or(1.0);
    let top = ceiling(1.2 * most);
    let n = slots.len().max(1) as f64;
    let of = |f: fn(&score::Slot) -> Option<f64>| {
        line(slots.iter().enumerate().map(|(i, s)| {
            f(s).map(|v| ((i as f64 + 0.5) / n * 120.0, 2.0 + 24.0 * (1.0 - (v / top).min(1.0))))
        }))
    };
    html! {
        svg.spark viewBox="0 0 120 28" preserveAspectRatio="none" aria-hidden="true" {
            path.shadow d=(of(|s| s.shadow)) {}
            path.live d=(of(|s| s.live)) {}
        }
    }
}
