//! The way of the weights in the plane, as `figures.path` keeps it.

use maud::{Markup, html};
use serde_json::Value;

use super::{Table, table, xy};
use crate::server::ui::figure::{How, number, short};

/// The side of the square.
const SIDE: f64 = 400.0;
/// Room around the way.
const EDGE: f64 = 20.0;

type Points = Vec<(f64, f64)>;

fn points(path: &Value) -> Points {
    let all = path["points"].as_array().map_or(&[][..], Vec::as_slice);
    all.iter().filter_map(|p| Some((p[0].as_f64()?, p[1].as_f64()?))).collect()
}

/// The way up to the version that is shown; of a past one, with what came later behind it.
pub(in crate::server::ui) fn draw(card: &Value, later: Option<&Value>) -> Markup {
    let path = &card["figures"]["path"];
    let way = points(path);
    let beyond = later.map(|card| points(&card["figures"]["path"])).unwrap_or_default();
    html! {
        figure.chart.square {
            figcaption {
                h2 { "The way of its weights" }
                p { (takeaway(card, path, &way)) }
            }
            @if way.is_empty() {
                p.none-yet { "No weights have been looked at yet." }
            } @else {
                ul.legend {
                    li { (mark("M8 4h0", "start")) "where it began" }
                    li { (mark("M8 4h0", "here")) "where it is" }
                    @if later.is_some() { li { (mark("M1 4H27", "beyond")) "later" } }
                }
                div.plot { (square(&way, &beyond)) }
                (behind(&way))
            }
        }
    }
}

fn takeaway(card: &Value, path: &Value, way: &Points) -> Markup {
    html! {
        @if way.is_empty() {
            "Models with weights draw a line here as they learn."
        } @else {
            "It went " (number(card, "/figures/path/length", How::Short))
            " in all and is " (number(card, "/figures/path/displacement", How::Short))
            " from where it began"
            @if straight(path) < 0.25 { ": it wanders more than it travels." }
            @else { ": it is on its way somewhere." }
        }
    }
}

fn straight(path: &Value) -> f64 {
    let of = |name: &str| path[name].as_f64().unwrap_or(0.0);
    if of("length") > 0.0 { of("displacement") / of("length") } else { 1.0 }
}

fn mark(d: &str, class: &str) -> Markup {
    let room = if class == "beyond" { "0 0 28 8" } else { "0 0 16 8" };
    html! { svg.sample viewBox=(room) aria-hidden="true" { path class=(class) d=(d) {} } }
}

fn square(way: &Points, beyond: &Points) -> Markup {
    let all = || way.iter().chain(beyond);
    let edge = |f: fn(&(f64, f64)) -> f64| {
        let least = all().map(f).fold(f64::INFINITY, f64::min);
        let most = all().map(f).fold(f64::NEG_INFINITY, f64::max);
        (least, most - least)
    };
    let ((x0, w), (y0, h)) = (edge(|p| p.0), edge(|p| p.1));
    let scale = (SIDE - 2.0 * EDGE) / w.max(h).max(1e-12);
    // The way stays in the middle of its square, and keeps its proportions.
    let place = |p: &(f64, f64)| {
        let x = SIDE / 2.0 + (p.0 - x0 - w / 2.0) * scale;
        let y = SIDE / 2.0 - (p.1 - y0 - h / 2.0) * scale;
        (x, y)
    };
    let line = |points: &Points| super::line(points.iter().map(|p| Some(place(p))));
    let dot = |p: Option<&(f64, f64)>| {
        p.map(|p| {
            let (x, y) = place(p);
            format!("M{}h0", xy(x, y))
        })
    };
    html! {
        svg.drawing viewBox={ "0 0 " (SIDE) " " (SIDE) } role="img"
            aria-label="The way of the weights, seen in two dimensions; the table below has the \
                        numbers" {
            rect.frame width=(SIDE) height=(SIDE) {}
            path.beyond d=(line(beyond)) {}
            path.way d=(line(way)) {}
            @if let Some(d) = dot(way.first()) { path.start d=(d) {} }
            @if let Some(d) = dot(way.last()) { path.here d=(d) {} }
        }
    }
}

fn behind(way: &Points) -> Markup {
    let rows =
        way.iter().enumerate().map(|(i, (x, y))| vec![(i + 1).to_string(), short(*x), short(*y)]);
    table(&Table {
        id: "way",
        caption: "The first two of 16 random directions".to_owned(),
        head: vec!["look", "first", "second"],
        rows: rows.collect(),
    })
}
