//! What bytes would take to say, for comparison.

/// Bits of information that people speak in a second, over 17 languages: Coupé, C. et al., 2019.
/// Different languages, similar encoding efficiency.
pub const SPEECH_BITS_S: f64 = 39.15;
/// Words that people speak in a second, in English: 150 a minute.
pub const WORDS_S: f64 = 150.0 / 60.0;
/// Characters of the standard word in which words a minute are counted.
const WORD_BYTES: f64 = 5.0;

/// Seconds that people would take to say so much information.
pub fn say_s(bytes: f64) -> f64 {
    bytes * 8.0 / SPEECH_BITS_S
}

/// Seconds that so many characters of text would take to speak, at 150 words a minute.
pub fn speak_s(bytes: f64) -> f64 {
    bytes / WORD_BYTES / WORDS_S
}
