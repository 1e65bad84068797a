//! `POST /openai/v1/embeddings`: texts as numbers, by the base that an identity stands on, or by a
//! base of that name, such as a sentence model.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, StatusCode};
use her_identity::{Error, ErrorKind, House, Result};
use her_learn::row::limits::TEXT_BYTES;
use her_lm::{Bases, Embedder};
use serde_json::{Value, json};

use super::asked::Whom;
use super::errors::{Refused, Told};
use super::fields::{Fields, kind};
use crate::server::{App, answer};
use crate::talk::speaker::Speaker;
use crate::talk::turn;

/// Texts of one request.
const TEXTS_MAX: usize = 256;
/// Numbers that a vector may be cut to; no base has as many.
const DIMENSIONS_MAX: u64 = 1 << 16;

/// What makes the numbers.
enum By {
    /// The base of an identity that speaks.
    Identity(Speaker),
    /// One of the bases that are here.
    Base(Embedder),
}

impl By {
    fn of(house: &House, asked: &Whom) -> Result<Self> {
        let unknown = match turn::speaker(house, &asked.name) {
            Ok(speaker) => return Ok(Self::Identity(speaker)),
            Err(e) => e,
        };
        let bases = house.catalog().builder().lent::<Bases>();
        let bases =
            bases.filter(|_| unknown.kind == ErrorKind::NotFound && asked.version.is_none());
        match bases.filter(|bases| bases.path(&asked.name).is_ok()) {
            Some(bases) => Ok(Self::Base(bases.embedder(&asked.name).map_err(invalid)?)),
            None => Err(unknown),
        }
    }

    /// A text as numbers of length 1, and how many tokens it has.
    fn embed(&self, text: &str) -> Result<(Vec<f32>, usize)> {
        match self {
            Self::Identity(speaker) => speaker.embed(text),
            Self::Base(base) => {
                let mut row = base.embed(text).map_err(invalid)?;
                her_lm::unit(&mut row);
                Ok((row, base.tokens().encode(text).map_err(invalid)?.len()))
            }
        }
    }
}

fn invalid(e: her_lm::Error) -> Error {
    let message = e.to_string();
    Error::invalid(message).because(e)
}

/// The handler.
pub(in crate::server) async fn embed(State(app): State<Arc<App>>, request: Request<Body>) -> Told {
    let mut fields = Fields::of(request, &app.limits).await?;
    let model = fields.text("model")?;
    let model = model
        .ok_or_else(|| Refused::param("model", "must be the name of an identity or a base"))?;
    let whom = Whom::read(&model)?;
    let dimensions = fields.whole("dimensions", 1, DIMENSIONS_MAX)?;
    let base64 = match fields.text("encoding_format")?.as_deref() {
        None | Some("float") => false,
        Some("base64") => true,
        Some(other) => {
            return Err(Refused::param(
                "encoding_format",
                format!("must be float or base64, got {other:?}"),
            ));
        }
    };
    let texts = texts(fields.value("input"))?;
    let asked = whom.clone();
    let place = app.stage.core().await?;
    let (mut rows, tokens) = app
        .blocking(move |house| {
            // What is learned is how it speaks; what texts are like is the base's.
            let by = By::of(house, &asked)?;
            let (mut rows, mut tokens) = (Vec::with_capacity(texts.len()), 0);
            for text in &texts {
                let (row, read) = by.embed(text)?;
                rows.push(row);
                tokens += read;
            }
            drop(place);
            Ok((rows, tokens))
        })
        .await
        .map_err(super::problem)?;
    if let Some(dimensions) = dimensions {
        shorten(&mut rows, dimensions as usize)?;
    }
    let one = |(i, row): (usize, &Vec<f32>)| {
        let embedding = if base64 { encoded(row).into() } else { json!(row) };
        json!({ "object": "embedding", "index": i, "embedding": embedding })
    };
    let data: Vec<Value> = rows.iter().enumerate().map(one).collect();
    let mut said = json!({
        "object": "list",
        "data": data,
        "model": whom.to_string(),
        "usage": { "prompt_tokens": tokens, "total_tokens": tokens },
    });
    let ignored = fields.rest();
    if !ignored.is_empty() {
        said["her"] = json!({ "ignored": ignored });
    }
    Ok(answer::json(StatusCode::OK, &said))
}

/// Leaves the first numbers of each vector, of length 1 again: as sentence models mean it that were
/// trained for it, and OpenAI's.
fn shorten(rows: &mut [Vec<f32>], dimensions: usize) -> std::result::Result<(), Refused> {
    for row in rows {
        if dimensions > row.len() {
            let why =
                format!("must be within 1 and the {} of this model, got {dimensions}", row.len());
            return Err(Refused::param("dimensions", why));
        }
        row.truncate(dimensions);
        her_lm::unit(row);
    }
    Ok(())
}

fn texts(given: Option<Value>) -> std::result::Result<Vec<String>, Refused> {
    let wrong = |why: String| Refused::param("input", why);
    let texts: Vec<String> = match given {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(list)) => {
            let text = |value: Value| match value {
                Value::String(text) => Ok(text),
                other => Err(wrong(format!("must be texts; {} is not supported", kind(&other)))),
            };
            list.into_iter().map(text).collect::<std::result::Result<_, _>>()?
        }
        _ => return Err(wrong("must be a text or an array of texts".into())),
    };
    if texts.is_empty() || texts.len() > TEXTS_MAX {
        return Err(wrong(format!("has {} texts, but must have 1 to {TEXTS_MAX}", texts.len())));
    }
    if let Some(i) = texts.iter().position(|t| t.is_empty() || t.len() > TEXT_BYTES) {
        let n = texts[i].len();
        return Err(wrong(format!("text {i} has {n} bytes, but must have 1 to {TEXT_BYTES}")));
    }
    Ok(texts)
}

/// Numbers of 32 bits, the lowest byte first, in base64.
fn encoded(row: &[f32]) -> String {
    use base64::Engine as _;
    let bytes: Vec<u8> = row.iter().flat_map(|x| x.to_le_bytes()).collect();
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
