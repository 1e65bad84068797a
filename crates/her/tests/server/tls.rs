//! TLS, with our own client and a certificate that is made for the test.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use her::config::{Flags, Settings};

use super::client::{PATIENCE, Running};

/// A certificate for this machine and its key, as files.
fn certificate(dir: &Path) -> (String, String) {
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let (cert, key) = (dir.join("cert.pem"), dir.join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (cert.display().to_string(), key.display().to_string())
}

fn running(more: &[&str]) -> (Running, tempfile::TempDir, String) {
    let files = tempfile::tempdir().unwrap();
    let (cert, key) = certificate(files.path());
    let set = [format!("tls.cert_file={cert}"), format!("tls.key_file={key}")];
    let all: Vec<&str> = set.iter().map(String::as_str).chain(more.iter().copied()).collect();
    (Running::new(&all), files, cert)
}

fn her(r: &Running, args: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_her"));
    command.args(args).env("HER_TOKEN", &r.token).current_dir(r.dir.path());
    for variable in ["HER_URL", "HER_CONFIG", "HER_CA", "SSL_CERT_FILE"] {
        command.env_remove(variable);
    }
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

#[test]
fn our_own_client_speaks_tls_with_whom_it_trusts_only() {
    let (r, files, cert) = running(&[]);
    let url = format!("https://localhost:{}", r.addr.port());
    let spec = "[\"StandardScaler\", \"LogisticRegression\"]";
    let (code, _, err) = her(&r, &["new", "sam", "--spec", spec, "--url", &url, "--ca", &cert]);
    assert_eq!(code, 0, "{err}");
    let lines: String = (0..500).map(super::client::line).collect();
    let file = files.path().join("events.ndjson");
    std::fs::write(&file, lines).unwrap();
    let learn = ["learn", "sam", file.to_str().unwrap(), "--json", "--url", &url, "--ca", &cert];
    let (code, out, err) = her(&r, &learn);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("\"version\":501"), "{out}");

    // Without the certificate, with another one of the same name, and by a name it is not for.
    let (code, _, err) = her(&r, &["list", "--url", &url]);
    assert_eq!(code, 6, "{err}");
    let other = tempfile::tempdir().unwrap();
    let (wrong, _) = certificate(other.path());
    assert_eq!(her(&r, &["list", "--url", &url, "--ca", &wrong]).0, 6);
    let named = format!("https://127.0.0.2:{}", r.addr.port());
    assert_eq!(her(&r, &["list", "--url", &named, "--ca", &cert]).0, 6);
    let plain = format!("http://localhost:{}", r.addr.port());
    assert_eq!(her(&r, &["list", "--url", &plain]).0, 6);
    let (code, _, err) = her(&r, &["list", "--url", &url, "--ca", file.to_str().unwrap()]);
    assert_eq!(code, 7);
    assert!(err.contains("no certificate"), "{err}");

    // Verbs beside the data directory find the server and know it by its own certificate.
    let dir = r.dir.path().display().to_string();
    let (code, out, err) = her(&r, &["list", "--data-dir", &dir]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("sam"), "{out}");
    r.stop();
}

#[test]
fn who_does_not_agree_on_keys_is_cut_and_holds_nobody_up() {
    let (r, _files, cert) = running(&["limits.header_timeout_s=1"]);
    let connect = || {
        let stream = TcpStream::connect(r.addr).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    };
    let mut silent = connect();
    let mut plain = connect();
    plain.write_all(b"GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let url = format!("https://localhost:{}", r.addr.port());
    assert_eq!(her(&r, &["list", "--url", &url, "--ca", &cert]).0, 0);
    let mut told = Vec::new();
    let _ = plain.read_to_end(&mut told);
    assert!(!told.starts_with(b"HTTP"), "nothing is said without TLS");
    let mut told = Vec::new();
    let _ = silent.read_to_end(&mut told);
    assert_eq!(told, b"");
    r.stop();
}

#[test]
fn other_machines_are_served_with_tls_only() {
    let load = |set: &[&str], insecure| {
        let flags = Flags {
            listen: Some("0.0.0.0:7400".into()),
            set: set.iter().map(ToString::to_string).collect(),
            insecure,
            ..Flags::default()
        };
        Settings::load(&flags, &|_| None, &[]).map_err(|e| e.message)
    };
    assert!(load(&[], false).unwrap_err().contains("tls.cert_file"));
    assert!(load(&["tls.cert_file=c.pem"], false).unwrap_err().contains("needs both"));
    assert!(load(&["tls.cert_file=c.pem", "tls.key_file=k.pem"], false).is_ok());
    assert!(load(&[], true).is_ok());

    let dir = tempfile::tempdir().unwrap();
    let (cert, _) = certificate(dir.path());
    let (_, key) = certificate(tempfile::tempdir_in(dir.path()).unwrap().path());
    let set = [format!("tls.cert_file={cert}"), format!("tls.key_file={key}")];
    let set: Vec<&str> = set.iter().map(String::as_str).collect();
    let data = tempfile::tempdir().unwrap();
    let started = her::server::Server::start(&super::client::settings(data.path(), &set));
    assert!(started.is_err(), "a key that is not there or does not fit is told at the start");
}
