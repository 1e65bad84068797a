//! `her nearest`: memories that are like something.

use std::path::Path;

use base64::Engine as _;
use her_identity::{Error, Result};
use serde_json::Value;

use super::context::Context;
use crate::nearest::Question;

/// Ask what an identity remembers that is like a text, an image or a sound
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  her nearest eve 'where is the spare key?'\n  \
her nearest eve @photo.png -k 3")]
pub struct Args {
    /// Who is asked
    name: String,
    #[command(flatten)]
    query: Query,
    /// Ask the identity as it was at this version
    #[arg(long, value_name = "VERSION")]
    at: Option<u64>,
}

/// What is like what.
#[derive(clap::Args)]
pub struct Query {
    /// A text, a data URL, or @FILE: an image, a sound or a text
    #[arg(value_name = "QUERY")]
    text: String,
    /// How many memories are shown, 1 to 100
    #[arg(short, default_value_t = crate::nearest::K)]
    k: u64,
    /// Only memories of this modality: text, image or audio
    #[arg(long, value_name = "MODALITY")]
    modality: Option<String>,
}

impl Query {
    /// The question; reads the file where one is named.
    pub fn question(&self) -> Result<Question> {
        Ok(Question { query: written(&self.text)?, k: self.k, modality: self.modality.clone() })
    }
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let asked = args.query.question()?;
    let told = cx.door()?.nearest(&args.name, &asked, args.at)?;
    cx.answer(&told, || shown(&told))
}

/// A query as it is written, or as a file has it.
pub fn written(query: &str) -> Result<String> {
    let Some(file) = query.strip_prefix('@') else { return Ok(query.to_owned()) };
    let most = her_encode::PART_BYTES_MAX as u64;
    let reading = |e| Error::io(format!("reading {file}"), e);
    if std::fs::metadata(file).map_err(reading)?.len() > most {
        return Err(Error::invalid(format!("{file} has more than {most} bytes: send less")));
    }
    let bytes = std::fs::read(file).map_err(reading)?;
    let Some(kind) = kind_of(Path::new(file)) else {
        return String::from_utf8(bytes).map_err(|_| {
            Error::invalid(format!(
                "{file} is no text in UTF-8, and its name does not say what else it is: images \
                 end in .png, .jpg, .jpeg or .webp, sounds in .wav, .flac, .mp3, .ogg or .oga"
            ))
        });
    };
    Ok(format!("data:{kind};base64,{}", base64::engine::general_purpose::STANDARD.encode(bytes)))
}

/// The media type that a file's name tells; none for texts.
fn kind_of(file: &Path) -> Option<&'static str> {
    let ending = file.extension()?.to_str()?.to_ascii_lowercase();
    Some(match ending.as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "wav" => "audio/wav",
        "flac" => "audio/flac",
        "mp3" => "audio/mpeg",
        "ogg" | "oga" => "audio/ogg",
        _ => return None,
    })
}

/// The memories for people, a line each.
pub fn shown(told: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = told["nearest"].as_array().map(Vec::as_slice).unwrap_or_default();
    if all.is_empty() {
        return format!("nothing is remembered in {}\n", text(&told["space"]));
    }
    let mut out = String::new();
    for one in all {
        let similarity = one["similarity"].as_f64().unwrap_or_default();
        let (modality, id, words) = (&one["modality"], &one["id"], text(&one["text"]));
        // What was said comes from outside: one line, whatever is in it.
        let words: String = words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let line = format!("{similarity:.3}  {:5}  {}  {words}", text(modality), text(id));
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}
