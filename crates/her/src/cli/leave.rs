//! `her leave`: a read-only copy stays behind, for ever.

use std::path::PathBuf;

use her_identity::Result;
use her_identity::legacy::Owner;

use super::context::Context;
use super::table;

/// Leave a read-only copy of an identity behind, at a version; `her legacy` serves it
#[derive(clap::Args)]
pub struct Args {
    /// Whose copy
    name: String,
    /// Where it is to lie [default: `legacy/NAME@VERSION` in the data directory]
    dir: Option<PathBuf>,
    /// The version that the copy answers by [default: the newest]
    #[arg(long, value_name = "VERSION")]
    at: Option<u64>,
    /// Where the identity lives on, for those who ask the copy to learn
    #[arg(long, value_name = "URL", requires = "owner_epoch")]
    owner: Option<String>,
    /// The epoch with which it is owned there
    #[arg(long, value_name = "N", requires = "owner")]
    owner_epoch: Option<u64>,
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let owner = args.owner.clone().zip(args.owner_epoch);
    let owner = owner.map(|(url, epoch)| Owner { url, epoch });
    let left = cx.door()?.leave(&args.name, args.at, args.dir.as_deref(), owner)?;
    let word = |key: &str| left[key].as_str().unwrap_or("–").to_owned();
    cx.answer(&left, || {
        table::pairs(&[
            (if left["again"] == true { "left before" } else { "left" }, args.name.clone()),
            ("version", table::count(&left["version"])),
            ("in", word("dir")),
            ("files", table::count(&left["files"])),
            ("bytes", table::count(&left["bytes"])),
            ("manifest", word("manifest")),
        ])
    })
}
