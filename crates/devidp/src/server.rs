//! The running issuer.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use model::{Clock, Entropy, OsEntropy, SystemClock};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use crate::{
    Algorithm, Browser, DevClient, DevPerson, Error, Fault, codes, device, discovery, keys::Key, sign_in,
    world::World,
};

/// What kind of issuer to start.
pub struct Options {
    /// Whom one can be.
    pub people: Vec<DevPerson>,
    /// Its relying parties.
    pub clients: Vec<DevClient>,
    /// The port on loopback; none: a free one.
    pub port: Option<u16>,
    /// How it signs.
    pub algorithm: Algorithm,
    /// The time in its tokens.
    pub clock: Arc<dyn Clock>,
    /// Where codes and ids come from.
    pub entropy: Arc<dyn Entropy>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            people: Vec::new(),
            clients: Vec::new(),
            port: None,
            algorithm: Algorithm::default(),
            clock: Arc::new(SystemClock),
            entropy: Arc::new(OsEntropy),
        }
    }
}

pub(crate) struct Inner {
    pub(crate) url: String,
    pub(crate) clock: Arc<dyn Clock>,
    algorithm: Algorithm,
    entropy: Arc<dyn Entropy>,
    world: Mutex<World>,
    /// Counts up when faults change.
    changed: watch::Sender<u64>,
}

/// What the endpoints reach.
pub(crate) type Shared = Arc<Inner>;

impl Inner {
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// 32 random bytes in hex.
    pub(crate) fn random(&self) -> Result<String, Error> {
        let mut bytes = [0_u8; 32];
        self.entropy.fill(&mut bytes).map_err(Error::Entropy)?;
        Ok(hex::encode(bytes))
    }
}

/// An issuer on loopback. It stops when this is dropped.
pub struct DevIdp {
    shared: Shared,
    browser: Browser,
    served: JoinHandle<()>,
}

impl DevIdp {
    /// Starts one; it answers when this returns.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn start(options: Options) -> Result<Self, Error> {
        let at = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port.unwrap_or(0)));
        let listener = TcpListener::bind(at).await.map_err(Error::Listen)?;
        let address = listener.local_addr().map_err(Error::Listen)?;
        let world = World {
            people: options.people.into_iter().map(|person| (person.login.clone(), person)).collect(),
            clients: options.clients.into_iter().map(|client| (client.id.clone(), client)).collect(),
            ..World::default()
        };
        let shared = Arc::new(Inner {
            url: format!("http://{address}"),
            clock: options.clock,
            algorithm: options.algorithm,
            entropy: options.entropy,
            world: Mutex::new(world),
            changed: watch::Sender::new(0),
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery::document))
            .route("/jwks", get(discovery::keys))
            .route("/authorize", get(sign_in::get).post(sign_in::post))
            .route("/token", post(codes::post))
            .route("/device_authorization", post(device::authorize))
            .route("/device", get(device::get).post(device::post))
            .layer(from_fn_with_state(Arc::clone(&shared), misbehave))
            .with_state(Arc::clone(&shared));
        let served = tokio::spawn(async move { drop(axum::serve(listener, router).await) });
        let idp = Self { shared, browser: Browser::new()?, served };
        idp.rotate_keys(false)?;
        Ok(idp)
    }

    /// Its issuer: its address, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.shared.url
    }

    /// Somebody at a browser.
    #[must_use]
    pub const fn browser(&self) -> &Browser {
        &self.browser
    }

    /// Does this wrong from now on.
    pub fn fail(&self, fault: Fault) -> Result<(), Error> {
        if fault == Fault::ForeignKey {
            let foreign = Key::generate(self.shared.algorithm, "foreign".to_owned())?;
            self.shared.world().foreign = Some(foreign);
        }
        self.shared.world().faults.insert(fault);
        self.shared.changed.send_modify(|n| *n += 1);
        Ok(())
    }

    /// Does everything right from now on.
    pub fn heal(&self) {
        self.shared.world().faults.clear();
        self.shared.changed.send_modify(|n| *n += 1);
    }

    /// A new key signs from now on; the former ones stay published, or not.
    ///
    /// # Errors
    /// [`Error::Key`].
    pub fn rotate_keys(&self, keep_former: bool) -> Result<(), Error> {
        let number = {
            let mut world = self.shared.world();
            world.made_keys += 1;
            world.made_keys
        };
        let key = Key::generate(self.shared.algorithm, format!("key-{number}"))?;
        let mut world = self.shared.world();
        if !keep_former {
            world.keys.clear();
        }
        world.keys.push(key);
        Ok(())
    }

    /// Puts a person there, or changes one.
    pub fn put_person(&self, person: DevPerson) {
        self.shared.world().people.insert(person.login.clone(), person);
    }

    /// Puts a relying party there, or changes one.
    pub fn put_client(&self, client: DevClient) {
        self.shared.world().clients.insert(client.id.clone(), client);
    }

    /// Changes somebody's groups.
    ///
    /// # Errors
    /// [`Error::Unknown`].
    pub fn set_groups(&self, login: &str, groups: &[&str]) -> Result<(), Error> {
        let mut world = self.shared.world();
        let person = world.people.get_mut(login).ok_or_else(|| Error::Unknown(format!("person {login}")))?;
        person.groups = groups.iter().map(|group| (*group).to_owned()).collect();
        Ok(())
    }

    /// How often its discovery document and its keys were read.
    #[must_use]
    pub fn reads(&self) -> (usize, usize) {
        self.shared.world().reads
    }

    /// Signs whatever claims, as a platform does for its workloads. `kind` is the header's `typ`.
    ///
    /// # Errors
    /// [`Error::Key`].
    pub fn sign(&self, kind: &str, claims: &serde_json::Value) -> Result<String, Error> {
        let world = self.shared.world();
        let key = world.keys.last().ok_or(Error::Key("there is none"))?;
        key.sign(&key.id, kind, claims)
    }

    pub(crate) const fn shared(&self) -> &Shared {
        &self.shared
    }
}

impl Drop for DevIdp {
    fn drop(&mut self) {
        self.served.abort();
    }
}

/// Down and slow.
async fn misbehave(State(idp): State<Shared>, request: Request, next: Next) -> Response {
    let mut changed = idp.changed.subscribe();
    while idp.world().has(Fault::Slow) {
        if changed.changed().await.is_err() {
            break;
        }
    }
    if idp.world().has(Fault::Down) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    next.run(request).await
}
