//! A person at a WebSocket, by a stock client.

use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Message, WebSocket};

use super::client::{PATIENCE, Running};

pub struct Person {
    pub socket: WebSocket<TcpStream>,
    pub hello: Value,
}

/// Opens a WebSocket without reading anything from it.
pub fn open(r: &Running, path: &str) -> Result<WebSocket<TcpStream>, tungstenite::Error> {
    open_by(r, &r.token, path)
}

/// The same by another token.
pub fn open_by(
    r: &Running,
    token: &str,
    path: &str,
) -> Result<WebSocket<TcpStream>, tungstenite::Error> {
    let mut request = format!("ws://{}{path}", r.addr).into_client_request().unwrap();
    let token = format!("Bearer {token}").parse().unwrap();
    request.headers_mut().insert("authorization", token);
    let stream = TcpStream::connect(r.addr).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    match tungstenite::client(request, stream) {
        Ok((socket, _)) => Ok(socket),
        Err(tungstenite::HandshakeError::Failure(e)) => Err(e),
        Err(e) => panic!("{e}"),
    }
}

impl Person {
    pub fn new(r: &Running, query: &str) -> Self {
        Self::by(r, &r.token, query)
    }

    /// Comes in by another token than the first one.
    pub fn by(r: &Running, token: &str, query: &str) -> Self {
        let socket = open_by(r, token, &format!("/v1/identities/sam/ws{query}")).unwrap();
        let mut person = Self { socket, hello: Value::Null };
        person.hello = person.hears();
        assert_eq!(person.hello["hello"], "sam", "{}", person.hello);
        person
    }

    /// Comes back with a token, having seen the answers up to message n.
    pub fn back(r: &Running, token: &str, n: u64) -> Self {
        Self::new(r, &format!("?resume={token}&n={n}"))
    }

    pub fn token(&self) -> String {
        self.hello["resume"].as_str().unwrap().to_owned()
    }

    pub fn sends(&mut self, message: &Value) {
        self.socket.send(Message::text(message.to_string())).unwrap();
    }

    pub fn says(&mut self, message: &Value) -> Value {
        self.sends(message);
        self.hears()
    }

    /// The next frame with words in it.
    pub fn hears(&mut self) -> Value {
        loop {
            match self.socket.read().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other}"),
            }
        }
    }

    /// Listens until the end: the last words, and the code.
    pub fn hears_the_end(&mut self) -> (Value, u16) {
        let mut last = Value::Null;
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => last = serde_json::from_str(&text).unwrap(),
                Ok(Message::Close(frame)) => {
                    return (last, frame.map_or(0, |f| CloseCode::into(f.code)));
                }
                Ok(_) => {}
                Err(e) => panic!("{e}, after {last}"),
            }
        }
    }
}

/// Waits for something that must come.
pub fn until(what: &str, mut done: impl FnMut() -> bool) {
    for _ in 0..600 {
        if done() {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("{what} did not come");
}

/// What `GET /v1/channels` tells.
pub fn channels(r: &Running) -> Value {
    let said = r.get("/v1/channels?limit=10000");
    assert_eq!(said.status, 200, "{}", said.text());
    said.json()
}

/// Message n, which asks.
pub fn asks(n: u64) -> Value {
    json!({"n": n, "x": {"a": n % 7, "b": n % 5}})
}
