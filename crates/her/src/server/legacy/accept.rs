//! The accept loop of a copy: the server's own parts, without what a house needs.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use axum::response::IntoResponse;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, watch};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use super::listen::{Caller, Listener};
use super::{Copy, answer};
use crate::server::accept::{REST, Seats, full_house, http1, is_of_one_connection};
use crate::server::alert::Watchman;
use crate::server::meter::{Meter, Sending, UnderWay};
use crate::server::{tls, told_to_stop};

/// Accepts until told to stop; `alive` is held by every connection until it is closed.
pub(super) async fn accept(
    listener: Listener,
    tls: Option<TlsAcceptor>,
    copy: Arc<Copy>,
    routes: Router,
    mut stopping: watch::Receiver<bool>,
    alive: mpsc::Sender<()>,
) {
    let (seats, watchman) = (Seats::default(), Arc::new(Watchman::new()));
    let caps = (copy.limits.connections, copy.limits.connections_per_ip);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = told_to_stop(&mut stopping) => break,
        };
        let (caller, from) = match accepted {
            Ok(accepted) => accepted,
            Err(e) if is_of_one_connection(&e) => continue,
            Err(_) => {
                tokio::time::sleep(REST).await;
                continue;
            }
        };
        let Ok(seat) = seats.take(from, caps, ["connections", "connections_per_ip"]) else {
            if let (Caller::Tcp(stream), None) = (&caller, &tls) {
                // One try, without waiting: whoever comes in too great numbers gets no more.
                let _ = stream.try_write(full_house().as_bytes());
            }
            continue;
        };
        let (copy, routes, tls) = (Arc::clone(&copy), routes.clone(), tls.clone());
        let (stopping, alive) = (stopping.clone(), alive.clone());
        let watchman = Arc::clone(&watchman);
        tokio::spawn(async move {
            match (caller, tls) {
                (Caller::Unix(stream), _) => {
                    serve(stream, watchman, &copy, routes, stopping).await;
                }
                (Caller::Tcp(stream), None) => {
                    serve(stream, watchman, &copy, routes, stopping).await;
                }
                (Caller::Tcp(stream), Some(tls)) => {
                    let agreed = tls::agree(&tls, stream, copy.limits.header_timeout).await;
                    if let Some(stream) = agreed {
                        serve(stream, watchman, &copy, routes, stopping).await;
                    }
                }
            }
            drop((seat, alive));
        });
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    watchman: Arc<Watchman>,
    copy: &Arc<Copy>,
    routes: Router,
    mut stopping: watch::Receiver<bool>,
) {
    let limits = &copy.limits;
    let under_way = UnderWay::default();
    let waits = (limits.header_timeout, limits.idle_timeout);
    let meter = Meter::new(stream, under_way.clone(), waits, &watchman);
    let service = service_fn(|request: Request<Incoming>| {
        let (routes, token) = (routes.clone(), under_way.begin());
        let request = request.map(Body::new);
        let admitted = answer::admit(copy, &request);
        async move {
            let response = match admitted {
                Ok(()) => match routes.oneshot(request).await {
                    Ok(response) => response,
                    Err(never) => match never {},
                },
                Err(problem) => problem.into_response(),
            };
            let (parts, body) = response.into_parts();
            Ok::<_, Infallible>(Response::from_parts(parts, Sending::new(body, token)))
        }
    });
    let mut connection = pin!(http1(limits).serve_connection(TokioIo::new(meter), service));
    // How a connection ends is the client's business: there is nobody to tell.
    tokio::select! {
        _ = connection.as_mut() => {}
        () = told_to_stop(&mut stopping) => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.as_mut().await;
        }
    }
}
