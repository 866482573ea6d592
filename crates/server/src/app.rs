//! What every endpoint can reach.

use std::{net::SocketAddr, sync::Arc};

use engine::surface::Surface;
use identity::Said;
use model::{Clock, Entropy, Timestamp};
use tokio::sync::{Semaphore, watch};

use crate::{
    Limits, ServerConfig, ServerError,
    counters::Counters,
    intents::Intents,
    pages::passkeys::Enrolling,
    people::People,
    session::Sessions,
    token::{OneTimeTokens, TokenHash},
    workloads::LetIn,
};

/// One server's state; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// What an [`App`] holds; nothing of it is for callers.
pub struct Inner {
    pub(crate) surface: Arc<dyn Surface>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) address: SocketAddr,
    pub(crate) hosts: Vec<String>,
    /// Where our own pages come from.
    pub(crate) origins: Vec<String>,
    /// Sign-in, where people sign in.
    pub(crate) people: Option<People>,
    /// Services and agents.
    pub(crate) workloads: LetIn,
    pub(crate) verify_key: String,
    pub(crate) limits: Limits,
    pub(crate) cli_token: TokenHash,
    pub(crate) open_tokens: OneTimeTokens,
    pub(crate) sessions: Sessions,
    /// The name of the session's cookie: with the port, since browsers don't keep cookies of ports apart.
    pub(crate) cookie: String,
    pub(crate) counters: Counters,
    /// What people are about to sign.
    pub(crate) intents: Intents<Said>,
    /// Who is about to enrol a passkey.
    pub(crate) enrolling: Intents<Enrolling>,
    pub(crate) requests: Arc<Semaphore>,
    pub(crate) hooks: Arc<Semaphore>,
    pub(crate) streams: Arc<Semaphore>,
    /// True once the server is to stop.
    pub(crate) stopping: watch::Sender<bool>,
    /// Sets the request ids of one process apart from those of another.
    pub(crate) boot: String,
}

impl App {
    /// For a server that listens on `address`.
    ///
    /// # Errors
    /// [`ServerError::NotLoopback`] for an address that others can reach, [`ServerError::WeakToken`] for a token that
    /// could be guessed, [`ServerError::Origin`], [`ServerError::Entropy`].
    pub fn new(
        address: SocketAddr,
        config: ServerConfig,
        surface: Arc<dyn Surface>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, ServerError> {
        if !address.ip().is_loopback() {
            return Err(ServerError::NotLoopback(address));
        }
        let port = address.port();
        let mut hosts: Vec<String> =
            ["127.0.0.1", "[::1]", "localhost"].iter().map(|h| format!("{h}:{port}")).collect();
        hosts.extend(config.allowed_hosts.iter().map(|h| h.to_ascii_lowercase()));
        let mut origins: Vec<String> = hosts.iter().map(|host| format!("http://{host}")).collect();
        let people = config.sign_in.map(|sign_in| People::new(sign_in, address)).transpose()?;
        if let Some(people) = &people {
            hosts.push(people.host.clone());
            origins.push(people.origin.clone());
        }
        let limits = config.limits;
        let mut boot = [0_u8; 4];
        entropy.fill(&mut boot).map_err(ServerError::Entropy)?;
        let open_token = TokenHash::of_strong("one-time token", &config.open_token)?;
        Ok(Self(Arc::new(Inner {
            cli_token: TokenHash::of_strong("command line's token", &config.cli_token)?,
            open_tokens: OneTimeTokens::new(open_token, clock.now().plus_ms(limits.open_token_ms)),
            sessions: Sessions::new(limits),
            cookie: format!("exq-session-{port}"),
            counters: Counters::default(),
            intents: Intents::default(),
            enrolling: Intents::default(),
            requests: Arc::new(Semaphore::new(limits.requests)),
            hooks: Arc::new(Semaphore::new(limits.hooks)),
            streams: Arc::new(Semaphore::new(limits.streams)),
            stopping: watch::Sender::new(false),
            workloads: LetIn::default(),
            boot: hex::encode(boot),
            verify_key: config.verify_key,
            surface,
            clock,
            entropy,
            address,
            hosts,
            origins,
            people,
            limits,
        })))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }
}

impl std::ops::Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// Ready once the server is to stop.
pub(crate) async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // The sender lives in the app; if it is gone, so is the server.
    let _ = stopping.wait_for(|stop| *stop).await;
}
