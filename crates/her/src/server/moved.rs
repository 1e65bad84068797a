//! Requests about an identity that lives on another node: handed on for a while, so that plain
//! clients keep working; told where to ask, for those that say `Her-Follow`.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, COOKIE, HOST, TRANSFER_ENCODING, UPGRADE,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use axum::response::IntoResponse;
use her_identity::house::Place;
use her_identity::migrate::{Cell, Node};
use http_body_util::{BodyExt, Limited};
use serde_json::json;
use tower::ServiceExt;

use super::App;
use super::auth::granted::token;
use super::auth::{Granted, Visit, granted};
use super::problem::Problem;
use super::routes;
use crate::depart::Departs;
use crate::locks::token::Token;
use crate::node::{Answerer, Back, Call, HTTP_BYTES_MAX, HttpBack, HttpCall};

/// Says that the client asks the owner itself when it is told who that is.
const FOLLOW: HeaderName = HeaderName::from_static("her-follow");
/// Who answered in the end, and under which epoch.
const OWNER: HeaderName = HeaderName::from_static("her-owner");
const EPOCH: HeaderName = HeaderName::from_static("her-epoch");

/// What is read from the past that lies here still, wherever the identity lives.
const PAST: [&str; 11] = [
    "log",
    "verify",
    "diff",
    "model_card",
    "at",
    "predict_at",
    "model_at",
    "depart",
    "adopt",
    "departures_of",
    "leave",
];

/// What goes on for ever and is not handed on.
const ENDLESS: [&str; 3] = ["events", "ws", "hear"];

/// How long the other node may take for an answer.
const LIMIT: std::time::Duration = std::time::Duration::from_mins(2);

/// What is to be done with a request besides answering it here.
pub(super) enum Way {
    /// It is answered here.
    Here,
    /// It is answered here, unless the identity leaves meanwhile, or turns out to have left:
    /// then it goes on.
    Leaving(String),
    /// It is answered there.
    There(Cell),
}

/// Which way a request goes.
pub(super) fn way(app: &App, granted: &Granted) -> Way {
    let (Some(_), Some(name)) = (&app.departs, &granted.name) else { return Way::Here };
    let past = PAST.contains(&granted.id) || granted.route.is_some_and(|r| r.starts_with("/ui"));
    match app.house.place(name) {
        _ if past => Way::Here,
        Place::Moved(cell) => Way::There(cell),
        Place::Departing | Place::Waiting => Way::Leaving(name.clone()),
        Place::Here => Way::Here,
    }
}

/// Answers a request by its way.
pub(super) async fn answer(
    app: &Arc<App>,
    way: Way,
    routes: Router,
    request: Request<Body>,
) -> Response<Body> {
    match way {
        Way::Here => told(app, answered(routes.oneshot(request).await)),
        Way::Leaving(name) => leaving(app, &name, routes, request).await,
        Way::There(cell) => there(app, cell, request).await,
    }
}

/// Answers a request about an identity that lives there.
async fn there(app: &Arc<App>, cell: Cell, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    if parts.headers.contains_key(FOLLOW)
        || parts.headers.contains_key(UPGRADE)
        || granted().is_some_and(|granted| ENDLESS.contains(&granted.id))
        || !app.departs.as_ref().is_some_and(|departs| departs.hands_on(&cell))
    {
        return misdirected(app, cell);
    }
    match whole(body).await {
        Ok(body) => hand_on(app, cell, parts, body).await,
        Err(()) => misdirected(app, cell),
    }
}

/// Answers here a request about an identity that is on its way, and there once it has left.
async fn leaving(
    app: &Arc<App>,
    name: &str,
    routes: Router,
    request: Request<Body>,
) -> Response<Body> {
    let follows = request.headers().contains_key(FOLLOW);
    let long = request.headers().get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse().ok());
    // A stream is told line by line that the identity left; a connection that becomes something
    // else is told by its own means.
    let streams = request.headers().contains_key(UPGRADE)
        || request.method() == Method::POST && long.is_none_or(|n: usize| n > HTTP_BYTES_MAX);
    if follows || streams {
        return told(app, answered(routes.oneshot(request).await));
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = whole(body).await else {
        return Problem::too_large(format!("the body has more than {HTTP_BYTES_MAX} bytes"))
            .into_response();
    };
    let again = (parts.clone(), body.clone());
    let here = Request::from_parts(parts, Body::from(body));
    let response = answered(routes.oneshot(here).await);
    match app.house.place(name) {
        Place::Moved(cell) if response.status() == StatusCode::MISDIRECTED_REQUEST => {
            hand_on(app, cell, again.0, again.1).await
        }
        _ => response,
    }
}

/// The same answer; where to ask is added to a refusal of who came just before it left.
fn told(app: &App, response: Response<Body>) -> Response<Body> {
    if response.status() != StatusCode::MISDIRECTED_REQUEST {
        return response;
    }
    let name = granted().and_then(|granted| granted.name);
    match name.map(|name| app.house.place(&name)) {
        Some(Place::Moved(cell)) => misdirected(app, cell),
        _ => response,
    }
}

