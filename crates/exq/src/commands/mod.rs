//! The command line: one command, one file. Exit codes: 0 yes, 1 no (denied, failed, not proven), 2 can't tell.

mod access;
mod bundle;
mod config_check;
mod consent;
#[cfg(feature = "demo")]
mod demo;
mod evidence;
mod ledger;
mod link;
mod login;
mod plan;
mod policy;
mod request;
mod runs;
mod serve;
mod tree;
mod verify;
mod why;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use anyhow::bail;

use crate::{client::Api, config::Config, credentials::Credentials, keys};

/// Operations under the authority of code review.
#[derive(Debug, Parser)]
#[command(name = "exq", version, propagate_version = false)]
pub struct Cli {
    /// The installation's file.
    #[arg(long, global = true, default_value = "exq.yaml", value_name = "FILE")]
    config: PathBuf,
    /// A server elsewhere, as the person that `exq login` signed in: `https://exq.example.com`.
    #[arg(long, global = true, value_name = "URL")]
    at: Option<String>,
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
    /// Shows exactly what a request would do.
    Plan(plan::PlanCommand),
    /// Asks for an operation, or shows what became of it.
    Request(request::RequestCommand),
    /// Links your account on Gerrit to you.
    Link(link::LinkCommand),
    /// Shows plans that wait for somebody's approval, and makes one anew.
    Consent(consent::ConsentCommand),
    /// Writes the file that proves a run.
    Bundle(bundle::BundleCommand),
    /// Checks a bundle, offline.
    Verify(verify::Verify),
    /// Signs in with the company's account.
    Login(login::Login),
    /// Ends the session of this command line.
    Logout(login::Logout),
    /// Says who is signed in.
    Whoami(login::Whoami),
    /// Says who may do what, and why.
    #[command(subcommand)]
    Access(access::AccessCommand),
    /// The policies of an operations project.
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
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
    let place = Place { config: cli.config, at: cli.at };
    let config = place.config.clone();
    let answer = match cli.command {
        Command::Serve(serve) => block(serve.run(config)),
        #[cfg(feature = "demo")]
        Command::Demo(demo) => block(demo.run()),
        #[cfg(feature = "demo")]
        Command::DemoShop(shop) => block(shop.run()),
        Command::Evidence(evidence) => evidence.run(place),
        Command::Why(why) => block(why.run(place)),
        Command::Runs(runs) => block(runs.run(place)),
        Command::Plan(plan) => block(plan.run(place)),
        Command::Request(request) => block(request.run(place)),
        Command::Link(link) => block(link.run(place)),
        Command::Consent(consent) => block(consent.run(place)),
        Command::Bundle(bundle) => block(bundle.run(place)),
        Command::Verify(verify) => verify.run(),
        Command::Login(login) => block(login.run(place)),
        Command::Logout(logout) => block(logout.run(place)),
        Command::Whoami(whoami) => block(whoami.run(place)),
        Command::Access(command) => command.run(place),
        Command::Policy(command) => command.run(),
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

/// Which server a command speaks to.
#[derive(Debug)]
pub(crate) struct Place {
    config: PathBuf,
    at: Option<String>,
}

impl Place {
    /// The server's address, without a slash at the end.
    fn server(&self) -> anyhow::Result<String> {
        let Some(at) = &self.at else {
            return Ok(format!("http://{}", Config::read(&self.config)?.listen));
        };
        let url: url::Url = at.parse().map_err(|why| anyhow::anyhow!("--at: {at:?} is no address: {why}"))?;
        let here = match url.host() {
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost",
            None => false,
        };
        if url.scheme() != "https" && !(url.scheme() == "http" && here) {
            bail!("--at: {at:?} isn't https: a token would go over the wire for everybody to read");
        }
        Ok(url.origin().ascii_serialization())
    }
}

/// The way to a running server: to this host's installation with its own token, to one elsewhere as the person who signed in.
pub(crate) fn api(place: &Place) -> anyhow::Result<Api> {
    if place.at.is_some() {
        let server = place.server()?;
        let token = Credentials::of_user()?.token(&server);
        let Some(token) = token else {
            bail!("nobody is signed in at {server}\nhint: exq login --at {server}");
        };
        return Api::new(server, token);
    }
    let config = Config::read(&place.config)?;
    Api::new(format!("http://{}", config.listen), keys::cli_token(&config.data)?)
}

/// The way to a server as the person who signed in there: for what only somebody can do whose name is known.
pub(crate) fn person(place: &Place) -> anyhow::Result<Api> {
    let server = place.server()?;
    let Some(token) = Credentials::of_user()?.token(&server) else {
        bail!("nobody is signed in at {server}\nhint: exq login");
    };
    Api::new(server, token)
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
