//! The command line: one command, one file. Exit codes: 0 yes, 1 no (denied, failed, not proven), 2 can't tell.

mod bundle;
mod config_check;
#[cfg(feature = "demo")]
mod demo;
mod evidence;
mod ledger;
mod runs;
mod serve;
mod verify;
mod why;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::{client::Api, config::Config, keys};

/// Operations under the authority of code review.
#[derive(Debug, Parser)]
#[command(name = "exq", version, propagate_version = false)]
pub struct Cli {
    /// The installation's file.
    #[arg(long, global = true, default_value = "exq.yaml", value_name = "FILE")]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the server: intake, gate, executor, pages.
    Serve(serve::Serve),
    /// Shows the whole story on embedded parts.
    #[cfg(feature = "demo")]
    Demo(demo::Demo),
    /// The shop that the demo rolls out.
    #[cfg(feature = "demo")]
    #[command(hide = true)]
    DemoShop(demo::DemoShop),
    /// Says what is true about a change, or about a range of commits.
    Evidence(evidence::Evidence),
    /// Says what became of a change, a submission or a run, and why.
    Why(why::Why),
    /// Lists runs, or shows one.
    Runs(runs::Runs),
    /// Writes the file that proves a run.
    Bundle(bundle::BundleCommand),
    /// Checks a bundle, offline.
    Verify(verify::Verify),
    /// Checks a configuration.
    #[command(subcommand)]
    Config(config_check::ConfigCommand),
    /// The ledger of this installation.
    #[command(subcommand)]
    Ledger(ledger::LedgerCommand),
}

/// Yes or no; an error is "can't tell".
pub(crate) type Answer = anyhow::Result<bool>;

/// Runs one command.
pub fn run(cli: Cli) -> ExitCode {
    let config = cli.config;
    let answer = match cli.command {
        Command::Serve(serve) => block(serve.run(config)),
        #[cfg(feature = "demo")]
        Command::Demo(demo) => block(demo.run()),
        #[cfg(feature = "demo")]
        Command::DemoShop(shop) => block(shop.run()),
        Command::Evidence(evidence) => evidence.run(config),
        Command::Why(why) => block(why.run(config)),
        Command::Runs(runs) => block(runs.run(config)),
        Command::Bundle(bundle) => block(bundle.run(config)),
        Command::Verify(verify) => verify.run(),
        Command::Config(command) => command.run(),
        Command::Ledger(command) => block(command.run(config)),
    };
    match answer {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn block(command: impl Future<Output = Answer>) -> Answer {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(command)
}

/// The way to the running server of this installation.
pub(crate) fn api(config: &std::path::Path) -> anyhow::Result<Api> {
    let config = Config::read(config)?;
    Api::new(format!("http://{}", config.listen), keys::cli_token(&config.data)?)
}

/// Prints to standard output; a reader who has gone away is no error. What could move a terminal's cursor, hide or turn
/// text is shown as a code: it may come from a file that somebody else wrote.
pub(crate) fn say(text: impl std::fmt::Display) {
    use std::io::Write as _;
    let mut shown = String::new();
    for c in text.to_string().chars() {
        if model::is_hidden(c) && c != '\n' && c != '\t' {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    let _ = writeln!(std::io::stdout().lock(), "{shown}");
}
