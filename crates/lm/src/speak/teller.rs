//! Tokens as text, as they are said: no character cut in half, nothing of a stop shown.

use crate::error::{Result, wrong};
use crate::tokens::Tokens;

/// How many texts can stop an answer.
pub const STOPS_MAX: usize = 16;
/// The longest of them, in bytes.
pub const STOP_MAX: usize = 256;
/// After how many tokens that end within a character it is shown as it is.
const HALVES: usize = 16;
/// What stands for bytes that are no character, or not yet.
const HALF: char = char::REPLACEMENT_CHARACTER;

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// With this control token.
    Token(u32),
    /// With the stop text of this number.
    Stop(usize),
}

/// What may be shown after a token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// The text that is new; often none.
    pub text: String,
    /// Whether the answer ends here. What is said after it is not shown.
    pub end: Option<End>,
}

/// Makes text of the tokens of one answer.
#[derive(Debug, Clone, Default)]
pub struct Teller {
    stops: Vec<String>,
    /// The newest tokens, and how much of their text was taken from them, in bytes.
    newest: Vec<u32>,
    taken: usize,
    /// Text that is not shown yet, since it may be the beginning of a stop.
    held: String,
    end: Option<End>,
}

impl Teller {
    /// A teller that ends at control tokens and at these texts.
    ///
    /// # Errors
    /// When there are more than [`STOPS_MAX`], or one is empty or longer than [`STOP_MAX`] bytes.
    pub fn new(stops: Vec<String>) -> Result<Self> {
        if stops.len() > STOPS_MAX {
            return wrong(format!("{} stop texts; at most {STOPS_MAX}", stops.len()));
        }
        for (i, stop) in stops.iter().enumerate() {
            if stop.is_empty() || stop.len() > STOP_MAX {
                let n = stop.len();
                return wrong(format!(
                    "stop text {i} has {n} bytes, but must have 1 to {STOP_MAX}"
                ));
            }
        }
        Ok(Self { stops, ..Self::default() })
    }

    /// Takes the next token.
    ///
    /// # Errors
    /// When the tokens have no text.
    pub fn take(&mut self, tokens: &Tokens, token: u32) -> Result<Told> {
        if self.end.is_some() {
            return Ok(Told { text: String::new(), end: self.end });
        }
        if tokens.is_control(token) || Some(token) == tokens.end {
            let text = self.finish();
            self.end = self.end.or(Some(End::Token(token)));
            return Ok(Told { text, end: self.end });
        }
        self.newest.push(token);
        let text = tokens.decode(&self.newest)?;
        let whole = match self.newest.len() {
            ..HALVES => text.trim_end_matches(HALF),
            _ => &text,
        };
        self.held.push_str(whole.get(self.taken..).unwrap_or_default());
        self.taken = self.taken.max(whole.len());
        if whole.len() == text.len() {
            // Some decoders write a text's first token otherwise: so one stays before the next.
            self.newest = vec![token];
            self.taken = tokens.decode(&self.newest)?.len();
        }
        Ok(self.show())
    }

    /// What is left to show when the answer ends without a stop.
    pub fn finish(&mut self) -> String {
        std::mem::take(&mut self.held)
    }

    /// The text that cannot become a stop any more.
    fn show(&mut self) -> Told {
        let found = |(i, stop): (usize, &String)| self.held.find(stop.as_str()).map(|at| (at, i));
        if let Some((at, i)) = self.stops.iter().enumerate().filter_map(found).min() {
            self.held.truncate(at);
            self.end = Some(End::Stop(i));
            return Told { text: self.finish(), end: self.end };
        }
        let begins = |stop: &String| {
            let most = self.held.len().min(stop.len() - 1);
            (1..=most).rev().find(|n| self.held.as_bytes().ends_with(&stop.as_bytes()[..*n]))
        };
        let kept = self.stops.iter().filter_map(begins).max().unwrap_or(0);
        let rest = self.held.split_off(self.held.len() - kept);
        Told { text: std::mem::replace(&mut self.held, rest), end: None }
    }
}
