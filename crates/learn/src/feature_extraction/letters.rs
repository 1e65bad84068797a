//! Texts beyond ASCII: Python's idea of accents, case and letters.

use unicode_normalization::char::{
    canonical_combining_class, decompose_compatible, is_combining_mark,
};

/// Appends a text with its accents and capitals taken off, as far as asked.
///
/// Stripping is NFKD without the combining characters. Those are the only ones that NFKD moves,
/// so that it can be done one character at a time.
pub(super) fn normalize(text: &str, strip_accents: bool, lowercase: bool, out: &mut String) {
    // Python and std agree on capitals; one letter's small form depends on its neighbours.
    if lowercase && text.contains('Σ') {
        let mut stripped = String::new();
        normalize(text, strip_accents, false, &mut stripped);
        out.push_str(&stripped.to_lowercase());
        return;
    }
    let mut push = |c: char| {
        if lowercase {
            out.extend(c.to_lowercase());
        } else {
            out.push(c);
        }
    };
    for c in text.chars() {
        if !strip_accents || c.is_ascii() {
            push(c);
        } else {
            decompose_compatible(c, |c| {
                if canonical_combining_class(c) == 0 {
                    push(c);
                }
            });
        }
    }
}

/// Visits the tokens of a text of any characters.
pub(super) fn tokens(text: &str, mut visit: impl FnMut(usize, usize)) {
    // Of the run being read: where it began, where its last letter ended, how many characters
    // it had then and has now.
    let mut run: Option<(usize, usize, usize, usize)> = None;
    for (at, c) in text.char_indices() {
        let letter = is_word(c);
        run = match run {
            Some((start, _, _, n)) if letter => Some((start, at + c.len_utf8(), n + 1, n + 1)),
            Some((start, end, kept, n)) if c == '-' => Some((start, end, kept, n + 1)),
            None if letter => Some((at, at + c.len_utf8(), 1, 1)),
            None => None,
            Some((start, end, kept, _)) => {
                if kept >= 2 {
                    visit(start, end);
                }
                None
            }
        };
    }
    if let Some((start, end, kept, _)) = run
        && kept >= 2
    {
        visit(start, end);
    }
}

/// Python's `\w`: letters, numbers and `_`. Unlike std's, letters are neither the vowel signs of
/// Indic scripts nor the letters in circles and squares.
fn is_word(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || c == '_';
    }
    let drawn = matches!(c, '\u{24b6}'..='\u{24e9}' | '\u{1f130}'..='\u{1f189}');
    (c.is_alphabetic() && !is_combining_mark(c) && !drawn) || c.is_numeric()
}
