//! Refusals as this protocol tells them: `{"error": {"message", "type", "param", "code"}}`.

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderValue, Response, StatusCode};
use axum::response::IntoResponse;
use serde_json::{Value, json};

use crate::server::problem::Problem;

/// A refusal, and which member of the request it is about.
#[derive(Debug, Clone)]
pub(in crate::server) struct Refused {
    problem: Box<Problem>,
    of: Of,
}

/// What clients of this protocol go by, besides the status.
#[derive(Debug, Clone, Copy, Default)]
struct Of {
    param: Option<&'static str>,
    code: Option<&'static str>,
}

/// What a handler gives.
pub(in crate::server) type Told = Result<Response<Body>, Refused>;

impl<T: Into<Problem>> From<T> for Refused {
    fn from(problem: T) -> Self {
        Self { problem: Box::new(problem.into()), of: Of::default() }
    }
}

impl Refused {
    /// A member of the request is wrong.
    pub fn param(param: &'static str, why: impl std::fmt::Display) -> Self {
        let problem = Problem::malformed(format!("{param}: {why}"));
        Self { problem: Box::new(problem), of: Of { param: Some(param), code: None } }
    }

    /// There is no such model.
    pub fn no_model(why: impl Into<String>) -> Self {
        let problem = Problem::from(her_identity::Error::not_found(why));
        let of = Of { param: Some("model"), code: Some("model_not_found") };
        Self { problem: Box::new(problem), of }
    }

    /// The same with a code that clients of this protocol know.
    pub fn with_code(mut self, code: &'static str) -> Self {
        self.of.code = Some(code);
        self
    }

    /// The refusal as the member `error` of a frame.
    pub fn frame(&self) -> Value {
        json!({ "error": error(&self.problem, self.of) })
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response<Body> {
        let mut response = self.problem.into_response();
        response.extensions_mut().insert(self.of);
        response
    }
}

/// A refusal from anywhere, in this protocol's form.
pub(in crate::server) fn told(response: Response<Body>) -> Response<Body> {
    let Some(problem) = response.extensions().get::<Problem>() else { return response };
    let of = response.extensions().get::<Of>().copied().unwrap_or_default();
    let body = json!({ "error": error(problem, of) }).to_string();
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Response::from_parts(parts, Body::from(body))
}

fn error(problem: &Problem, of: Of) -> Value {
    let (kind, code) = match problem.status {
        StatusCode::UNAUTHORIZED => ("authentication_error", "invalid_api_key"),
        StatusCode::FORBIDDEN => ("permission_error", problem.kind),
        StatusCode::TOO_MANY_REQUESTS => ("rate_limit_error", "rate_limit_exceeded"),
        status if status.is_server_error() => ("server_error", problem.kind),
        _ => ("invalid_request_error", problem.kind),
    };
    json!({
        "message": problem.detail,
        "type": kind,
        "param": of.param,
        "code": of.code.unwrap_or(code),
    })
}
