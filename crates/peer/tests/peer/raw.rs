//! A peer written by hand from the table in `wire.rs`, which can do what ours never does.

use her_peer::{Link as _, QuicLink};
use iroh::endpoint::{Connection, RecvStream, SendStream, presets};
use iroh::{Endpoint, EndpointAddr, PublicKey, RelayMode, SecretKey, TransportAddr};

use super::{Peer, within};

/// A connection and its control stream.
pub(crate) struct Raw {
    pub connection: Connection,
    pub control: SendStream,
    pub answers: RecvStream,
    _endpoint: Endpoint,
}

impl Raw {
    /// Connects as the machine of this number, and says hello.
    pub async fn connect(number: u8, house: &QuicLink) -> (Self, Peer) {
        let mut raw = Self::knock(number, house, b"her/sync/1").await.unwrap();
        raw.control.write_all(&[2, 1, 1]).await.unwrap();
        let mut hello = [0; 3];
        raw.answers.read_exact(&mut hello).await.unwrap();
        assert_eq!(hello, [2, 1, 1]);
        (raw, within(house.accept()).await.unwrap())
    }

    /// Connects and opens the control stream, without a word.
    pub async fn knock(number: u8, house: &QuicLink, alpn: &[u8]) -> Result<Self, String> {
        let endpoint = Endpoint::builder(presets::Minimal)
            .secret_key(SecretKey::from_bytes(&[number; 32]))
            .relay_mode(RelayMode::Disabled)
            .clear_ip_transports()
            .bind_addr("127.0.0.1:0")
            .unwrap()
            .bind()
            .await
            .unwrap();
        let id = PublicKey::from_bytes(&house.key().0).unwrap();
        let at = house.addresses().into_iter().map(TransportAddr::Ip);
        let connection = within(endpoint.connect(EndpointAddr::from_parts(id, at), alpn)).await;
        let connection = connection.map_err(|e| e.to_string())?;
        let (control, answers) = connection.open_bi().await.unwrap();
        Ok(Self { connection, control, answers, _endpoint: endpoint })
    }

    /// A stream with a header of this content, and nothing of it yet.
    pub async fn begin(&self, name: &str, content: &[u8]) -> SendStream {
        let mut header = vec![3, name.len() as u8];
        header.extend(name.as_bytes());
        // LEB128, as postcard writes numbers.
        let mut length = content.len();
        while length >= 0x80 {
            header.push(length as u8 | 0x80);
            length >>= 7;
        }
        header.push(length as u8);
        header.extend(blake3::hash(content).as_bytes());
        let mut stream = self.connection.open_uni().await.unwrap();
        stream.write_all(&(header.len() as u16).to_le_bytes()).await.unwrap();
        stream.write_all(&header).await.unwrap();
        stream
    }

    /// A whole transfer.
    pub async fn send(&self, name: &str, content: &[u8]) {
        let mut stream = self.begin(name, content).await;
        stream.write_all(content).await.unwrap();
        stream.finish().unwrap();
    }

    /// Why the other side closed the connection.
    pub async fn ended(&self) -> String {
        within(self.connection.closed()).await.to_string()
    }
}
