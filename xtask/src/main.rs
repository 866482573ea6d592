//! `cargo xtask TASK`: the project's own tasks. Each is one file, or folder, with its arguments and a `run`.

mod bench;
mod crash;
mod fuzz;
#[cfg(feature = "gerrit")]
mod gerrit;
#[cfg(not(feature = "gerrit"))]
#[path = "gerrit_later.rs"]
mod gerrit;
mod mutants;
mod process;
mod slice;
mod test;
mod workspace;

use clap::Parser;

/// The project's own tasks.
#[derive(Parser)]
#[command(name = "cargo xtask", disable_version_flag = true)]
enum Task {
    /// Everything that must hold, in one command; the last line says how many tests passed and failed.
    Test(test::Test),
    /// The first story on a real Gerrit: reviewed runs, self-approved doesn't, the bundle verifies.
    Slice(slice::Slice),
    /// Kills a server during rollouts, many times.
    Crash(crash::Crash),
    /// Measures, and keeps the figures in docs/BENCHMARKS.md.
    Bench(bench::Bench),
    /// Runs the fuzz targets, guided by coverage.
    Fuzz(fuzz::Fuzz),
    /// Puts small faults into the rules of evidence, one at a time, and sees whether a test notices.
    Mutants(mutants::Mutants),
    /// A real Gerrit on loopback, to try things on.
    #[cfg_attr(feature = "gerrit", command(subcommand))]
    Gerrit(gerrit::Gerrit),
}

fn main() -> std::process::ExitCode {
    let done = match Task::parse() {
        Task::Test(task) => task.run(),
        Task::Slice(task) => task.run(),
        Task::Crash(task) => task.run(),
        Task::Bench(task) => task.run(),
        Task::Fuzz(task) => task.run(),
        Task::Mutants(task) => task.run(),
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
