//! A company: its issuer, its people, our relying party, our store, and a clock that a test steps.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use devidp::{DevClient, DevIdp, DevPerson};
use identity::{
    Callback, Error, Finished, Http, Limits, Outcome, ProviderConfig, Purpose, Refusal, RelyingParty,
    ReturnTo, SessionLimits, Sessions, SignedIn, Timeouts,
};
use ledger::{LogSigner, Origin};
use model::{Clock, OsEntropy, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use store::Store;
use store_sqlite::SqliteStore;
use tempfile::TempDir;

pub const CLIENT: &str = "exq";
pub const SECRET: &str = "a secret: with / signs & %";
pub const REDIRECT: &str = "http://127.0.0.1:9/sign-in/callback";

/// A clock that a test steps.
#[derive(Clone)]
pub struct StepClock(Arc<AtomicI64>);

impl StepClock {
    pub fn step_ms(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for StepClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

pub struct Office {
    pub idp: DevIdp,
    pub party: Arc<RelyingParty>,
    pub clock: StepClock,
    pub store: Arc<SqliteStore>,
    folder: TempDir,
}

impl Office {
    pub async fn open() -> Self {
        Self::with(devidp::Algorithm::Rs256, |_| {}).await
    }

    pub async fn with(algorithm: devidp::Algorithm, change: impl FnOnce(&mut ProviderConfig)) -> Self {
        // Half past a second, so that rounding shows.
        let clock = StepClock(Arc::new(AtomicI64::new(1_795_507_200_500)));
        let idp = DevIdp::start(devidp::Options {
            people: vec![
                DevPerson::new("alice", &["release-managers", "staff"]),
                DevPerson::new("bob", &["staff"]),
                DevPerson::new("carol", &[]),
            ],
            clients: vec![DevClient {
                id: CLIENT.into(),
                secret: Some(SECRET.into()),
                redirect_uris: vec![REDIRECT.into()],
                logout_uri: None,
            }],
            algorithm,
            clock: Arc::new(clock.clone()),
            ..devidp::Options::default()
        })
        .await
        .unwrap();
        let mut config = ProviderConfig::new(idp.url(), CLIENT, REDIRECT);
        config.client_secret = Some(SecretString::from(SECRET));
        config.person_claim = Some("person".into());
        change(&mut config);
        let party = Arc::new(party(config, &clock));
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(open_store(&folder, &clock).await);
        Self { idp, party, clock, store, folder }
    }

    /// The same database, opened once more. Nobody else may hold it.
    pub async fn reopen(self) -> Self {
        Arc::into_inner(self.store).unwrap().close().await;
        let store = Arc::new(open_store(&self.folder, &self.clock).await);
        Self { store, ..self }
    }

    /// Writes into the database past everything, as somebody may who has its file.
    pub async fn edit(&self, statement: &'static str) {
        use sqlx::Connection as _;
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(self.folder.path().join("exq.db"));
        let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
        let done = sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
        assert_eq!(done.rows_affected(), 1, "{statement}");
        connection.close().await.unwrap();
    }

    pub async fn sessions(&self) -> Sessions {
        self.sessions_with(SessionLimits::default()).await
    }

    pub async fn sessions_with(&self, limits: SessionLimits) -> Sessions {
        let store: Arc<dyn Store> = self.store.clone();
        Sessions::load(store, Arc::new(self.clock.clone()), Arc::new(OsEntropy), limits).await.unwrap()
    }

    /// Begins, picks, comes back.
    pub async fn go(&self, purpose: Purpose, login: &str) -> Result<Finished, Error> {
        let trip = self.set_out(purpose, login).await;
        self.party.finish(trip.callback, &trip.binding).await
    }

    pub async fn sign_in(&self, login: &str) -> Result<SignedIn, Error> {
        match self.go(Purpose::SignIn, login).await?.outcome {
            Outcome::SignedIn(signed_in) => Ok(signed_in),
            Outcome::Present(_) => panic!("a sign-in is no step-up"),
        }
    }

    /// Why the sign-in's token was refused.
    pub async fn refusal(&self, login: &str) -> Refusal {
        match self.sign_in(login).await.map(|_| ()) {
            Err(Error::Refused(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    /// Begins and picks, and doesn't come back yet.
    pub async fn set_out(&self, purpose: Purpose, login: &str) -> Trip {
        let begun = self.party.begin(purpose, ReturnTo::parse("/runs?x=1"), None).await.unwrap();
        let back = self.idp.browser().pick(&begun.url, login).await.unwrap();
        assert!(back.starts_with(REDIRECT), "{back}");
        Trip { url: begun.url, callback: callback(&back), binding: begun.binding.expose_secret().to_owned() }
    }
}

/// A sign-in on its way back.
pub struct Trip {
    pub url: String,
    pub callback: Callback,
    pub binding: String,
}

impl Trip {
    /// A parameter of the request to the issuer.
    pub fn asked(&self, name: &str) -> String {
        let url = url::Url::parse(&self.url).unwrap();
        url.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned()
    }
}

pub fn callback(url: &str) -> Callback {
    let url = url::Url::parse(url).unwrap();
    let get =
        |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    Callback {
        state: get("state"),
        code: get("code"),
        iss: get("iss"),
        error: get("error"),
        error_description: get("error_description"),
    }
}

pub fn party(config: ProviderConfig, clock: &StepClock) -> RelyingParty {
    let http = Http::new(config.timeouts, &config.limits).unwrap();
    RelyingParty::new(config, http, Arc::new(clock.clone()), Arc::new(OsEntropy)).unwrap()
}

pub fn http() -> Http {
    Http::new(Timeouts::default(), &Limits::default()).unwrap()
}

async fn open_store(folder: &TempDir, clock: &StepClock) -> SqliteStore {
    let signer = LogSigner::from_seed(Origin::new("test.example/identity").unwrap(), &[7; 32]);
    let options = store_sqlite::Options::new(
        folder.path().join("exq.db"),
        signer,
        Arc::new(clock.clone()),
        Arc::new(OsEntropy),
    );
    SqliteStore::open(options).await.unwrap()
}
