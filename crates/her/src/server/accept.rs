//! The accept loop: connections, their caps, and their end.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_rustls::TlsAcceptor;

use super::alert::Watchman;
use super::auth::{GRANTED, Granted, Visit};
use super::lanes::Lanes;
use super::meter::{Meter, Sending, UnderWay};
use super::metrics::RouteName;
use super::problem::Problem;
use super::{App, audit, moved, openai, tls, told_to_stop, ui, v2};
use crate::config::Limits;
use crate::locks::token::Token;

/// Bytes of a connection's buffers, read and write each.
const BUFFER_BYTES: usize = 16 * 1024;

/// How long accepting rests when the system has no more files for connections.
pub(super) const REST: Duration = Duration::from_millis(50);

/// How long an answer that says goodbye may take for it.
const GOODBYE: Duration = Duration::from_secs(1);

/// Accepts until told to stop; `alive` is held by every connection until it is closed.
pub(super) async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    app: Arc<App>,
    routes: Router,
    lanes: Lanes,
    mut stopping: watch::Receiver<bool>,
    alive: mpsc::Sender<()>,
) {
    let (seats, watchman) = (Seats::default(), Arc::new(Watchman::new()));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = told_to_stop(&mut stopping) => break,
        };
        let (stream, from) = match accepted {
            Ok(accepted) => accepted,
            Err(e) => {
                if !is_of_one_connection(&e) {
                    app.metrics.refused_connection("accept");
                    tokio::time::sleep(REST).await;
                }
                continue;
            }
        };
        let caps = (app.limits.connections, app.limits.connections_per_ip);
        match seats.take(from.ip(), caps, ["connections", "connections_per_ip"]) {
            Ok(seat) => {
                let (app, routes) = (Arc::clone(&app), routes.clone());
                let (stopping, alive, tls) = (stopping.clone(), alive.clone(), tls.clone());
                let watchman = Arc::clone(&watchman);
                lanes.serve(stream, move |stream| async move {
                    app.metrics.connections.inc();
                    // Answers leave when they are ready: batching is done above, where it is
                    // known what follows.
                    let _ = stream.set_nodelay(true);
                    let from = from.ip().to_canonical();
                    let guest = Guest { from, routes, stopping, alive, watchman };
                    match &tls {
                        None => serve(stream, &app, guest).await,
                        Some(tls) => match tls::agree(tls, stream, app.limits.header_timeout).await
                        {
                            Some(stream) => serve(stream, &app, guest).await,
                            None => app.metrics.refused_connection("tls"),
                        },
                    }
                    app.metrics.connections.dec();
                    drop(seat);
                });
            }
            Err(why) => {
                app.metrics.refused_connection(why);
                if tls.is_some() {
                    continue;
                }
                // One try, without waiting: whoever comes in too great numbers gets no more.
                let _ = stream.try_write(full_house().as_bytes());
            }
        }
    }
}

