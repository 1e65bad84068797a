//! `POST …/books`: a book is sent, judged, and its rows are joined.

use std::io::Write as _;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, StatusCode};
use her_book::{Book, Limits, PublicKey};
use her_identity::{Error, House, Result};
use serde::Deserialize;

use super::App;
use super::answer::{self, Answer, Asked, At};
use super::audit::noted;
use super::body;
use super::problem::Problem;
use crate::books::{self, KEYS_MAX, Trust};

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

fn told_text(value: &serde_json::Value) -> &str {
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
