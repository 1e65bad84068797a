//! A form that a page sends: `application/x-www-form-urlencoded`, read within the body's limits.

use axum::body::Body;
use axum::extract::Query;
use axum::http::{Request, Uri};
use serde::de::DeserializeOwned;

use crate::config::Limits;
use crate::server::body;
use crate::server::problem::Problem;

/// The kind of body that browsers send for a form.
pub(super) const KIND: &str = "application/x-www-form-urlencoded";

/// What a form says.
pub(super) async fn read<T: DeserializeOwned>(
    request: Request<Body>,
    limits: &Limits,
) -> Result<T, Problem> {
    let kind = body::media_type(request.headers());
    if kind != KIND {
        return Err(Problem::media_type(format!("a form comes as {KIND}, not as {kind:?}")));
    }
    let bytes = body::whole(request, limits).await?;
    // A form is written like a query, so the query's reader reads it.
    let text = String::from_utf8(bytes).ok().filter(|t| !t.contains(['#', '?', ' ']));
    let uri = text.and_then(|t| format!("/?{t}").parse::<Uri>().ok());
    let uri = uri.ok_or_else(|| Problem::malformed("the form is not written as forms are"))?;
    let read = Query::<T>::try_from_uri(&uri);
    read.map(|Query(form)| form).map_err(|e| Problem::malformed(format!("form: {}", e.body_text())))
}
