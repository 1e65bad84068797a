//! Pieces of a body to lines, lines to events.

use her_identity::event::{Event, Request, What};
use her_learn::Target;
use her_learn::stream::Event as Decoded;
use her_learn::stream::ndjson::Decoder;
use serde_json::Value;

use super::{CHUNK_EVENTS, Chunk};
use crate::config::Limits;
use crate::server::App;
use crate::server::body;
use crate::server::problem::Problem;
use crate::wire;

/// A line, or that one was too long.
#[derive(Clone, Copy)]
pub(super) enum Cut<'a> {
    Line(&'a [u8]),
    TooLong,
}

/// Cuts pieces into lines. What a line needs beyond its piece is kept, up to the limit.
pub(super) struct Lines {
    kept: Vec<u8>,
    /// The kept bytes were handed out and go with the next call.
    used: bool,
    /// Inside a line that was too long: skip to its end.
    skipping: bool,
    max: usize,
}

impl Lines {
    pub fn new(max: usize) -> Self {
        Self { kept: Vec::new(), used: false, skipping: false, max }
    }

    /// The next line that ends within `rest`; nothing when more is needed.
    pub fn next<'s, 'r: 's>(&'s mut self, rest: &mut &'r [u8]) -> Option<Cut<'s>> {
        self.forget_used();
        let piece: &'r [u8] = rest;
        let Some(end) = memchr::memchr(b'\n', piece) else {
            *rest = &[];
            self.keep(piece);
            return None;
        };
        let line = &piece[..end];
        *rest = &piece[end + 1..];
        if std::mem::take(&mut self.skipping) {
            return Some(Cut::TooLong);
        }
        if self.kept.is_empty() {
            return Some(if line.len() > self.max { Cut::TooLong } else { Cut::Line(line) });
        }
        self.used = true;
        if self.kept.len() + line.len() > self.max {
            return Some(Cut::TooLong);
        }
        self.kept.extend_from_slice(line);
        Some(Cut::Line(&self.kept))
    }

    /// The last line, when the body did not end with a line end.
    pub fn rest(&mut self) -> Option<Cut<'_>> {
        self.forget_used();
        if self.skipping {
            return Some(Cut::TooLong);
        }
        (!self.kept.is_empty()).then_some(Cut::Line(&self.kept))
    }

    fn forget_used(&mut self) {
        if std::mem::take(&mut self.used) {
            self.kept.clear();
        }
    }

    fn keep(&mut self, tail: &[u8]) {
        if self.skipping {
            return;
        }
        if self.kept.len() + tail.len() > self.max {
            self.kept.clear();
            self.skipping = true;
        } else {
            self.kept.extend_from_slice(tail);
        }
    }
}

/// Makes events of lines, and chunks of events.
pub(super) struct Reader {
    decoder: Decoder,
    decoded: Decoded,
    limits: Limits,
    numbers: Option<(Box<str>, u64)>,
    line: u64,
    at_ms: u64,
    events: Vec<Event>,
    chunk: Chunk,
}

impl Reader {
    pub fn new(limits: &Limits, numbers: Option<(Box<str>, u64)>) -> Self {
        Self {
            decoder: Decoder::events().limit(limits.line_bytes),
            decoded: Decoded::default(),
            limits: limits.clone(),
            numbers,
            line: 0,
            at_ms: 0,
            events: Vec::new(),
            chunk: Chunk::empty(),
        }
    }

    /// Lines of the chunk that is being filled.
    pub fn len(&self) -> usize {
        self.events.len() + self.chunk.refused.len()
    }

    /// Takes a line into the chunk: as an event, or as refused. A blank one is neither.
    pub fn take(&mut self, app: &App, cut: Cut<'_>) {
        self.line += 1;
        if self.len() == 0 {
            // One reading of the clock for what came together.
            self.at_ms = app.house.clock().now_ms();
            self.events.reserve(CHUNK_EVENTS);
            self.chunk.lines.reserve(CHUNK_EVENTS);
        }
        let event = match cut {
            Cut::Line(line) => self.event(app, line),
            Cut::TooLong => {
                // An empty line keeps the decoder's count of lines.
                let _ = self.decoder.decode(b"", &mut self.decoded);
                Err(Problem::too_large(format!(
                    "the line has more than {} bytes; send fewer features in one event, or raise \
                     limits.line_kib",
                    self.limits.line_bytes
                )))
            }
        };
        match event {
            Ok(None) => {}
            Ok(Some(mut event)) => {
                if let Some((client, n)) = &self.numbers {
                    let n = n.saturating_add(self.line - 1);
                    event.request = Some(Request { client: client.clone(), n });
                }
                self.chunk.note(&event, self.line);
                self.events.push(event);
            }
            Err(problem) => {
                self.chunk.refused.push((self.events.len(), self.line, problem));
            }
        }
    }

