//! `her serve`: the server, until Ctrl-C; and `her config show`.

use std::io::IsTerminal;
use std::thread;

use her_identity::{Error, Result};
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::config::{Settings, Shown};
use crate::server::Server;

/// The exit code of a process that a Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// Serves until SIGINT or SIGTERM, then drains and closes; a second one ends at once.
pub fn run(settings: &Settings) -> Result<()> {
    let mut signals = Signals::listen()?;
    let server = Server::start(settings)?;
    for report in server.house().reports() {
        if let Some(torn) = &report.torn {
            eprintln!(
                "note: {} ended in a write that was never acknowledged; {} bytes at offset {} \
                 were cut",
                torn.file, torn.bytes, torn.offset
            );
        }
    }
    let identities = server.house().names().len();
    eprintln!("her serves {identities} identities of {}", settings.data_dir.display());
    eprintln!("  at     {}   (the API: /docs)", server.url());
    eprintln!("  page   {}", page(&server, settings));
    eprintln!("  token  {}", settings.token_file().display());
    signals.wait();
    eprintln!("closing: what was acknowledged is durable; press Ctrl-C again to end at once");
    server.stop();
    Ok(())
}

/// The page's link. On a terminal it opens without asking: there it is not kept, as logs are.
fn page(server: &Server, settings: &Settings) -> String {
    let link = format!("{}/ui", server.url());
    let token = std::fs::read_to_string(settings.token_file());
    match token {
        Ok(token) if std::io::stderr().is_terminal() => format!("{link}#token={}", token.trim()),
        _ => link,
    }
}

/// A thread of its own hears signals, so that a second one is heard while the first is obeyed.
struct Signals(mpsc::Receiver<()>);

impl Signals {
    fn listen() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| Error::io("listening for signals", e))?;
        let (tell, told) = mpsc::channel(1);
        let (ready, is_ready) = std::sync::mpsc::sync_channel(1);
        let hear = move || {
            runtime.block_on(async move {
                let both = signal(SignalKind::interrupt())
                    .and_then(|i| Ok((i, signal(SignalKind::terminate())?)));
                let (mut interrupt, mut terminate) = match both {
                    Ok(both) => {
                        let _ = ready.send(Ok(()));
                        both
                    }
                    Err(e) => {
                        let _ = ready.send(Err(e));
                        return;
                    }
                };
                for first in [true, false] {
                    tokio::select! {
                        _ = interrupt.recv() => {}
                        _ = terminate.recv() => {}
                    }
                    if !first {
                        std::process::exit(INTERRUPTED);
                    }
                    let _ = tell.send(()).await;
                }
            });
        };
        let io = |e| Error::io("listening for signals", e);
        thread::Builder::new().name("her-signals".into()).spawn(hear).map_err(io)?;
        match is_ready.recv() {
            Ok(Ok(())) => Ok(Self(told)),
            Ok(Err(e)) => Err(io(e)),
            Err(_) => Err(Error::new(
                her_identity::ErrorKind::Internal,
                "the thread for signals ended before it began",
            )),
        }
    }

    fn wait(&mut self) {
        let _ = self.0.blocking_recv();
    }
}

/// What `her config show` prints: keys with values, and where they come from if asked.
pub fn config_show(settings: &Settings, origin: bool) -> String {
    let shown = settings.shown();
    let width = shown.iter().map(|s| s.key.len() + s.value.len()).max().unwrap_or(0) + 3;
    let line = |s: &Shown| {
        let line = format!("{} = {}", s.key, s.value);
        if origin { format!("{line:width$}  # {}\n", s.origin) } else { line + "\n" }
    };
    shown.iter().map(line).collect()
}

/// The same as JSON.
pub fn config_json(settings: &Settings) -> Value {
    let shown = settings.shown().into_iter().map(|s| {
        let value = json!({ "value": s.value, "origin": s.origin.to_string() });
        (s.key.to_owned(), value)
    });
    shown.collect::<serde_json::Map<_, _>>().into()
}
