//! The verbs of `her`, one a file.

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use her_identity::Result;

mod adopt;
mod ask;
mod audit;
mod bench;
mod book;
mod card;
mod completions;
mod config;
mod context;
mod demo;
mod depart;
mod departures;
mod diff;
mod doctor;
mod eval;
pub mod exit;
mod export;
mod follow;
mod forget;
mod fork;
mod freeze;
mod gate;
mod label;
mod learn;
mod leave;
mod legacy;
mod list;
mod log;
mod man;
mod model;
mod models;
mod nearest;
mod new;
mod node;
mod peer;
mod records;
mod rewind;
pub mod serve;
mod show;
mod signal;
mod simulate;
mod snapshot;
mod spec;
mod sync;
mod table;
mod tag;
mod tail;
mod talk;
mod token;
mod verify;
mod watch;

use context::{Common, Context};

/// Models that never stop learning.
#[derive(Parser)]
#[command(name = "her", version, max_term_width = 100, arg_required_else_help = true)]
#[command(
    after_help = "Data goes to stdout, talk to stderr. Exit codes: 0 done, 1 failed, 2 usage, \
3 not found, 4 refused by authentication, 5 frozen or moved, 6 not reachable, 7 data rejected, 130 Ctrl-C."
)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Serve the identities over HTTP, until Ctrl-C
    Serve,
    Demo(demo::Args),
    New(new::Args),
    Learn(learn::Args),
    Ask(ask::Args),
    Nearest(nearest::Args),
    Talk(talk::Args),
    Label(label::Args),
    Eval(eval::Args),
    Show(show::Args),
    List(list::Args),
    Card(card::Args),
    Export(export::Args),
    Log(log::Args),
    Rewind(rewind::Args),
    Forget(forget::Args),
    Fork(fork::Args),
    Freeze(freeze::Args),
    Leave(leave::Args),
    Legacy(legacy::Args),
    Tag(tag::Args),
    Diff(diff::Args),
    Verify(verify::Args),
    Watch(watch::Args),
    Snapshot(snapshot::Args),
    Models(models::Args),
    Model(model::Args),
    Bench(bench::Args),
    Book(book::Args),
    Gate(gate::Args),
    Simulate(simulate::Args),
    Depart(depart::Args),
    Departures(departures::Args),
    Adopt(adopt::Args),
    Node(node::Args),
    Peer(peer::Args),
    Sync(sync::Args),
    Token(token::Args),
    Audit(audit::Args),
    Doctor(doctor::Args),
    Config(config::Args),
    Completions(completions::Args),
    Man(man::Args),
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    ExitCode::from(run_with(std::env::args_os()))
}

/// Runs a command line, the program's name first, and gives the code to exit with: for a process
/// that is not `her` itself. Help and misuse end the process.
pub fn run_with(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> u8 {
    let cli = Cli::parse_from(arguments);
    let json = cli.common.json;
    match Context::new(cli.common).and_then(|context| run(&cli.verb, &context)) {
        Ok(()) => 0,
        Err(error) => exit::tell(&error, json),
    }
}

fn run(verb: &Verb, context: &Context) -> Result<()> {
    match verb {
        Verb::Serve => serve::run(context.settings()),
        Verb::Demo(args) => demo::run(args, context),
        Verb::New(args) => new::run(args, context),
        Verb::Learn(args) => learn::run(args, context),
        Verb::Ask(args) => ask::run(args, context),
        Verb::Nearest(args) => nearest::run(args, context),
        Verb::Talk(args) => talk::run(args, context),
        Verb::Label(args) => label::run(args, context),
        Verb::Eval(args) => eval::run(args, context),
        Verb::Show(args) => show::run(args, context),
        Verb::List(args) => list::run(args, context),
        Verb::Card(args) => card::run(args, context),
        Verb::Export(args) => export::run(args, context),
        Verb::Log(args) => log::run(args, context),
        Verb::Rewind(args) => rewind::run(args, context),
        Verb::Forget(args) => forget::run(args, context),
        Verb::Fork(args) => fork::run(args, context),
        Verb::Freeze(args) => freeze::run(args, context),
        Verb::Leave(args) => leave::run(args, context),
        Verb::Legacy(args) => legacy::run(args, context),
        Verb::Tag(args) => tag::run(args, context),
        Verb::Diff(args) => diff::run(args, context),
        Verb::Verify(args) => verify::run(args, context),
        Verb::Watch(args) => watch::run(args, context),
        Verb::Snapshot(args) => snapshot::run(args, context),
        Verb::Models(args) => models::run(args, context),
        Verb::Model(args) => model::run(args, context),
        Verb::Bench(args) => bench::run(args, context),
        Verb::Book(args) => book::run(args, context),
        Verb::Gate(args) => gate::run(args, context),
        Verb::Simulate(args) => simulate::run(args, context),
        Verb::Depart(args) => depart::run(args, context),
        Verb::Departures(args) => departures::run(args, context),
        Verb::Adopt(args) => adopt::run(args, context),
        Verb::Node(args) => node::run(args, context),
        Verb::Peer(args) => peer::run(args, context),
        Verb::Sync(args) => sync::run(args, context),
        Verb::Token(args) => token::run(args, context),
        Verb::Audit(args) => audit::run(args, context),
        Verb::Doctor(args) => doctor::run(args, context),
        Verb::Config(args) => config::run(args, context),
        Verb::Completions(args) => completions::run(args, context),
        Verb::Man(args) => man::run(args, context),
    }
}

/// The whole command line, for completions and the manual.
fn command() -> clap::Command {
    Cli::command()
}