fn answered(result: Result<Response<Body>, std::convert::Infallible>) -> Response<Body> {
    match result {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

async fn whole(body: Body) -> Result<Bytes, ()> {
    let limited = Limited::new(body, HTTP_BYTES_MAX);
    limited.collect().await.map(http_body_util::Collected::to_bytes).map_err(|_| ())
}

/// Tells a client who owns an identity.
fn misdirected(app: &App, cell: Cell) -> Response<Body> {
    let peer = app.departs.as_ref().and_then(|departs| departs.peers().get(cell.owner));
    let url = peer.and_then(|peer| peer.url.clone());
    let asks = url.as_deref().unwrap_or("its owner; this node knows no address of it");
    let problem = Problem::from(her_identity::Error::new(
        her_identity::ErrorKind::Moved,
        format!("it lives on node {} since epoch {}; ask {asks}", cell.owner, cell.epoch),
    ));
    let mut told = problem.to_json();
    told["owner"] = json!({ "node": cell.owner, "url": url });
    told["epoch"] = cell.epoch.into();
    // The same numbers, so that what was done already is not done again.
    told["retry"] = "same-request".into();
    let mut response = problem.into_response();
    *response.body_mut() = Body::from(told.to_string());
    tagged(response, app, cell)
}

fn tagged(mut response: Response<Body>, app: &App, cell: Cell) -> Response<Body> {
    let peer = app.departs.as_ref().and_then(|departs| departs.peers().get(cell.owner));
    let owner = peer.and_then(|peer| peer.url.clone()).unwrap_or_else(|| cell.owner.to_string());
    if let Ok(owner) = HeaderValue::from_str(&owner) {
        response.headers_mut().insert(OWNER, owner);
    }
    response.headers_mut().insert(EPOCH, HeaderValue::from(cell.epoch));
    response
}

/// Headers that are between a client and this node alone.
fn is_ours(name: &HeaderName) -> bool {
    [AUTHORIZATION, COOKIE, CONNECTION, HOST, TRANSFER_ENCODING].contains(name)
}

fn headers(map: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    let theirs = map.iter().filter(|(name, _)| !is_ours(name));
    theirs.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect()
}

async fn hand_on(app: &Arc<App>, cell: Cell, parts: Parts, body: Bytes) -> Response<Body> {
    let who = token();
    let call = Call::Http(HttpCall {
        method: parts.method.to_string(),
        target: parts.uri.path_and_query().map_or("/", |p| p.as_str()).to_owned(),
        headers: headers(&parts.headers),
        body: body.to_vec(),
        by: who.as_ref().map_or_else(|| "nobody".to_owned(), |token| token.id.clone()),
        scopes: who.map(|token| token.scope_names()).unwrap_or_default(),
    });
    let Some(departs) = app.departs.clone() else { return misdirected(app, cell) };
    let back = app.blocking(move |_| departs.peers().call(cell.owner, &call, LIMIT)).await;
    match back {
        Ok(Back::Http(back)) => {
            let mut response = Response::new(Body::from(back.body));
            *response.status_mut() =
                StatusCode::from_u16(back.status).unwrap_or(StatusCode::BAD_GATEWAY);
            for (name, value) in back.headers {
                let name = HeaderName::try_from(name);
                if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(&value)) {
                    response.headers_mut().insert(name, value);
                }
            }
            tagged(response, app, cell)
        }
        Ok(_) => misdirected(app, cell),
        Err(problem) => tagged(problem.into_response(), app, cell),
    }
}

/// Answers other nodes: what they ask of departures, and what their clients ask.
pub(super) struct Nodes {
    pub app: Arc<App>,
    pub departs: Arc<Departs>,
    pub routes: Router,
    pub runtime: tokio::runtime::Handle,
}

impl Answerer for Nodes {
    fn answer(&self, from: Node, call: Call) -> Back {
        match call {
            Call::Ask(ask) => Back::Told(self.departs.host().answer(from, ask)),
            Call::Load => Back::Load(self.departs.load()),
            Call::Sync(call) => Back::Sync(self.app.syncs.answer(from, call)),
            Call::Http(call) => {
                let done = self.runtime.block_on(self.http(from, call));
                Back::Http(done)
            }
        }
    }
}

impl Nodes {
    /// A client of another node, whom that node let in as far as the route asks.
    async fn http(&self, from: Node, call: HttpCall) -> HttpBack {
        let response = match self.request(from, call) {
            Ok((request, granted)) => {
                let routes = self.routes.clone();
                super::accept::answer(&self.app, routes, request, Ok(granted)).await
            }
            Err(problem) => problem.into_response(),
        };
        let (parts, body) = response.into_parts();
        let Ok(body) = whole(body).await else {
            let what = "the answer is too long to be handed on; ask the owner itself";
            let problem = Problem::too_large(what);
            let body = problem.to_json().to_string().into_bytes();
            let kind = b"application/problem+json".to_vec();
            let headers = vec![("content-type".to_owned(), kind)];
            return HttpBack { status: problem.status.as_u16(), headers, body };
        };
        let (status, headers) = (parts.status.as_u16(), headers(&parts.headers));
        HttpBack { status, headers, body: body.to_vec() }
    }

    fn request(&self, from: Node, call: HttpCall) -> Result<(Request<Body>, Granted), Problem> {
        let wrong = || Problem::malformed("another node handed on what is no request");
        let mut builder = Request::builder().method(call.method.as_str()).uri(&call.target);
        for (name, value) in call.headers {
            builder = builder.header(name, value);
        }
        let request = builder.body(Body::from(call.body)).map_err(|_| wrong())?;
        let found = routes::find(request.method().as_str(), request.uri().path());
        let Some((route, Some(name))) = found else { return Err(wrong()) };
        // It stays where it is: a request is handed on once.
        if self.app.house.place(&name) != Place::Here || self.app.house.record(&name).is_err() {
            return Err(Problem::arriving(format!("{name} has not arrived here yet; try again")));
        }
        let visit = Visit { from: [127, 0, 0, 1].into(), now_ms: self.app.house.clock().now_ms() };
        let granted = Granted {
            visit,
            route: Some(route.path),
            id: route.id,
            scope: route.scope,
            token: Some(Arc::new(Token::of_node(
                format!("{} at node {from}", call.by),
                call.scopes,
                &name,
            ))),
            name: Some(name),
        };
        granted.wants(granted.scope)?;
        Ok((request, granted))
    }
}
