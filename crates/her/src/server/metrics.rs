//! `/metrics`: by kind only, never by an identity's name or anything that a client chose.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use her_gate::Why;
use her_identity::House;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::App;
use super::channels::{ChannelMetrics, Channels};
use super::problem::Problem;
use crate::sync::Totals;

mod seconds;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Asked {
    route: &'static str,
    method: &'static str,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ByKind {
    kind: &'static str,
}

/// A rule's name comes from the settings, so that there are no more of them than rules.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Decided {
    gate: String,
    decision: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ByReason {
    reason: &'static str,
}

/// The figures of the server.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Asked, Counter>,
    events: Family<ByKind, Counter>,
    refused: Family<ByReason, Counter>,
    pub connections: Gauge,
    refused_connections: Family<ByReason, Counter>,
    queued: Gauge,
    identities: Gauge,
    decisions: Family<Decided, Counter>,
    resident: Gauge,
    pub channels: ChannelMetrics,
}

/// The kinds of events that clients send.
#[derive(Debug, Clone, Copy)]
pub(crate) enum EventKind {
    Learn,
    Predict,
    Label,
}

/// The pattern of the route that answered, left in the answer for the outermost layer.
#[derive(Clone, Copy)]
pub(crate) struct RouteName(pub &'static str);

impl Metrics {
    pub fn new(house: &House, peers: &Totals) -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("her"),
            requests: Family::default(),
            events: Family::default(),
            refused: Family::default(),
            connections: Gauge::default(),
            refused_connections: Family::default(),
            queued: Gauge::default(),
            identities: Gauge::default(),
            decisions: Family::default(),
            resident: Gauge::default(),
            channels: ChannelMetrics::default(),
        };
        metrics.register();
        metrics.peers(peers);
        metrics.journal(house);
        for (name, help, times) in [
            ("commit", "Commits, by the time until the disk had them", house.commits()),
            ("predict", "Predictions, by the time until they were made", house.predictions()),
        ] {
            let seconds = seconds::Seconds { name, help, times: Arc::clone(times) };
            metrics.registry.register_collector(Box::new(seconds));
        }
        metrics
    }

    fn register(&mut self) {
        let r = &mut self.registry;
        r.register("http_requests", "Answered requests", self.requests.clone());
        r.register("events", "Events that are durable", self.events.clone());
        r.register("events_refused", "Refused events", self.refused.clone());
        r.register("connections", "Open connections", self.connections.clone());
        r.register(
            "connections_refused",
            "Connections that were refused by a cap",
            self.refused_connections.clone(),
        );
        r.register("queue_events", "Events that wait for a learner", self.queued.clone());
        r.register("identities", "Identities", self.identities.clone());
        r.register(
            "gate_decisions",
            "Decisions of gates that differ from the one before, by rule",
            self.decisions.clone(),
        );
        r.register("resident_bytes", "Bytes of this process in memory", self.resident.clone());
        self.channels.register(r);
    }

    /// What peers sent and were worth.
    fn peers(&mut self, totals: &Totals) {
        let r = &mut self.registry;
        r.register(
            "peer_gain_nats",
            "Nats of loss that rows of peers saved their readers, where they saved some",
            totals.gain_nats.clone(),
        );
        r.register(
            "peer_harm_nats",
            "Nats of loss that rows of peers cost their readers, where they cost some",
            totals.harm_nats.clone(),
        );
        r.register("peer_sent_bytes", "Bytes of rows sent to peers", totals.sent_bytes.clone());
        r.register("peer_got_bytes", "Bytes of rows that came of peers", totals.got_bytes.clone());
        r.register("peer_exchanges", "Exchanges that began here", totals.exchanges.clone());
        r.register("peer_exchanges_failed", "Those that failed", totals.failed.clone());
    }

    /// What opening the house found; the journals tell no more while they run.
    fn journal(&mut self, house: &House) {
        let sum =
            |figure: fn(&her_identity::journal::JournalReport) -> u64| -> Gauge<i64, AtomicI64> {
                let gauge = Gauge::default();
                gauge.set(house.reports().iter().map(figure).sum::<u64>() as i64);
                gauge
            };
        let r = &mut self.registry;
        r.register("journal_open_bytes", "Bytes in the journals at the start", sum(|j| j.bytes));
        r.register("journal_open_segments", "Segments at the start", sum(|j| j.segments));
        r.register(
            "journal_open_torn_bytes",
            "Bytes of torn tails that the start cut off",
            sum(|j| j.torn.as_ref().map_or(0, |t| t.bytes)),
        );
        r.register("journal_recovery_ms", "Time that opening took", sum(|j| j.recovery_ms));
    }

    /// Counts an answer.
    pub fn request(&self, route: &'static str, method: &Method, status: StatusCode) {
        let method = match *method {
            Method::GET => "GET",
            Method::POST => "POST",
            Method::PUT => "PUT",
            Method::HEAD => "HEAD",
            _ => "other",
        };
        let asked = Asked { route, method, status: status.as_u16() };
        self.requests.get_or_create(&asked).inc();
    }

    /// Counts durable events.
    pub fn events(&self, kind: EventKind, n: u64) {
        let kind = match kind {
            EventKind::Learn => "learn",
            EventKind::Predict => "predict",
            EventKind::Label => "label",
        };
        self.events.get_or_create(&ByKind { kind }).inc_by(n);
    }

    /// Counts a refused event.
    pub fn refused(&self, problem: &Problem) {
        self.refused.get_or_create(&ByReason { reason: problem.kind }).inc();
    }

    /// Counts a decision of a gate that differs from the one before.
    pub fn gate(&self, gate: &str, decision: Why) {
        let decided = Decided { gate: gate.to_owned(), decision: decision.name() };
        self.decisions.get_or_create(&decided).inc();
    }

    /// Counts a refused connection.
    pub fn refused_connection(&self, reason: &'static str) {
        self.refused_connections.get_or_create(&ByReason { reason }).inc();
    }

    /// All figures in OpenMetrics text.
    pub fn text(&self, house: &House, channels: &Channels) -> String {
        self.channels.look(channels);
        self.queued.set(house.queued() as i64);
        self.identities.set(house.names().len() as i64);
        // Where the system does not tell, it stays 0.
        self.resident.set(crate::resident::bytes().unwrap_or(0) as i64);
        let mut out = String::new();
        // Writing into a string does not fail.
        let _ = encode(&mut out, &self.registry);
        out
    }
}

/// `GET /metrics`.
pub(super) async fn metrics(State(app): State<Arc<App>>) -> Response {
    const TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(CONTENT_TYPE, TEXT)], app.metrics.text(&app.house, &app.channels)).into_response()
}
