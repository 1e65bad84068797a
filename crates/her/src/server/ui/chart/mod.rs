//! Charts as SVG, drawn on the server and coloured by the page's style sheet. Why they are our own
//! is decision 004.
//!
//! A chart is a `<figure>` with a name, a sentence that says what is to be seen, and the numbers
//! behind it as a table. The plot is stretched to the room there is; its strokes are not, and its
//! text is HTML beside it, so that it stays legible on a phone. The script reads the table to say
//! what is under the pointer: row *i* lies at the *i*-th part of the plot.

use maud::{Markup, html};

pub(super) mod branches;
pub(super) mod score;
pub(super) mod spark;
pub(super) mod way;

/// The plot's own units, to be stretched.
pub(super) const WIDTH: f64 = 1000.0;
/// See [`WIDTH`].
pub(super) const HEIGHT: f64 = 300.0;

/// Lines of a chart's table.
pub(super) struct Table {
    pub id: &'static str,
    pub caption: String,
    pub head: Vec<&'static str>,
    pub rows: Vec<Vec<String>>,
}

/// The table behind a chart, folded away.
pub(super) fn table(of: &Table) -> Markup {
    html! {
        details id={ (of.id) "-fold" } {
            summary { "As table" }
            div.scroll tabindex="0" role="region" aria-label=(of.caption) {
                table id=(of.id) {
                    caption { (of.caption) }
                    thead { tr { @for cell in &of.head { th scope="col" { (cell) } } } }
                    tbody {
                        @for row in &of.rows {
                            tr {
                                @for (i, cell) in row.iter().enumerate() {
                                    @if i == 0 { th scope="row" { (cell) } }
                                    @else { td { (cell) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Points as a path; it breaks where there is nothing.
pub(crate) fn line(points: impl Iterator<Item = Option<(f64, f64)>>) -> String {
    let mut d = String::new();
    let mut pen = false;
    for point in points {
        let Some((x, y)) = point else {
            pen = false;
            continue;
        };
        d.push_str(if pen { "L" } else { "M" });
        d.push_str(&xy(x, y));
        pen = true;
    }
    d
}

/// A place with a tenth of a unit, which nobody sees.
pub(super) fn xy(x: f64, y: f64) -> String {
    format!("{x:.1} {y:.1}")
}

/// The least of 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8 or 10 times a power of ten that is not below `v`.
pub(crate) fn ceiling(v: f64) -> f64 {
    if v <= 0.0 || !v.is_finite() {
        return 1.0;
    }
    let mut unit = 1.0;
    while unit > v {
        unit /= 10.0;
    }
    while unit * 10.0 <= v {
        unit *= 10.0;
    }
    let steps = [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0];
    steps.iter().map(|s| s * unit).find(|s| *s >= v).unwrap_or(10.0 * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_and_ceilings_are_round() {
        let points = [Some((0.0, 1.0)), Some((1.0, 2.0)), None, Some((3.0, 4.0))];
        assert_eq!(line(points.into_iter()), "M0.0 1.0L1.0 2.0M3.0 4.0");
        for (v, c) in [(0.69, 0.8), (1.0, 1.0), (0.0, 1.0), (37.0, 40.0), (91.0, 100.0)] {
            assert!((ceiling(v) - c).abs() < 1e-9, "{v}: {}", ceiling(v));
        }
    }
}
