//! A raw QUIC stream (quinn) over loopback, beside the TLS link between nodes, in one run.
//!
//! `cargo run --release --bin quic -- HER [ROUNDS]` in this folder, HER the binary of ours.
//! Prints the median of the rounds, with the least and the most, and ratios in Markdown.
//!
//! Both sides of each run in one process: ours are threads with blocking sockets, quinn's are tasks
//! on a runtime of two threads. What is sent is read to its end; a message is answered by a byte.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::sync::Arc;

use quinn::{ClientConfig, Connection, Endpoint, RecvStream, SendStream, ServerConfig};
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use tokio::time::Instant;

type Failed = Box<dyn Error + Send + Sync>;

const LARGE: usize = 64 << 20;
const MESSAGE: usize = 4 << 20;
const SMALL: usize = 1000;
const SMALL_BYTES: usize = 1024;

/// Ways to send, by name: bytes or messages, and the seconds that they took in each round.
type Rounds = Vec<(&'static str, Vec<f64>)>;

async fn answer(mut send: SendStream, mut read: RecvStream) -> Result<(), Failed> {
    let mut buffer = vec![0; 1 << 16];
    while read.read(&mut buffer).await?.is_some() {}
    send.write_all(&[1]).await?;
    send.finish()?;
    Ok(())
}

async fn serve(endpoint: Endpoint) -> Result<(), Failed> {
    while let Some(incoming) = endpoint.accept().await {
        let connection = incoming.await?;
        tokio::spawn(async move {
            while let Ok((send, read)) = connection.accept_bi().await {
                tokio::spawn(answer(send, read));
            }
        });
    }
    Ok(())
}

async fn message(connection: &Connection, bytes: &[u8]) -> Result<(), Failed> {
    let (mut send, mut read) = connection.open_bi().await?;
    send.write_all(bytes).await?;
    send.finish()?;
    read.read_to_end(1).await?;
    Ok(())
}

async fn quic() -> Result<[f64; 4], Failed> {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])?;
    let certificate = CertificateDer::from(made.cert);
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let config = ServerConfig::with_single_cert(vec![certificate.clone()], key.into())?;
    let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = Endpoint::server(config, loopback)?;
    let at = server.local_addr()?;
    tokio::spawn(serve(server));
    let mut roots = RootCertStore::empty();
    roots.add(certificate)?;
    let mut client = Endpoint::client(loopback)?;
    client.set_default_client_config(ClientConfig::with_root_certificates(Arc::new(roots))?);
    let connection = client.connect(at, "localhost")?.await?;
    message(&connection, &[1]).await?;

    let large = vec![7; LARGE];
    let begin = Instant::now();
    message(&connection, &large).await?;
    let stream = begin.elapsed().as_secs_f64();

    let begin = Instant::now();
    for part in large.chunks(MESSAGE) {
        message(&connection, part).await?;
    }
    let messages = begin.elapsed().as_secs_f64();

    let small = vec![7; SMALL_BYTES];
    let begin = Instant::now();
    for _ in 0..SMALL {
        message(&connection, &small).await?;
    }
    let one_by_one = begin.elapsed().as_secs_f64();

    let begin = Instant::now();
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..SMALL {
        let (connection, small) = (connection.clone(), small.clone());
        all.spawn(async move { message(&connection, &small).await });
    }
    while let Some(done) = all.join_next().await {
        done??;
    }
    Ok([stream, messages, one_by_one, begin.elapsed().as_secs_f64()])
}

fn ours(her: &str) -> Result<[f64; 2], Failed> {
    let told = Command::new(her).args(["bench", "link", "--json"]).output()?;
    let text = String::from_utf8(told.stdout)?;
    let seconds = |line: &str| -> Result<f64, Failed> {
        let line: serde_json::Value = serde_json::from_str(line)?;
        line["wall_s"].as_f64().ok_or_else(|| format!("no time in {line}").into())
    };
    let found: Vec<f64> = text.lines().map(seconds).collect::<Result<_, _>>()?;
    found.try_into().map_err(|found| format!("two lines wanted, not {found:?}").into())
}

fn median(of: &[f64]) -> f64 {
    let mut sorted = of.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

fn main() -> Result<(), Failed> {
    let mut arguments = std::env::args().skip(1);
    let her = arguments.next().ok_or("name the binary of ours")?;
    let rounds: usize = arguments.next().map_or(Ok(5), |n| n.parse())?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut all: Rounds = [
        "her, 64 MiB in 16 messages",
        "QUIC, 64 MiB in one stream",
        "QUIC, 64 MiB in 16 messages",
        "her, 1,000 of 1 KiB, one after the other",
        "QUIC, 1,000 of 1 KiB, one after the other",
        "QUIC, 1,000 of 1 KiB, at once",
    ]
    .map(|name| (name, Vec::new()))
    .into();
    for _ in 0..rounds {
        let [large, small] = ours(&her)?;
        let [stream, messages, one_by_one, at_once] = runtime.block_on(quic())?;
        let seconds = [large, stream, messages, small, one_by_one, at_once];
        for ((_, all), seconds) in all.iter_mut().zip(seconds) {
            all.push(seconds);
        }
    }
    println!("| way | median ms | least | most | MiB/s | times ours |");
    println!("|---|---:|---:|---:|---:|---:|");
    for (i, (name, seconds)) in all.iter().enumerate() {
        let (middle, ours) = (median(seconds), median(&all[i / 3 * 3].1));
        let mib = if i < 3 { 64.0 } else { SMALL as f64 / 1024.0 };
        let least = seconds.iter().copied().fold(f64::INFINITY, f64::min);
        let most = seconds.iter().copied().fold(0.0, f64::max);
        println!(
            "| {name} | {:.1} | {:.1} | {:.1} | {:.1} | {:.2} |",
            middle * 1e3,
            least * 1e3,
            most * 1e3,
            mib / middle,
            middle / ours
        );
    }
    Ok(())
}
