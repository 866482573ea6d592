//! The one writer: takes all commits that wait, writes them as one group, answers each.

use std::sync::Arc;

use ledger::LogSigner;
use model::{Clock, Entropy};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use store::{
    Commit, CommitError, Receipt, StoredCheckpoint,
    group::{Applied, Group, needs},
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use crate::{
    convert::signed,
    error::{Failure, not_written},
    lock::Lock,
    open::{End, read_end},
    write,
};

/// Commits in one group at most.
const GROUP: usize = 256;
/// Bytes of bodies and objects after which a group takes no further commit.
const GROUP_BYTES: usize = 32 * 1024 * 1024;
/// Commits that wait at most; further ones wait to be taken in.
const QUEUE: usize = 1024;

type Answer = oneshot::Sender<Result<Receipt, CommitError>>;

struct Job {
    commit: Commit,
    answer: Answer,
}

/// The way to the writer's task.
pub(crate) struct Writer {
    jobs: mpsc::Sender<Job>,
    task: JoinHandle<()>,
}

/// What the task works with.
pub(crate) struct WriterParts {
    pub(crate) connect: SqliteConnectOptions,
    pub(crate) connection: SqliteConnection,
    pub(crate) end: End,
    pub(crate) signer: LogSigner,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) lock: Lock,
}

impl Writer {
    pub(crate) fn start(parts: WriterParts) -> Self {
        let (jobs, waiting) = mpsc::channel(QUEUE);
        Self { jobs, task: tokio::spawn(run(parts, waiting)) }
    }

    pub(crate) async fn commit(&self, commit: Commit) -> Result<Receipt, CommitError> {
        commit.check()?;
        let stopped = || CommitError::Unavailable { why: "the store is closed".to_owned() };
        let (answer, answered) = oneshot::channel();
        self.jobs.send(Job { commit, answer }).await.map_err(|_| stopped())?;
        // The writer answers every job that it has taken; only the end of the runtime takes it away in the middle.
        answered.await.unwrap_or_else(|_| {
            Err(CommitError::Uncertain { why: "the store was stopped while it wrote".to_owned() })
        })
    }

    pub(crate) async fn close(self) {
        drop(self.jobs);
        if self.task.await.is_err() {
            tracing::error!("the store's writer did not end by itself");
        }
    }
}

struct Task {
    connect: SqliteConnectOptions,
    /// None after an error, until it could be opened again.
    connection: Option<SqliteConnection>,
    end: End,
    /// Something was erased, and may still be in the WAL.
    unclean: bool,
    signer: LogSigner,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

async fn run(parts: WriterParts, mut waiting: mpsc::Receiver<Job>) {
    let WriterParts { connect, connection, end, signer, clock, entropy, lock } = parts;
    let mut task =
        Task { connect, connection: Some(connection), end, unclean: false, signer, clock, entropy };
    let mut held: Option<Job> = None;
    loop {
        let first = match held.take() {
            Some(job) => job,
            None => match waiting.recv().await {
                Some(job) => job,
                None => break,
            },
        };
        let mut bytes = first.commit.bytes();
        let mut jobs = vec![first];
        while jobs.len() < GROUP {
            let Ok(job) = waiting.try_recv() else { break };
            bytes += job.commit.bytes();
            if bytes > GROUP_BYTES {
                held = Some(job);
                break;
            }
            jobs.push(job);
        }
        task.group(jobs).await;
    }
    if let Some(connection) = task.connection
        && let Err(why) = connection.close().await
    {
        tracing::warn!(%why, "the database was not closed in order; the next start repairs it");
    }
    drop(lock);
}

/// A group that was judged: what to answer once it is written.
struct Judged {
    applied: Vec<(Answer, Applied)>,
    batch: Option<store::group::Batch>,
}

impl Task {
    async fn group(&mut self, jobs: Vec<Job>) {
        let Some(mut connection) = self.connection().await else {
            for job in jobs {
                let why = "the database can't be opened".to_owned();
                let _ = job.answer.send(Err(CommitError::Unavailable { why }));
            }
            return;
        };
        let needs = needs(jobs.iter().map(|job| &job.commit));
        let erases = !needs.texts.is_empty();
        let known = match write::begin(&mut connection, &needs).await {
            Ok((mark, known)) if mark == self.end.mark => known,
            Ok((mark, _)) => {
                let why = format!(
                    "somebody else wrote to the database: it is at {mark}, expected {}",
                    self.end.mark
                );
                tracing::error!("{why}");
                return self.fail_unwritten(connection, jobs, Failure::Other(why)).await;
            }
            Err(why) => return self.fail_unwritten(connection, jobs, why.into()).await,
        };
        let judged = self.judge(jobs, known);
        let Some(batch) = judged.batch else {
            if let Err(why) = write::rollback(&mut connection).await {
                tracing::warn!(%why, "a transaction with nothing in it could not be ended");
                return;
            }
            self.connection = Some(connection);
            return;
        };
        match write::write(&mut connection, &batch).await {
            Ok(()) => {
                match batch.checkpoint {
                    Some(checkpoint) => {
                        self.end.mark += signed(checkpoint.size) - signed(self.end.checkpoint.size);
                        self.end.checkpoint = Arc::new(checkpoint);
                    }
                    None => self.end.mark += 1,
                }
                self.end.head = batch.head;
                self.unclean |= erases;
                if self.unclean {
                    self.clean(&mut connection).await;
                }
                self.connection = Some(connection);
                answer(judged.applied, &self.end.checkpoint);
            }
            Err(why) => self.recover(connection, judged.applied, batch, why.into()).await,
        }
    }

