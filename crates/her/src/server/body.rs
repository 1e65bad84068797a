//! Bodies: read within their limits, and made JSON.

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, Request};
use http_body_util::BodyExt;
use serde_json::{Map, Value};

use super::problem::Problem;
use crate::config::Limits;

/// The next piece of a body; nothing at its end.
pub(crate) async fn piece(body: &mut Body, limits: &Limits) -> Result<Option<Bytes>, Problem> {
    loop {
        let frame = tokio::time::timeout(limits.idle_timeout, body.frame()).await;
        let Ok(frame) = frame else {
            let waited = limits.idle_timeout.as_secs();
            return Err(Problem::timeout(format!("no byte of the body came for {waited} s")));
        };
        match frame {
            None => return Ok(None),
            Some(Err(e)) => {
                return Err(Problem::malformed(format!("the body broke off: {e}")));
            }
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}

/// A whole body within the limit.
pub(crate) async fn whole(request: Request<Body>, limits: &Limits) -> Result<Vec<u8>, Problem> {
    let max = limits.body_bytes;
    let too_large = || {
        Problem::too_large(format!(
            "the body has more than {max} bytes; send less at once, stream events as \
             application/x-ndjson, or raise limits.body_mib"
        ))
    };
    let length = request.headers().get(CONTENT_LENGTH).and_then(|l| l.to_str().ok()?.parse().ok());
    if length.is_some_and(|l: usize| l > max) {
        return Err(too_large());
    }
    let (mut body, mut bytes) = (request.into_body(), Vec::new());
    while let Some(piece) = piece(&mut body, limits).await? {
        if bytes.len() + piece.len() > max {
            return Err(too_large());
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

/// A body as JSON.
pub(crate) async fn json(request: Request<Body>, limits: &Limits) -> Result<Value, Problem> {
    let kind = media_type(request.headers());
    if !matches!(kind.as_str(), "" | "application/json") {
        return Err(Problem::media_type(format!(
            "the content type is {kind:?}, this route takes application/json"
        )));
    }
    let bytes = whole(request, limits).await?;
    parse(&bytes, limits)
}

/// A body as a JSON object with no other members than these; no body is an empty object.
pub(crate) async fn object(
    request: Request<Body>,
    limits: &Limits,
    known: &[&str],
) -> Result<Map<String, Value>, Problem> {
    let Some(value) = whole_or_none(request, limits).await? else { return Ok(Map::new()) };
    let Value::Object(map) = value else {
        return Err(Problem::malformed(format!(
            "the body must be an object with {}",
            known.join(", ")
        )));
    };
    if let Some(unknown) = map.keys().find(|k| !known.contains(&k.as_str())) {
        return Err(Problem::malformed(format!(
            "unknown member {unknown:?}; allowed are {}",
            known.join(", ")
        )));
    }
    Ok(map)
}

async fn whole_or_none(request: Request<Body>, limits: &Limits) -> Result<Option<Value>, Problem> {
    use axum::body::HttpBody;
    if request.body().is_end_stream() {
        return Ok(None);
    }
    json(request, limits).await.map(Some)
}

/// JSON within the limit of its depth.
pub(crate) fn parse(bytes: &[u8], limits: &Limits) -> Result<Value, Problem> {
    check_depth(bytes, limits.json_depth)?;
    serde_json::from_slice(bytes).map_err(|e| Problem::malformed(format!("this is not JSON: {e}")))
}

fn check_depth(bytes: &[u8], max: usize) -> Result<(), Problem> {
    let (mut depth, mut in_text, mut escaped) = (0usize, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => {
                depth += 1;
                if depth > max {
                    return Err(Problem::malformed(format!(
                        "the JSON has more than {max} arrays and objects within each other; \
                         flatten it, or raise limits.json_depth"
                    )));
                }
            }
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

/// The content type without its parameters, in lower case; empty when there is none.
pub(crate) fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// A member that is a version.
pub(crate) fn version(map: &Map<String, Value>) -> Result<Option<u64>, Problem> {
    version_of(map, "version")
}

/// A member that names a version.
pub(crate) fn version_of(map: &Map<String, Value>, name: &str) -> Result<Option<u64>, Problem> {
    match map.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(v) => v.as_u64().map(Some).ok_or_else(|| {
            Problem::malformed(format!("{name} must be a whole number of 1 or more, got {v}"))
        }),
    }
}

/// A member that is a text.
pub(crate) fn text<'m>(map: &'m Map<String, Value>, name: &str) -> Result<&'m str, Problem> {
    map.get(name)
        .and_then(Value::as_str)
        .ok_or_else(|| Problem::malformed(format!("the body must have a text {name:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_outside_of_texts() {
        let check = |text: &str, max, fine: bool| {
            assert_eq!(check_depth(text.as_bytes(), max).is_ok(), fine, "{text} {max}");
        };
        check("[[1]]", 2, true);
        check("[[[1]]]", 2, false);
        check(r#"["[[[["]"#, 1, true);
        check(r#"["\"[[[", {}]"#, 2, true);
        check(r#"["\\", [[]]]"#, 2, false);
        check("[][][]", 1, true);
        check("]]]]", 1, true);
    }
}
