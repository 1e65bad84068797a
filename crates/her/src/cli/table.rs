//! Aligned text for people.

use std::fmt::Write as _;

use serde_json::Value;

/// Lines of cells under a head: numbers to the right, words to the left.
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with this head.
    pub fn new(head: &[&str]) -> Self {
        Self { rows: vec![head.iter().map(|&cell| cell.to_owned()).collect()] }
    }

    /// Adds a line.
    pub fn push(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    /// The table as text.
    pub fn text(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |c: usize| {
            self.rows.iter().filter_map(|r| r.get(c)).map(|t| t.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let right: Vec<bool> = (0..columns).map(|c| self.is_numeric(c)).collect();
        let mut out = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (c, cell) in row.iter().enumerate() {
                let space = " ".repeat(widths[c] - cell.chars().count());
                let gap = if c > 0 { "  " } else { "" };
                line += gap;
                line += &if right[c] { space + cell } else { cell.clone() + &space };
            }
            out += line.trim_end();
            out.push('\n');
        }
        out
    }

    fn is_numeric(&self, column: usize) -> bool {
        let mut cells = self.rows.iter().skip(1).filter_map(|r| r.get(column)).peekable();
        let numeric = |cell: &String| {
            let start = cell.trim_start_matches(['-', '+', '−']).chars().next();
            start.is_none_or(|c| c.is_ascii_digit() || c == '–')
        };
        cells.peek().is_some() && cells.all(numeric)
    }
}

/// Adds a line that says what else is to be known.
pub fn note(text: &str, out: &mut String) {
    out.push_str("note: ");
    out.push_str(text);
    out.push('\n');
}

/// Names and values below each other.
pub fn pairs(lines: &[(&str, String)]) -> String {
    let width = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for (name, value) in lines {
        let _ = writeln!(out, "{name:width$}  {value}");
    }
    out
}

/// `1234567` as `1,234,567`.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A progress bar's pace in whole events: the key `pace` of a template.
pub fn pace(state: &indicatif::ProgressState, to: &mut dyn std::fmt::Write) {
    let _ = write!(to, "{} a second", grouped(state.per_sec() as u64));
}

/// A number of JSON in four significant digits, a dash where there is none.
pub fn figure(value: &Value) -> String {
    let Some(v) = value.as_f64() else { return "–".to_owned() };
    let size = v.abs();
    match size {
        _ if size == 0.0 => "0".to_owned(),
        _ if (100_000.0..1e15).contains(&size) => {
            let sign = if v < 0.0 { "-" } else { "" };
            format!("{sign}{}", grouped(size.round() as u64))
        }
        _ if !(0.0001..1e15).contains(&size) => format!("{v:.3e}"),
        _ if size >= 1000.0 => format!("{v:.0}"),
        _ if size >= 10.0 => format!("{v:.2}"),
        _ => format!("{v:.4}"),
    }
}

/// A whole number of JSON with its thousands apart, a dash where there is none.
pub fn count(value: &Value) -> String {
    value.as_u64().map_or_else(|| "–".to_owned(), grouped)
}

/// A score `{"LogLoss": …, "Accuracy": …}` on one line.
pub fn score(value: &Value) -> String {
    let Some(map) = value.as_object() else { return "–".to_owned() };
    map.iter().map(|(name, v)| format!("{name} {}", figure(v))).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_numbers_stand_right() {
        let mut table = Table::new(&["name", "events"]);
        table.push(vec!["eve".into(), "7".into()]);
        table.push(vec!["samantha".into(), "12,345".into()]);
        assert_eq!(table.text(), "name      events\neve            7\nsamantha  12,345\n");
    }

    #[test]
    fn figures_are_short() {
        let of = |v: f64| figure(&v.into());
        let all = [of(0.0), of(0.87654), of(12.3456), of(1234.5), of(1234567.8), of(0.00001)];
        assert_eq!(all, ["0", "0.8765", "12.35", "1234", "1,234,568", "1.000e-5"]);
        assert_eq!(figure(&Value::Null), "–");
    }
}
