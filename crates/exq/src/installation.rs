//! One installation, wired: store, servers, executor, engine, HTTP.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use engine::{
    Engine, EngineConfig, GerritConfig, GerritServer, Marker, OperationsAt, SignedIn, surface::Surface,
};
use executor::{Executor, ExecutorConfig};
use gerrit::{Client, ClientConfig};
use grant::{Grounds, Provider, Site};
use identity::{Http, ProviderConfig, RelyingParty, SessionLimits, Sessions};
use ledger::VerifierKey;
use model::{Clock, Entropy};
use server::{ServerConfig, SignIn};
use store::Store;
use store_sqlite::{Options, SqliteStore};
use targets::ClientDesk;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use crate::{
    config::{AccountSection, Config, GerritSection, IdentitySection},
    keys::{Keys, private_folder},
};

/// How long a stop waits for those who still read the database.
const PATIENCE: Duration = Duration::from_secs(10);

/// What runs.
pub struct Installation {
    /// Where it listens.
    pub address: SocketAddr,
    /// Opens the pages, once.
    pub open_url: String,
    /// Where people sign in, if they do.
    pub sign_in_url: Option<String>,
    /// The ledger's public key.
    pub ledger_key: VerifierKey,
    /// The engine's surface.
    pub surface: Arc<dyn Surface>,
    /// What the command line shows.
    pub cli_token: secrecy::SecretString,
    engine: Arc<Engine>,
    store: Arc<SqliteStore>,
    stop_http: oneshot::Sender<()>,
    http: JoinHandle<Result<(), server::ServerError>>,
}

