//! `cargo xtask TASK`: the project's own tasks. Each is one file with its arguments and a `run`.

mod gerrit;

use clap::Parser;

/// The project's own tasks.
#[derive(Parser)]
#[command(name = "cargo xtask", disable_version_flag = true)]
enum Task {
    /// A real Gerrit on loopback, to try things on.
    #[command(subcommand)]
    Gerrit(gerrit::Gerrit),
}

fn main() -> std::process::ExitCode {
    let done = match Task::parse() {
        Task::Gerrit(task) => task.run(),
    };
    match done {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}