    fn event(&mut self, app: &App, line: &[u8]) -> Result<Option<Event>, Problem> {
        match self.decoder.decode(line, &mut self.decoded) {
            Ok(false) => Ok(None),
            Ok(true) => self.what().map(|what| Some(self.now(what))),
            Err(refusal) => self.other(app, line, refusal).map(Some),
        }
    }

    fn now(&self, what: What) -> Event {
        Event { at_ms: self.at_ms, request: None, what }
    }

    /// What a decoded line asks for.
    fn what(&mut self) -> Result<What, Problem> {
        let d = &mut self.decoded;
        match (d.target.clone(), d.id.take()) {
            // A model that needs a label says so itself.
            (target, None) => {
                let target = target.unwrap_or(Target::None);
                Ok(What::Learn { row: d.row.clone(), target, weight: d.weight })
            }
            (None, Some(key)) => Ok(What::Remember { key, row: d.row.clone() }),
            (Some(_), Some(_)) => Err(her_identity::Error::invalid(
                "an event with x, y and id is ambiguous: leave out id to learn now, or y to be \
                 asked again by id",
            )
            .into()),
        }
    }

    /// The forms that the fast decoder does not know: late labels, and numbered events.
    fn other(&self, app: &App, line: &[u8], refusal: her_learn::Error) -> Result<Event, Problem> {
        let value = match body::parse(line, &self.limits) {
            Ok(value) => value,
            // Deep JSON is told by its own name; the decoder knows best where other JSON ends.
            Err(e) if e.detail.contains("within each other") => return Err(e),
            Err(_) => Value::Null,
        };
        let ours = value.as_object().is_some_and(|map| {
            !map.contains_key("x") || map.contains_key("client") || map.contains_key("n")
        });
        if !ours {
            return Err(refusal.into());
        }
        let mut event = wire::event(&app.house, &value)?;
        event.at_ms = self.at_ms;
        Ok(event)
    }

    /// What was read since the last chunk; nothing when that is nothing.
    pub fn chunk(&mut self) -> Option<(Vec<Event>, Chunk)> {
        if self.len() == 0 {
            return None;
        }
        let chunk = std::mem::replace(&mut self.chunk, Chunk::empty());
        Some((std::mem::take(&mut self.events), chunk))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(pieces: &[&str], max: usize) -> Vec<String> {
        let (mut lines, mut out) = (Lines::new(max), Vec::new());
        let show = |cut: Cut<'_>| match cut {
            Cut::Line(line) => String::from_utf8_lossy(line).into_owned(),
            Cut::TooLong => "!".to_owned(),
        };
        for piece in pieces {
            let mut rest = piece.as_bytes();
            while let Some(cut) = lines.next(&mut rest) {
                out.push(show(cut));
            }
        }
        out.extend(lines.rest().map(show));
        out
    }

    #[test]
    fn lines_do_not_care_how_their_bytes_come() {
        let text = "one\n\ntwo three\nfour";
        let all = ["one", "", "two three", "four"];
        assert_eq!(cut(&[text], 100), all);
        for size in 1..text.len() {
            let pieces: Vec<&str> =
                text.as_bytes().chunks(size).map(|c| std::str::from_utf8(c).unwrap()).collect();
            assert_eq!(cut(&pieces, 100), all, "{size}");
            assert_eq!(cut(&pieces, 4), ["one", "", "!", "four"], "{size}");
        }
        assert_eq!(cut(&["12345", "6\nab\n", "123456"], 5), ["!", "ab", "!"]);
        assert_eq!(cut(&["12345\n123456\n"], 5), ["12345", "!"]);
        assert!(cut(&[""], 5).is_empty());
    }
}