impl Installation {
    /// Starts everything that `exq.yaml` says.
    ///
    /// # Errors
    /// What is wrong, and what to do about it.
    pub async fn start(
        config: &Config,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> anyhow::Result<Self> {
        private_folder(&config.data)?;
        let keys = Keys::load_or_make(&config.data, &config.origin, &*entropy)?;
        let ledger_key = keys.ledger.verifier();
        // Listening first: hooks that come while the rest starts wait in the backlog instead of being refused.
        let listener = TcpListener::bind(config.listen).await.with_context(|| {
            format!("can't listen on {}\nhint: is another `exq serve` running?", config.listen)
        })?;
        let address = listener.local_addr()?;
        let options =
            Options::new(config.data.join("exq.db"), keys.ledger, Arc::clone(&clock), Arc::clone(&entropy));
        let database = Arc::new(SqliteStore::open(options).await?);
        let store: Arc<dyn Store> = Arc::<SqliteStore>::clone(&database);
        believe(&*store).await?;
        let mut servers = Vec::new();
        let mut desks = Vec::new();
        for (name, section) in &config.gerrit {
            let writer = client(section, &section.writer, &format!("gerrit.{name}.writer"))?;
            desks.push((name.clone(), writer.clone()));
            let hook_secret = section.hook_secret.as_ref();
            servers.push(GerritServer::new(GerritConfig {
                name: name.clone(),
                server_id: section.server_id.clone(),
                reader: client(section, &section.reader, &format!("gerrit.{name}.reader"))?,
                writer,
                hook_secret: hook_secret
                    .map(|s| s.read(&format!("gerrit.{name}.hook_secret")))
                    .transpose()?,
                poll_s: section.poll_s,
                sweep_s: section.sweep_s,
                mirrors: config.data.join("mirrors").join(name.as_str()),
            }));
        }
        let grounds = grounds(config.identity.as_ref(), address);
        let scratch = config.data.join("scratch");
        private_folder(&scratch)?;
        let executor = Executor::new(
            ExecutorConfig {
                key: keys.executor,
                gate: keys.gate.id().clone(),
                host: config.executor.host.clone(),
                origin: config.origin.clone(),
                grounds: grounds.clone(),
                scratch,
            },
            Arc::clone(&store),
            Arc::clone(&clock),
            Arc::clone(&entropy),
            Arc::new(ClientDesk::new(desks)),
        );
        let operations = OperationsAt {
            server: config.operations.server.clone(),
            project: config.operations.project.clone(),
            branch: config.operations.branch.clone(),
            genesis: config.operations.genesis,
        };
        let sign_in = match &config.identity {
            Some(section) => Some(sign_in(section, address, &store, &clock, &entropy).await?),
            None => None,
        };
        let engine_config = EngineConfig {
            origin: config.origin.clone(),
            servers,
            operations,
            gate: keys.gate,
            executor,
            marker: Marker::new(keys.marker),
            pages: public_url(config.identity.as_ref(), address),
            signed_in: sign_in.as_ref().map(|sign_in| SignedIn {
                sessions: Arc::clone(&sign_in.sessions),
                party: Arc::clone(&sign_in.party),
            }),
            grounds,
        };
        let sign_in_url = sign_in.as_ref().map(|sign_in| format!("{}/sign-in", sign_in.origin));
        let engine = Engine::start(engine_config, store, Arc::clone(&clock)).await?;
        engine.run().await?;
        let open_token = server::fresh_token(&*entropy)?;
        let open_url = server::open_url(address, &open_token);
        let surface: Arc<dyn Surface> = Arc::<Engine>::clone(&engine);
        let mut http_config = ServerConfig::new(keys.cli.clone(), open_token);
        http_config.sign_in = sign_in;
        http_config.verify_key = config.data.join("ledger.pub").display().to_string();
        let (stop_http, stopped) = oneshot::channel();
        let served = Arc::clone(&surface);
        let http = tokio::spawn(async move {
            let shutdown = async { drop(stopped.await) };
            server::serve(listener, http_config, served, clock, entropy, shutdown).await
        });
        let cli_token = keys.cli;
        Ok(Self {
            address,
            open_url,
            sign_in_url,
            ledger_key,
            surface,
            cli_token,
            engine,
            store: database,
            stop_http,
            http,
        })
    }

    /// Stops everything: requests under way end, steps under way are stopped and taken up after the next start.
    ///
    /// # Errors
    /// What went wrong while it served.
    pub async fn stop(self) -> anyhow::Result<()> {
        let Self { surface, engine, store, stop_http, http, .. } = self;
        drop(stop_http);
        engine.stop().await;
        let served = http.await?.context("the HTTP server");
        drop((engine, surface));
        // Closed before this returns: whoever starts again at once finds the database free.
        let free = tokio::time::timeout(PATIENCE, async {
            while Arc::strong_count(&store) > 1 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        if free.await.is_err() {
            tracing::warn!("the database is still read by somebody; it is closed when they are done");
        }
        if let Some(store) = Arc::into_inner(store) {
            store.close().await;
        }
        served
    }
}

/// What proves that somebody is present.
fn grounds(identity: Option<&IdentitySection>, address: SocketAddr) -> Grounds {
    let provider = identity
        .map(|identity| Provider { issuer: identity.issuer.clone(), client: identity.client_id.clone() });
    let id = identity.and_then(|identity| identity.passkeys.clone());
    Grounds { provider, passkeys: id.map(|id| Site { id, origin: public_url(identity, address) }) }
}

/// How browsers reach this server.
fn public_url(identity: Option<&IdentitySection>, address: SocketAddr) -> String {
    let said = identity.and_then(|identity| identity.public_url.as_ref());
    said.map_or_else(|| format!("http://{address}"), |url| url.trim_end_matches('/').to_owned())
}

/// Sign-in, as `identity:` says. The provider needn't be there yet.
async fn sign_in(
    section: &IdentitySection,
    address: SocketAddr,
    store: &Arc<dyn Store>,
    clock: &Arc<dyn Clock>,
    entropy: &Arc<dyn Entropy>,
) -> anyhow::Result<SignIn> {
    let origin = public_url(Some(section), address);
    let redirect = format!("{origin}/sign-in/callback");
    let mut provider = ProviderConfig::new(&section.issuer, &section.client_id, redirect);
    provider.client_secret =
        section.client_secret.as_ref().map(|secret| secret.read("identity.client_secret")).transpose()?;
    provider.scopes.clone_from(&section.scopes);
    provider.groups_claim.clone_from(&section.groups_claim);
    provider.person_claim.clone_from(&section.person_claim);
    let http = Http::new(provider.timeouts, &provider.limits)?;
    let party =
        RelyingParty::new(provider, http, Arc::clone(clock), Arc::clone(entropy)).context("identity")?;
    let limits = SessionLimits {
        idle_ms: i64::from(section.session_idle_s) * 1000,
        absolute_ms: i64::from(section.session_absolute_s) * 1000,
        ..SessionLimits::default()
    };
    let sessions = Sessions::load(Arc::clone(store), Arc::clone(clock), Arc::clone(entropy), limits).await?;
    if let Err(why) = party.issuer().check().await {
        tracing::warn!(error = %why, "the identity provider can't be used yet; it is asked again at the next sign-in");
    }
    Ok(SignIn {
        party: Arc::new(party),
        sessions: Arc::new(sessions),
        origin,
        readers: section.readers.clone(),
        granted_by: section.granted_by.clone(),
        passkeys: grounds(Some(section), address).passkeys,
    })
}

fn client(section: &GerritSection, account: &AccountSection, what: &str) -> anyhow::Result<Client> {
    let token = account.token.read(&format!("{what}.token"))?;
    Ok(Client::new(&ClientConfig::new(section.url.as_str(), account.user.as_str(), token))?)
}

/// Compares everything that is kept with the ledger, before anything is believed.
async fn believe(store: &dyn Store) -> anyhow::Result<()> {
    let checked = store.check().await?;
    if checked.is_sound() {
        return Ok(());
    }
    let first: Vec<String> =
        checked.findings.iter().take(5).map(|finding| format!("  - {finding}")).collect();
    anyhow::bail!(
        "the database isn't what the ledger says, in {} places; nothing is served from it:\n{}\n\
         hint: `exq ledger check` says all of it; somebody wrote to the database, or a disk failed",
        checked.found,
        first.join("\n")
    )
}
