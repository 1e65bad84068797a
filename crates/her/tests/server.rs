//! The server from outside: real sockets, real files.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

#[path = "server/card.rs"]
mod card;
#[path = "server/channels.rs"]
mod channels;
#[path = "server/channels_locked.rs"]
mod channels_locked;
#[path = "server/client.rs"]
mod client;
#[path = "server/connections.rs"]
mod connections;
#[path = "server/crowd.rs"]
mod crowd;
#[path = "server/departs.rs"]
mod departs;
#[path = "server/forget.rs"]
mod forget;
#[path = "server/fuzz.rs"]
mod fuzz;
#[path = "server/fuzz_socket.rs"]
mod fuzz_socket;
#[path = "server/gates.rs"]
mod gates;
#[path = "server/language.rs"]
mod language;
#[path = "server/life.rs"]
mod life;
#[path = "server/locks.rs"]
mod locks;
#[path = "server/nearest.rs"]
mod nearest;
#[path = "server/openai.rs"]
mod openai;
#[path = "server/page.rs"]
mod page;
#[path = "../../recall/tests/parts/mod.rs"]
mod parts;
#[path = "server/person.rs"]
mod person;
#[path = "server/quotas.rs"]
mod quotas;
#[path = "server/refusals.rs"]
mod refusals;
#[path = "server/rehearse.rs"]
mod rehearse;
#[path = "server/routes.rs"]
mod routes;
#[path = "server/stream.rs"]
mod stream;
#[path = "server/tail.rs"]
mod tail;
#[path = "server/tls.rs"]
mod tls;
#[path = "support/tongue.rs"]
mod tongue;
#[path = "server/v2.rs"]
mod v2;
#[path = "server/voices.rs"]
mod voices;
#[path = "server/walk.rs"]
mod walk;
