//! The link beside raw QUIC streams of quinn, in turns in one run, on the loopback of this
//! process: `cargo run --release -p her-peer --example throughput [ROUNDS]`.
//!
//! Both are encrypted (TLS 1.3, AES-GCM by ring) and have the same windows. Quinn's side writes
//! bytes to a stream and reads them; the link's also names, hashes, bounds and confirms each
//! transfer. One column shows quinn with the hash on both sides, which what lies above needs
//! in any case.

#![allow(clippy::disallowed_methods, reason = "measuring is what this program is for")]

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use her_peer::{Limits, Link, PeerLink, QuicLink, Secret, Settings, Transfer};
use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use tokio::task::JoinSet;
use tokio_rustls::rustls;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// What is sent: how many, and how large.
const LOADS: [(usize, usize); 4] = [(1, 64 << 20), (64, 1 << 20), (1_000, 1 << 10), (1, 1)];
/// As in the link.
const WINDOWS: (u32, u32) = (2 << 20, 16 << 20);

#[tokio::main]
async fn main() -> Result<()> {
    let rounds = std::env::args().nth(1).map_or(Ok(7), |text| text.parse())?;
    let (_links, link, there) = linked().await?;
    let (_ends, raw, raw_there) = raw().await?;
    tokio::spawn(async move { while there.next_transfer().await.is_ok() {} });
    println!("round trip of the link after its handshake: {:?}\n", link.figures().round_trip);
    println!("| load | link | raw QUIC | raw QUIC, hashed | link / raw | link / hashed |");
    println!("|---|---|---|---|---|---|");
    for (many, size) in LOADS {
        let content = Bytes::from(vec![7; size]);
        let mut times = [Vec::new(), Vec::new(), Vec::new()];
        for _ in 0..rounds {
            times[0].push(over_link(&link, many, &content).await?);
            times[1].push(over_raw(&raw, &raw_there, many, &content, false).await?);
            times[2].push(over_raw(&raw, &raw_there, many, &content, true).await?);
        }
        let [link, raw, hashed] = times.map(|mut times| {
            times.sort();
            times[times.len() / 2].as_secs_f64()
        });
        let shown = |seconds: f64| {
            let rate = (many * size) as f64 / 1e6 / seconds;
            format!("{:.2} ms ({rate:.1} MB/s)", seconds * 1e3)
        };
        println!(
            "| {many} × {size} B | {} | {} | {} | {:.2} | {:.2} |",
            shown(link),
            shown(raw),
            shown(hashed),
            link / raw,
            link / hashed
        );
    }
    Ok(())
}

type Peer = Arc<dyn PeerLink>;

async fn linked() -> Result<([QuicLink; 2], Peer, Peer)> {
    let [one, two] = [Secret::from_seed([1; 32])?, Secret::from_seed([2; 32])?];
    let bind = |secret: &Secret, allowed| {
        let limits = Limits::default();
        QuicLink::bind(Settings { allowed, limits, ..Settings::new(secret.clone()) })
    };
    let links = [bind(&one, vec![two.key()]).await?, bind(&two, vec![one.key()]).await?];
    let link = links[0].connect(two.key(), &links[1].addresses()).await?;
    let there = links[1].accept().await?;
    Ok((links, link, there))
}

async fn over_link(link: &Peer, many: usize, content: &Bytes) -> Result<Duration> {
    let began = Instant::now();
    let mut sends = JoinSet::new();
    for number in 0..many {
        let (link, content) = (Arc::clone(link), content.clone());
        let one = Transfer { kind: 0, name: number.to_string(), priority: 0, content };
        sends.spawn(async move { link.send(one).await });
    }
    while let Some(sent) = sends.join_next().await {
        sent??;
    }
    Ok(began.elapsed())
}

async fn raw() -> Result<([quinn::Endpoint; 2], quinn::Connection, quinn::Connection)> {
    let made = rcgen::generate_simple_self_signed(vec!["peer".to_owned()])?;
    let certificate = made.cert.der().clone();
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()).into();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)?;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate)?;
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut transport = quinn::TransportConfig::default();
    transport
        .max_concurrent_uni_streams(1_024_u32.into())
        .stream_receive_window(WINDOWS.0.into())
        .receive_window(WINDOWS.1.into())
        .send_window(WINDOWS.1.into());
    let transport = Arc::new(transport);
    let mut server =
        quinn::ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(server)?));
    server.transport_config(Arc::clone(&transport));
    let mut client = quinn::ClientConfig::new(Arc::new(QuicClientConfig::try_from(client)?));
    client.transport_config(transport);
    let at = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let (listening, calling) = (quinn::Endpoint::server(server, at)?, quinn::Endpoint::client(at)?);
    let connecting = calling.connect_with(client, listening.local_addr()?, "peer")?;
    let incoming = async { Ok(listening.accept().await.ok_or("the endpoint is closed")?.await?) };
    let (here, there): (_, Result<_>) = tokio::join!(connecting, incoming);
    Ok(([listening, calling], here?, there?))
}

/// Streams with bytes only; it ends when the receiver has read the last of them.
async fn over_raw(
    here: &quinn::Connection,
    there: &quinn::Connection,
    many: usize,
    content: &Bytes,
    hashed: bool,
) -> Result<Duration> {
    let began = Instant::now();
    let mut tasks: JoinSet<Result<()>> = JoinSet::new();
    for _ in 0..many {
        let (here, content) = (here.clone(), content.clone());
        tasks.spawn(async move {
            if hashed {
                std::hint::black_box(blake3::hash(&content));
            }
            let mut stream = here.open_uni().await?;
            stream.write_all(&content).await?;
            stream.finish()?;
            Ok(())
        });
    }
    for _ in 0..many {
        let mut stream = there.accept_uni().await?;
        tasks.spawn(async move {
            let mut hasher = blake3::Hasher::new();
            let mut buffer = vec![0; 64 << 10];
            while let Some(read) = stream.read(&mut buffer).await? {
                if hashed {
                    hasher.update(&buffer[..read]);
                }
            }
            std::hint::black_box(hasher.finalize());
            Ok(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(began.elapsed())
}
