//! Why the engine couldn't go on with something. Nothing is lost by it: what is open stays open and is tried again.

use model::ServerName;

/// Why the engine couldn't go on.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Gerrit couldn't be read, or written.
    #[error("Gerrit {server}: {why}")]
    Gerrit {
        /// Which server.
        server: ServerName,
        /// Why.
        why: gerrit::Error,
    },
    /// A server that isn't ours.
    #[error("there is no server {0} in exq.yaml")]
    NoServer(ServerName),
    /// A change that isn't there, or that we may not see: Gerrit doesn't say which.
    #[error(
        "change {number} can't be seen on {server}\n\
         hint: it isn't there, it is private, or the account that reads may not see it"
    )]
    NotFound {
        /// Which server.
        server: ServerName,
        /// Which change.
        number: u64,
    },
    /// Its mirror couldn't be read.
    #[error("the mirror of {project} can't be read: {why}")]
    Mirror {
        /// The project.
        project: String,
        /// Why.
        why: String,
    },
    /// The clocks are apart: what we read can't be put in order.
    #[error(
        "this machine's clock and that of Gerrit {server} are {apart_s} s apart; nothing is decided until they agree within 60 s\n\
         hint: set both clocks (NTP)"
    )]
    Clock {
        /// Which server.
        server: ServerName,
        /// How far, in seconds.
        apart_s: i64,
    },
    /// A range brings more than is judged at once.
    #[error("the range brings {commits} commits; at most {limit} are judged at once")]
    TooLong {
        /// How many it brings.
        commits: usize,
        /// How many are judged.
        limit: usize,
    },
    /// A case can't be decided.
    #[error(transparent)]
    Case(#[from] gate::CaseError),
    /// The operations project can't be used.
    #[error("the operations project: {0}")]
    Rulebook(#[from] gate::RulebookError),
    /// The store can't be read.
    #[error(transparent)]
    Read(#[from] store::ReadError),
    /// The store can't be written.
    #[error(transparent)]
    Commit(#[from] store::CommitError),
    /// A value that can't be kept.
    #[error(transparent)]
    Invalid(#[from] store::Invalid),
    /// The executor refuses.
    #[error(transparent)]
    Executor(#[from] executor::ExecutorError),
    /// A grant can't be signed.
    #[error(transparent)]
    Grant(#[from] grant::GrantError),
    /// Something that was read from outside isn't what it has to be.
    #[error("{0}")]
    Outside(String),
    /// A value that can't be written.
    #[error("can't be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// What the store says of us doesn't fit to what `exq.yaml` says.
    #[error("{0}")]
    Genesis(String),
}
