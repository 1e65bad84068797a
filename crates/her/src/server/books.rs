//! Books over HTTP: `POST …/books` takes one, judges it and joins its rows;
//! `POST …/books/write` writes one and sends it.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, Request, StatusCode};
use her_book::{Book, Limits, PublicKey};
use her_identity::{Error, House, Result};
use serde::Deserialize;
use serde_json::Value;
use tokio_stream::wrappers::ReceiverStream;

use super::App;
use super::answer::{self, Answer, Asked, At};
use super::audit::noted;
use super::body;
use super::problem::Problem;
use crate::books::{self, BOOK, KEYS_MAX, Trust, write};

/// Bytes that the layers of a book that was sent may unpack to: the body is bounded, and what is
/// in it shall not keep the server busy for hours.
const UNPACKED_MAX: u64 = 4 << 30;
/// Bytes of one layer in memory: what the rows of an identity have at most, and room.
const MEMORY_MAX: u64 = 512 << 20;

/// `?key=&read_all=`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    key: Option<String>,
    #[serde(default)]
    read_all: bool,
}

impl Wish {
    fn keys(&self) -> std::result::Result<Vec<PublicKey>, Problem> {
        let named: Vec<&str> = self.key.iter().flat_map(|keys| keys.split(',')).collect();
        if named.len() > KEYS_MAX {
            return Err(Problem::malformed(format!(
                "query: {} keys, at most {KEYS_MAX} are taken; put nodes into the settings",
                named.len()
            )));
        }
        let key = |text| books::key(text).map_err(|e| Problem::malformed(format!("query: {e}")));
        named.into_iter().map(key).collect()
    }
}

/// Takes the book as the body.
pub(super) async fn join(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    Asked(wish): Asked<Wish>,
    request: Request<Body>,
) -> Answer {
    let given = wish.keys()?;
    app.house.record(&name)?;
    let bytes = body::whole(request, &app.limits).await?;
    let syncs = Arc::clone(&app.syncs);
    let told = app
        .blocking(move |house| {
            let book = opened(house, bytes)?;
            let trust = Trust { own: syncs.node(), nodes: syncs.known(), given };
            books::join(&syncs, &book, &name, &trust, wish.read_all)
        })
        .await?;
    let book = &told["book"];
    let note = format!("{} of {}", told_text(&book["digest"]), told_text(&book["name"]));
    Ok(noted(answer::card(StatusCode::OK, &told), note))
}

fn told_text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A book from bytes: it is read from a file without a name, which goes with it.
fn opened(house: &House, bytes: Vec<u8>) -> Result<Book> {
    let spool = || {
        let mut file = tempfile::tempfile_in(house.dir())?;
        file.write_all(&bytes)?;
        Ok(file)
    };
    let file = spool().map_err(|e| Error::io("keeping the book that was sent", e))?;
    drop(bytes);
    let limits =
        Limits { unpacked_bytes: UNPACKED_MAX, memory_bytes: MEMORY_MAX, ..Limits::default() };
    Book::of_file(file, "the book that was sent", &limits).map_err(books::refused)
}

/// Bytes of a book that are read at once, how many such pieces wait for a slow reader, and how many
/// notes on what is not in it go with it.
const PIECE: usize = 64 << 10;
const PIECES: usize = 4;
const NOTES_MAX: usize = 8;

/// `?at=&codec=&licence=`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Edition {
    at: Option<u64>,
    codec: Option<String>,
    licence: Option<String>,
}

/// `POST …/books/write`: writes a book, and answers with it. The body is the edition before, if
/// there is one.
pub(super) async fn write(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    Asked(asked): Asked<Edition>,
    request: Request<Body>,
) -> Answer {
    let codec = asked.codec.as_deref().map(write::codec).transpose()?;
    let wish = write::Wish { at: asked.at, codec, licence: asked.licence };
    app.house.record(&name)?;
    let before = body::whole(request, &app.limits).await?;
    let syncs = Arc::clone(&app.syncs);
    let (file, mut told) = app
        .blocking(move |house| {
            let parent = (!before.is_empty()).then(|| opened(house, before)).transpose()?;
            let spool = |e| Error::io("keeping the book that is written", e);
            let dir = tempfile::tempdir_in(house.dir()).map_err(spool)?;
            let path = dir.path().join("book");
            let told = write::write(&syncs, house, (&name, &wish), &path, parent.as_ref())?;
            // The file goes with its directory once nobody reads it any more.
            Ok((File::open(&path).map_err(spool)?, told))
        })
        .await?;
    if let Some(notes) = told["untold"].as_array_mut().filter(|notes| notes.len() > NOTES_MAX) {
        let more = notes.len() - NOTES_MAX;
        notes.truncate(NOTES_MAX);
        notes.push(format!("{more} rows more are not in it").into());
    }
    let note = told_text(&told["digest"]).to_owned();
    let mut response = answer::stream("application/octet-stream", sent(file));
    response.headers_mut().insert(HeaderName::from_static(BOOK), in_ascii(&told));
    let version = told["version"].as_u64().unwrap_or_default();
    Ok(noted(answer::of_version(response, version), note))
}

/// A file as a body, read as fast as it is taken.
fn sent(mut file: File) -> Body {
    let (send, receive) = tokio::sync::mpsc::channel(PIECES);
    tokio::task::spawn_blocking(move || {
        loop {
            let mut piece = vec![0; PIECE];
            let piece = match file.read(&mut piece) {
                Ok(0) => return,
                Ok(n) => Ok(piece[..n].to_vec()),
                // Breaks the answer off: who reads it does not take it for whole.
                Err(e) => Err(e),
            };
            let last = piece.is_err();
            if send.blocking_send(piece).is_err() || last {
                return;
            }
        }
    });
    Body::from_stream(ReceiverStream::new(receive))
}

/// JSON for a header: what is not ASCII is escaped.
fn in_ascii(value: &Value) -> HeaderValue {
    let mut text = String::new();
    // Writing into a string does not fail.
    for unit in value.to_string().encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte) if (0x20..0x7f).contains(&byte) => text.push(char::from(byte)),
            _ => drop(write!(text, "\\u{unit:04x}")),
        }
    }
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("{}"))
}
