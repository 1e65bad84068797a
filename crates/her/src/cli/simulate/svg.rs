//! How a simulation went, as one picture: panels over the same hours, with what happened.

use her_sim::{Report, Sample};
use maud::{Markup, html};

use crate::server::ui::chart::{ceiling, line};
use crate::server::ui::figure::tick;

const WIDTH: f64 = 960.0;
/// Where plots begin and end, from the left.
const LEFT: f64 = 64.0;
const RIGHT: f64 = 884.0;
/// The first plot's upper edge, the height of a plot, and from one to the next.
const TOP: f64 = 96.0;
const PLOT: f64 = 104.0;
const PITCH: f64 = 148.0;
/// A letter of the labels is about so wide.
const LETTER: f64 = 6.2;

const STYLE: &str = "text{font:12px system-ui,sans-serif;fill:#575d64}\
    .title{font-size:17px;font-weight:600;fill:#1d2023}.name{fill:#1d2023;font-weight:600}\
    .end{text-anchor:end}.mid{text-anchor:middle}\
    path{fill:none;stroke-width:1.8;stroke-linejoin:round}.grid{stroke:#e3e0d9;stroke-width:1}\
    .can{stroke:#b3203a;stroke-width:1;stroke-dasharray:5 4}\
    .event{stroke:#8b8f94;stroke-width:1;stroke-dasharray:2 3}\
    .a{stroke:#0f6f68}.b{stroke:#a04f00}.c{stroke:#8b8f94}\
    .area{fill:#0f6f68;fill-opacity:.14;stroke:none}\
    text.a{fill:#0f6f68;stroke:none}text.b{fill:#a04f00;stroke:none}text.c{fill:#575d64;stroke:none}";

/// One line of a panel.
struct Line {
    name: &'static str,
    class: &'static str,
    of: fn(&Sample) -> f64,
}

/// One panel: its lines share an axis.
struct Panel {
    name: &'static str,
    /// What values are multiplied by.
    scale: f64,
    lines: Vec<Line>,
    /// Where all is used that there is.
    can: Option<f64>,
}

pub(super) fn draw(report: &Report) -> String {
    let panels = panels(report);
    let height = TOP + PITCH * panels.len() as f64 + 16.0;
    let drawn = html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox={ "0 0 " (WIDTH) " " (height) }
            width=(WIDTH) height=(height) role="img" aria-label="How a simulated planet went" {
            style { (STYLE) }
            rect width=(WIDTH) height=(height) fill="#ffffff" {}
            text.title x=(LEFT) y="28" {
                (tick(report.nodes as f64)) " nodes, " (tick(report.identities as f64))
                " identities, simulated"
            }
            text x=(LEFT) y="48" { "seed " (report.seed) ", run " (report.hash) }
            (labels(report))
            @for (i, panel) in panels.iter().enumerate() {
                (plot(report, panel, TOP + PITCH * i as f64))
            }
            text x=(LEFT) y=(height - 8.0) {
                "Rates instead of updates; says nothing about throughput, bandwidth or failures of "
                "a real planet."
            }
        }
    };
    drawn.into_string() + "\n"
}

fn panels(report: &Report) -> Vec<Panel> {
    let one = |name, scale, of| {
        let lines = vec![Line { name: "", class: "a", of }];
        Panel { name, scale, lines, can: None }
    };
    let every_s = report.samples.get(1).map_or(60.0, |sample| sample.at_s);
    let a_minute = 60.0 / every_s;
    let mut panels = vec![Panel {
        name: "Load of the nodes: 1 is all that they can learn",
        scale: 1.0,
        lines: vec![
            Line { name: "max", class: "c", of: |s| s.load.max },
            Line { name: "p99", class: "b", of: |s| s.load.p99 },
            Line { name: "mean", class: "a", of: |s| s.load.mean },
        ],
        can: Some(1.0),
    }];
    if !report.losses.is_empty() {
        panels.push(one("Identities without an owner", 1.0, |s| s.without_owner as f64));
        panels.push(one("Takeovers a minute", a_minute, |s| s.takeovers as f64));
    }
    panels.push(one("Moves by gates a minute", a_minute, |s| s.moves as f64));
    panels
}

