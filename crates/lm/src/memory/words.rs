//! The words of a memory, and where a long text is cut.

/// Words that tell nothing of what a text is about. Of English only: in another language they are
/// told by being in many memories.
const EMPTY: &str = " a an and are as at be been but by can could did do does for from had has have he \
                     her his how i if in is it its me my not of on or our she so than that the their \
                     them they this to us was we were what when where which who whom whose why will \
                     with would you your ";

/// The words of a text as numbers, sorted, each once: small letters, without a plural's `s`, and
/// without those that tell nothing.
pub(super) fn of(text: &str) -> Vec<u32> {
    let mut words: Vec<u32> = text
        .split(|c: char| !c.is_alphanumeric())
        .map(str::to_lowercase)
        .filter(|word| !word.is_empty() && !EMPTY.contains(&format!(" {word} ")))
        .map(|word| {
            let stem = if word.len() > 3 { word.strip_suffix('s') } else { None };
            crc32c::crc32c(stem.unwrap_or(&word).as_bytes())
        })
        .collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// A text in pieces of at most so many bytes, cut after a sentence where there is one, else between
/// words, else between letters.
pub(super) fn pieces(text: &str, most: usize) -> Vec<&str> {
    let (mut rest, mut pieces) = (text.trim(), Vec::new());
    while rest.len() > most {
        let end = rest.floor_char_boundary(most);
        let head = &rest[..end];
        let sentence = head.rfind(['.', '!', '?', '\n']).map(|at| at + 1);
        let word = head.rfind(char::is_whitespace);
        let cut = sentence.or(word).filter(|at| *at > 0).unwrap_or(end);
        pieces.push(rest[..cut].trim());
        rest = rest[cut..].trim_start();
    }
    pieces.push(rest);
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// Whether a text only asks: every sentence of it ends with a question mark.
pub(super) fn only_asks(text: &str) -> bool {
    let (mut begun, mut asked) = (false, false);
    for c in text.chars() {
        match c {
            '?' => (begun, asked) = (false, true),
            '.' | '!' | '\n' if begun => return false,
            c if c.is_alphanumeric() => begun = true,
            _ => {}
        }
    }
    asked && !begun
}