/// What a connection over the cap is told.
pub(super) fn full_house() -> String {
    let body = Problem::full_house().to_json().to_string();
    format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\n\
         retry-after: 1\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

pub(super) fn is_of_one_connection(e: &std::io::Error) -> bool {
    use std::io::ErrorKind as K;
    matches!(e.kind(), K::ConnectionAborted | K::ConnectionReset | K::ConnectionRefused)
}

/// HTTP/1.1 within the limits.
pub(super) fn http1(limits: &Limits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        // The time between two requests; the head of one is timed by the meter.
        .header_read_timeout(limits.idle_timeout)
        .max_buf_size(BUFFER_BYTES.max(limits.headers_bytes))
        .max_header_size(limits.headers_bytes)
        .half_close(true);
    builder
}

/// What a request brings along that may take its connection over, as a WebSocket does.
#[derive(Clone)]
pub(super) struct Wire {
    pub from: IpAddr,
    pub under_way: UnderWay,
    pub watchman: Arc<Watchman>,
    says_goodbye: Arc<AtomicBool>,
    /// Held until the connection is closed.
    _alive: mpsc::Sender<()>,
}

/// The requests under way on the connection that a request came by.
pub(super) fn client(request: &Request<Body>) -> Option<UnderWay> {
    request.extensions().get::<Wire>().map(|wire| wire.under_way.clone())
}

/// What a connection is served with.
struct Guest {
    from: IpAddr,
    routes: Router,
    stopping: watch::Receiver<bool>,
    alive: mpsc::Sender<()>,
    watchman: Arc<Watchman>,
}

impl Wire {
    /// Whoever answers ends by itself, with a last word, when the token of the request ends.
    pub fn says_goodbye(&self) {
        self.says_goodbye.store(true, Ordering::Relaxed);
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    app: &Arc<App>,
    guest: Guest,
) {
    let Guest { from, routes, mut stopping, alive, watchman } = guest;
    let limits = &app.limits;
    let under_way = UnderWay::default();
    let waits = (limits.header_timeout, limits.idle_timeout);
    let meter = Meter::new(stream, under_way.clone(), waits, &watchman);
    let says_goodbye = Arc::new(AtomicBool::new(false));
    let wire = Wire {
        from,
        under_way: under_way.clone(),
        watchman,
        says_goodbye: Arc::clone(&says_goodbye),
        _alive: alive,
    };
    // A connection answers one request at a time: whoever sent the last one holds it.
    let holder: Mutex<Option<Arc<Token>>> = Mutex::new(None);
    let service = service_fn(|mut request: Request<Incoming>| {
        request.extensions_mut().insert(wire.clone());
        let (app, routes, token) = (Arc::clone(app), routes.clone(), under_way.begin());
        let visit = Visit { from, now_ms: app.house.clock().now_ms() };
        let request = request.map(Body::new);
        let granted = app.door.check(&request, visit);
        *holder.lock().unwrap_or_else(PoisonError::into_inner) =
            granted.as_ref().ok().and_then(|granted| granted.token.clone());
        async move {
            let (parts, body) = answer(&app, routes, request, granted).await.into_parts();
            let response = Response::from_parts(parts, Sending::new(body, token));
            Ok::<_, Infallible>(response)
        }
    });
    let mut connection =
        pin!(http1(limits).serve_connection(TokioIo::new(meter), service).with_upgrades());
    // How a connection ends is the client's business: there is nobody to tell.
    let mut changes = app.door.changes();
    loop {
        tokio::select! {
            _ = connection.as_mut() => return,
            () = told_to_stop(&mut stopping) => {
                connection.as_mut().graceful_shutdown();
                let _ = connection.as_mut().await;
                return;
            }
            // A stream that runs does not outlive the token that opened it.
            Ok(()) = changes.changed() => {
                let holder = holder.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let now_ms = app.house.clock().now_ms();
                if holder.is_some_and(|token| !app.door.still(&token, now_ms)) {
                    if says_goodbye.load(Ordering::Relaxed) {
                        connection.as_mut().graceful_shutdown();
                        let _ = tokio::time::timeout(GOODBYE, connection).await;
                    }
                    return;
                }
            }
        }
    }
}

/// The outermost layer: what the door said, then the routes, the audit log and the count.
pub(super) async fn answer(
    app: &Arc<App>,
    routes: Router,
    request: Request<Body>,
    granted: Result<Granted, Problem>,
) -> Response<Body> {
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let response = match granted {
        Ok(granted) => {
            let pending = audit::begin(app, &granted, &method);
            let way = moved::way(app, &granted);
            let answered = moved::answer(app, way, routes, request);
            let response = GRANTED.scope(granted, answered).await;
            match pending {
                Some(pending) => audit::end(app, pending, response).await,
                None => response,
            }
        }
        Err(problem) => ui::refuse(&method, &uri, problem),
    };
    let route = response.extensions().get::<RouteName>().map_or("none", |r| r.0);
    app.metrics.request(route, &method, response.status());
    match uri.path() {
        path if path.starts_with("/v2") => v2::flat(response),
        path if path.starts_with("/openai/") => openai::told(response),
        _ => response,
    }
}

/// Who is in, by address.
#[derive(Clone, Default)]
pub(super) struct Seats(Arc<Mutex<Taken>>);

#[derive(Default)]
struct Taken {
    all: usize,
    by_ip: HashMap<IpAddr, usize>,
}

/// A place that is free again when this is dropped.
pub(super) struct Seat {
    seats: Seats,
    ip: IpAddr,
}

impl Seats {
    /// A seat within the caps of all and of one address; else the name of the cap.
    pub fn take(
        &self,
        from: IpAddr,
        caps: (usize, usize),
        names: [&'static str; 2],
    ) -> Result<Seat, &'static str> {
        let ip = from.to_canonical();
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.all >= caps.0 {
            return Err(names[0]);
        }
        let of_ip = taken.by_ip.entry(ip).or_default();
        if *of_ip >= caps.1 {
            return Err(names[1]);
        }
        *of_ip += 1;
        taken.all += 1;
        Ok(Seat { seats: self.clone(), ip })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.0.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        if let Some(of_ip) = taken.by_ip.get_mut(&self.ip) {
            *of_ip -= 1;
            if *of_ip == 0 {
                taken.by_ip.remove(&self.ip);
            }
        }
    }
}
