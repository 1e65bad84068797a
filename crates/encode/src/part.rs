//! A part of an event as JSON carries it: a plain text, or a data URL.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::GeneralPurpose;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};

use crate::{Error, Modality, Result, wrong};

/// The most bytes of a part, decoded: 16 MiB.
pub const PART_BYTES_MAX: usize = 1 << 24;
/// The longest head of a data URL, from `data:` to the comma.
const HEAD_MAX: usize = 256;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Modality and bytes of a part. `data:TYPE/SUBTYPE[;…][;base64],…` is a data URL; anything else is
/// a text and is lent as it is, also one that begins with `data:` and goes on as prose.
///
/// The type says the modality: `text/…` in UTF-8, `image/…`, `audio/…` and `application/ogg`. Which
/// format it is, the encoder sees from the bytes. Base64 may come with or without padding, and
/// percent signs and white space in it are taken as browsers take them.
///
/// **Cost** One copy of the data of a URL, two where base64 has percent signs or white space.
///
/// # Errors
/// A part beyond [`PART_BYTES_MAX`], a URL without a comma, damaged base64 or percent signs, a type
/// that is no modality, a text that is not in UTF-8.
///
/// **Source** RFC 2397; base64 as in the URL standard of WHATWG (`data:` URL processor).
pub fn part(text: &str) -> Result<(Modality, Cow<'_, [u8]>)> {
    let Some(head) = head(text) else {
        if text.len() > PART_BYTES_MAX {
            return too_large(text.len());
        }
        return Ok((Modality::Text, Cow::Borrowed(text.as_bytes())));
    };
    let Some((head, data)) = head.split_once(',').map(|(h, _)| (h, &text[h.len() + 6..])) else {
        return wrong(format!(
            "a data URL of {:?}… has no comma within {HEAD_MAX} bytes: write \
             data:TYPE/SUBTYPE;base64,DATA",
            short(head)
        ));
    };
    let mut words = head.split(';').map(str::trim);
    let kind = words.next().unwrap_or_default().to_ascii_lowercase();
    let words: Vec<String> = words.map(str::to_ascii_lowercase).collect();
    let modality = modality(&kind)?;
    let bytes = if words.last().is_some_and(|word| word == "base64") {
        from_base64(data)?
    } else {
        from_percent(data)?
    };
    if bytes.len() > PART_BYTES_MAX {
        return too_large(bytes.len());
    }
    if modality == Modality::Text {
        check_text(&words, &bytes)?;
    }
    Ok((modality, bytes))
}

/// What follows `data:` where a media type follows it: at most [`HEAD_MAX`] bytes, with the comma
/// if there is one within them.
fn head(text: &str) -> Option<&str> {
    let scheme = text.get(..5)?;
    if !scheme.eq_ignore_ascii_case("data:") {
        return None;
    }
    let rest = &text[5..];
    let mut end = rest.len().min(HEAD_MAX);
    while !rest.is_char_boundary(end) {
        end -= 1;
    }
    let head = &rest[..end];
    let kind = &head[..head.find([';', ','])?];
    let (kind, subtype) = kind.split_once('/')?;
    let token = |name: &str| {
        let fine = |b: u8| b.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&b);
        !name.is_empty() && name.bytes().all(fine)
    };
    (token(kind) && token(subtype)).then_some(head)
}

fn modality(kind: &str) -> Result<Modality> {
    match kind.split('/').next().unwrap_or_default() {
        "text" => Ok(Modality::Text),
        "image" => Ok(Modality::Image),
        "audio" => Ok(Modality::Audio),
        _ if kind == "application/ogg" => Ok(Modality::Audio),
        _ => wrong(format!(
            "a data URL of {:?} is neither text/…, image/… nor audio/…: send it as one of these",
            short(kind)
        )),
    }
}

pub(crate) fn from_base64(data: &str) -> Result<Cow<'_, [u8]>> {
    // Three bytes of data for four characters, or thrice as many where each is percent-encoded.
    if data.len() / 4 > PART_BYTES_MAX {
        return too_large(data.len() / 4 * 3);
    }
    let plain = if data.contains('%') { from_percent(data)? } else { data.as_bytes().into() };
    let dense: Cow<[u8]> = if plain.iter().any(u8::is_ascii_whitespace) {
        plain.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect::<Vec<u8>>().into()
    } else {
        plain
    };
    let bytes = BASE64.decode(&*dense);
    let damaged = |e| Error(format!("the data URL's base64 is damaged: {e}; encode it again"));
    bytes.map(Cow::Owned).map_err(damaged)
}

pub(crate) fn from_percent(data: &str) -> Result<Cow<'_, [u8]>> {
    if data.len() / 3 > PART_BYTES_MAX {
        return too_large(data.len() / 3);
    }
    if !data.contains('%') {
        return Ok(data.as_bytes().into());
    }
    let mut bytes = Vec::with_capacity(data.len());
    let mut rest = data.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = tail.get(..2).map(|d| [char::from(d[0]), char::from(d[1])]);
        let value = digits.and_then(|[h, l]| Some(h.to_digit(16)? * 16 + l.to_digit(16)?));
        let Some(value) = value else {
            let at = data.len() - tail.len() - 1;
            return wrong(format!(
                "the data URL has a percent sign without two hexadecimal digits at byte {at} of \
                 its data: write %25 for a percent sign"
            ));
        };
        bytes.push(value as u8);
        rest = &tail[2..];
    }
    Ok(bytes.into())
}

fn check_text(words: &[String], bytes: &[u8]) -> Result<()> {
    let charset = words.iter().find_map(|word| word.strip_prefix("charset="));
    let charset = charset.unwrap_or("utf-8").trim_matches('"');
    if !["utf-8", "utf8", "us-ascii"].contains(&charset) {
        return wrong(format!("a text in {:?}: send it in UTF-8", short(charset)));
    }
    crate::text::utf8(bytes).map(drop)
}

fn too_large<T>(n: usize) -> Result<T> {
    wrong(format!("a part of {n} bytes or more; at most {PART_BYTES_MAX} are read: send less"))
}

/// The beginning of something foreign, for an error.
pub(crate) fn short(text: &str) -> String {
    text.chars().take(40).collect()
}
