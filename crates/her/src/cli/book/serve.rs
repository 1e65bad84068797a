//! `her book serve`.

use std::path::PathBuf;
use std::time::Duration;

use her_identity::clock::{Clock as _, RealClock};
use her_identity::format::BOOKS_DIR;
use her_identity::legacy::book::{Page, lay};
use her_identity::{Error, Result};

use super::super::context::Context;
use super::{Keys, open, refused, stateless};
use crate::client;
use crate::server::legacy::{self, Asked};

/// Serve the predictions of a book, read-only, from a process that locks itself up
#[derive(clap::Args)]
#[command(
    after_help = "Only verified books are served: see `her book verify`. The book is laid out in \
`books` of the data directory, where it stays, and is served from there as `her legacy` serves a \
copy: it listens on the loopback unless told otherwise by --listen, and needs a token if there is \
one (--token-file, HER_TOKEN, or `token` in the data directory)."
)]
pub struct Args {
    /// The book
    file: PathBuf,
    #[command(flatten)]
    keys: Keys,
    /// Listen at this Unix socket instead of an address
    #[arg(long, value_name = "FILE")]
    socket: Option<PathBuf>,
    /// Look at every byte again after so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 3600,
          value_parser = clap::value_parser!(u64).range(1..=604_800))]
    check_every: u64,
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let settings = cx.settings();
    let trusted = args.keys.trusted(cx)?;
    let book = open(&args.file)?;
    let verdict = book.verify(&trusted).map_err(refused)?;
    let state = book.state().map_err(refused)?.ok_or_else(|| stateless(&args.file))?;
    let from = book.provenance().map_err(refused)?;
    let (name, digest) = (book.config().name, verdict.digest);
    let identity = from.identity.parse().map_err(|e: Error| {
        Error::invalid(format!("{}: provenance.json: {}", args.file.display(), e.message))
    })?;
    let page = Page {
        name: &name,
        identity,
        chain: &from.journal.head,
        book: &digest.to_string(),
        state: &state,
        now_ms: RealClock::new().now_ms(),
    };
    let dir = std::path::absolute(settings.data_dir.join(BOOKS_DIR).join(digest.hex()))
        .map_err(|e| Error::io("finding the data directory", e))?;
    let left = lay(&dir, &page, &settings.catalog())?;
    drop((state, book));
    legacy::run(
        settings,
        &Asked {
            dir: left.dir,
            socket: args.socket.clone(),
            manifest: Some(left.digest),
            check_every: Duration::from_secs(args.check_every),
            token: client::token(&cx.options())?,
        },
    )
}
