//! `her departures`: how they go and went; cancel one, complete or adopt an identity.

use her_identity::Result;

use super::context::{Context, print};
use super::depart::step_of;
use super::table::{self, Table};

/// Show the departures from this node, cancel one, or settle who owns what arrived
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(clap::Subcommand)]
enum What {
    /// End a departure before its commit
    Cancel {
        /// Its id
        id: String,
    },
    /// Take the register of an identity that arrived home to this node, so that a restart of this
    /// node needs no other
    Complete {
        /// Who arrived
        name: String,
    },
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let door = cx.door()?;
    match &args.what {
        None => {
            let jobs = door.departures()?;
            if cx.json() {
                return jobs.iter().try_for_each(|job| print(&format!("{job}\n")));
            }
            let mut t = Table::new(&["id", "identity", "to", "state", "version", "paused ms"]);
            for job in &jobs {
                let text = |key: &str| job[key].as_str().unwrap_or("").to_owned();
                let ns = job["figures"]["sealed_ns"].as_f64().unwrap_or(0.0);
                t.push(vec![
                    text("id"),
                    text("identity"),
                    text("to"),
                    job["outcome"].as_str().map_or_else(|| step_of(job), ToOwned::to_owned),
                    table::count(&job["figures"]["sealed_at"]),
                    format!("{:.1}", ns / 1e6),
                ]);
            }
            print(&t.text())
        }
        Some(What::Cancel { id }) => {
            let job = door.cancel(id)?;
            cx.answer(&job, || format!("departure {id} ends, unless its commit has been\n"))
        }
        Some(What::Complete { name }) => {
            let said = door.complete(name)?;
            cx.answer(&said, || format!("the register of {name} is at home here\n"))
        }
    }
}