fn across(report: &Report, at_s: f64) -> f64 {
    LEFT + at_s / report.simulated_s * (RIGHT - LEFT)
}

/// What happened, over the first panel; a label goes a line down where it would meet the one
/// before.
fn labels(report: &Report) -> Markup {
    let mut free = [LEFT; 2];
    let mut placed = Vec::new();
    for event in &report.happened {
        let x = across(report, event.at_s);
        let row = usize::from(x < free[0]);
        free[row] = x + event.what.chars().count() as f64 * LETTER + 8.0;
        placed.push((x, 66.0 + 13.0 * row as f64, &event.what));
    }
    html! {
        @for (x, y, what) in placed {
            text x=(round(x)) y=(y) { (what) }
        }
    }
}

/// A tenth of a unit, which nobody sees.
fn round(v: f64) -> f64 {
    (v * 10.0).round() / 10.0
}

fn plot(report: &Report, panel: &Panel, top: f64) -> Markup {
    let samples = &report.samples;
    let all = panel.lines.iter().flat_map(|l| samples.iter().map(|s| (l.of)(s) * panel.scale));
    let most = ceiling(all.chain(panel.can).fold(0.0, f64::max));
    let y = |v: f64| top + PLOT * (1.0 - v / most);
    let points = |l: &Line| {
        let of = l.of;
        line(samples.iter().map(|s| Some((across(report, s.at_s), y(of(s) * panel.scale)))))
    };
    let ends = ends(samples, panel, &y);
    html! {
        text.name x=(LEFT) y=(top - 9.0) { (panel.name) }
        @for share in [0.0, 0.5, 1.0] {
            @let at = round(y(most * share));
            path.grid d={ "M" (LEFT) " " (at) "H" (RIGHT) } {}
            text.end x=(LEFT - 8.0) y=(at + 4.0) { (tick(most * share)) }
        }
        @if let Some(can) = panel.can { path.can d={ "M" (LEFT) " " (round(y(can))) "H" (RIGHT) } {} }
        @for event in &report.happened {
            path.event d={ "M" (round(across(report, event.at_s))) " " (top) "v" (PLOT) } {}
        }
        @if let [only] = &panel.lines[..] {
            path.area d={ (points(only)) "V" (round(y(0.0))) "H" (LEFT) "Z" } {}
        }
        @for l in &panel.lines { path class=(l.class) d=(points(l)) {} }
        @for (l, at) in panel.lines.iter().zip(ends) {
            text class=(l.class) x=(RIGHT + 6.0) y=(round(at + 4.0)) { (l.name) }
        }
        @for (x, hours) in hours(report) {
            text.mid x=(round(x)) y=(round(top + PLOT + 15.0)) { (hours) }
        }
    }
}

/// Where the names of lines stand: at their ends, one below the other.
fn ends(samples: &[Sample], panel: &Panel, y: &dyn Fn(f64) -> f64) -> Vec<f64> {
    let mut ends: Vec<f64> = Vec::new();
    for l in &panel.lines {
        let at = samples.last().map_or(0.0, |s| y((l.of)(s) * panel.scale));
        ends.push(ends.last().map_or(at, |above: &f64| at.max(above + 13.0)));
    }
    ends
}

/// Marks of the time axis: at most eight, of whole hours or minutes.
fn hours(report: &Report) -> Vec<(f64, String)> {
    let steps = [600.0, 1800.0, 3600.0, 7200.0, 14_400.0, 21_600.0, 86_400.0, 432_000.0];
    let fits = |step: &&f64| report.simulated_s / **step <= 8.0;
    let step = *steps.iter().find(fits).unwrap_or(&432_000.0);
    let marks = (report.simulated_s / step) as usize;
    let name = |s: f64| {
        if step < 3600.0 { format!("{:.0} min", s / 60.0) } else { format!("{:.0} h", s / 3600.0) }
    };
    (0..=marks).map(|i| i as f64 * step).map(|s| (across(report, s), name(s))).collect()
}