    /// Takes what was erased out of the WAL. While a reader is in the way, the next group tries again.
    async fn clean(&mut self, connection: &mut SqliteConnection) {
        match write::empty_wal(connection).await {
            Ok(emptied) => self.unclean = !emptied,
            Err(why) => tracing::warn!(%why, "what was erased is still in the WAL"),
        }
    }

    /// Decides which commits of the group hold; those that don't are answered at once.
    fn judge(&self, jobs: Vec<Job>, known: store::group::Known) -> Judged {
        let mut group =
            Group::begin(&self.end.head, &self.signer, self.entropy.as_ref(), self.clock.now(), known);
        let mut applied = Vec::with_capacity(jobs.len());
        for job in jobs {
            match group.apply(job.commit) {
                Ok(done) => applied.push((job.answer, done)),
                Err(why) => {
                    let _ = job.answer.send(Err(why));
                }
            }
        }
        if applied.is_empty() {
            return Judged { applied, batch: None };
        }
        match group.finish() {
            Ok(batch) => Judged { applied, batch: Some(batch) },
            Err(why) => {
                for (answer, _) in applied {
                    let why = why.to_string();
                    let _ = answer.send(Err(CommitError::Unavailable { why }));
                }
                Judged { applied: vec![], batch: None }
            }
        }
    }

    /// The connection; opened again, with the end of the log read again, if there is none.
    async fn connection(&mut self) -> Option<SqliteConnection> {
        if let Some(connection) = self.connection.take() {
            return Some(connection);
        }
        match reopen(&self.connect).await {
            Ok((connection, end)) => {
                self.end = end;
                Some(connection)
            }
            Err(why) => {
                tracing::error!(%why, "the database can't be opened again");
                None
            }
        }
    }

    /// The group never got as far as to be written.
    async fn fail_unwritten(&mut self, connection: SqliteConnection, jobs: Vec<Job>, why: Failure) {
        tracing::error!(%why, "a group of {} commits can't begin", jobs.len());
        let _ = connection.close_hard().await;
        for job in jobs {
            let _ = job.answer.send(Err(not_written(&why)));
        }
    }

    /// The group failed while it was written, and the COMMIT may be in the WAL or not. Opens the database again, makes
    /// sure that it can't come back if it isn't there, and answers accordingly.
    async fn recover(
        &mut self,
        connection: SqliteConnection,
        applied: Vec<(Answer, Applied)>,
        batch: store::group::Batch,
        why: Failure,
    ) {
        tracing::error!(%why, "a group of {} commits failed", applied.len());
        let before = self.end.mark;
        let _ = connection.close_hard().await;
        match settle(&self.connect).await {
            Ok((connection, mark, end)) => {
                self.connection = Some(connection);
                self.end = end;
                if mark > before {
                    let checkpoint = batch.checkpoint.map_or_else(|| self.end.checkpoint.clone(), Arc::new);
                    answer(applied, &checkpoint);
                } else {
                    refuse(applied, || not_written(&why));
                }
            }
            // Without room the last frame, the one that commits, was not written whole: it is certainly not there.
            Err(_) if matches!(why, Failure::Full(_)) => refuse(applied, || not_written(&why)),
            Err(also) => {
                tracing::error!(%also, "the database can't be opened again");
                refuse(applied, || CommitError::Uncertain { why: why.to_string() });
            }
        }
    }
}

async fn reopen(connect: &SqliteConnectOptions) -> Result<(SqliteConnection, End), sqlx::Error> {
    let mut connection = connect.connect().await?;
    let end = read_end(&mut connection).await?;
    Ok((connection, end))
}

/// Opens again after a failed write; also how far the store had come before this made it one more.
async fn settle(connect: &SqliteConnectOptions) -> Result<(SqliteConnection, i64, End), sqlx::Error> {
    let (mut connection, end) = reopen(connect).await?;
    let mark = end.mark;
    write::settle(&mut connection).await?;
    let end = read_end(&mut connection).await?;
    Ok((connection, mark, end))
}

fn answer(applied: Vec<(Answer, Applied)>, checkpoint: &Arc<StoredCheckpoint>) {
    for (answer, done) in applied {
        let Applied { entries, versions } = done;
        // Who asked may have gone; the commit stands.
        let _ = answer.send(Ok(Receipt { entries, checkpoint: checkpoint.clone(), versions }));
    }
}

fn refuse(applied: Vec<(Answer, Applied)>, why: impl Fn() -> CommitError) {
    for (answer, _) in applied {
        let _ = answer.send(Err(why()));
    }
}
