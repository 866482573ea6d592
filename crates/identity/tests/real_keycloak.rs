//! The same sign-in against a real Keycloak: what it really sends, and what really ends a session.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // these are tests

use std::{sync::Arc, time::Duration};

use identity::{
    Callback, DeviceAnswer, Devices, Error, Finished, Groups, Http, Outcome, ProviderConfig, Purpose,
    RelyingParty, ReturnTo, SessionLimits, Sessions, SignedIn, Via,
};
use ledger::{LogSigner, Origin};
use model::{Clock, OsEntropy, SystemClock, Timestamp};
use realkeycloak::{Admin, Browser, RealKeycloak, Realm};
use secrecy::{ExposeSecret as _, SecretString};
use store::Store;
use store_sqlite::SqliteStore;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    sync::OnceCell,
};

const REDIRECT: &str = "http://127.0.0.1:9/sign-in/callback";
const PATIENCE: Duration = Duration::from_secs(60);

/// One server for all of these tests; it ends with the process.
static KEYCLOAK: OnceCell<RealKeycloak> = OnceCell::const_new();

/// The system's clock, some time later.
#[derive(Clone)]
struct Later(Arc<std::sync::atomic::AtomicI64>);

impl Later {
    fn step_ms(&self, ms: i64) {
        self.0.fetch_add(ms, std::sync::atomic::Ordering::SeqCst);
    }
}

impl Clock for Later {
    fn now(&self) -> Timestamp {
        SystemClock.now().plus_ms(self.0.load(std::sync::atomic::Ordering::SeqCst))
    }
}

/// A company of its own: a realm with alice (release-managers, staff) and bob (no group).
struct Company {
    realm: String,
    admin: Admin,
    party: Arc<RelyingParty>,
    /// The sessions' clock; the relying party's is the real one.
    clock: Later,
    sessions: Sessions,
    _folder: TempDir,
}

impl Company {
    async fn found(name: &str, logout_uri: Option<String>) -> Self {
        let keycloak = KEYCLOAK.get_or_init(|| async { RealKeycloak::start().await.unwrap() }).await;
        let admin = keycloak.admin().await.unwrap();
        let realm = Realm { name: name.into(), redirect_uri: REDIRECT.into(), logout_uri };
        admin.make(&realm, &[("alice", &["release-managers", "staff"]), ("bob", &[])]).await.unwrap();
        let issuer = format!("{}/realms/{name}", keycloak.url());
        let mut config = ProviderConfig::new(issuer, "exequatur", REDIRECT);
        config.client_secret = Some(SecretString::from("the-secret"));
        config.person_claim = Some("employee".into());
        config.timeouts.request = PATIENCE;
        let http = Http::new(config.timeouts, &config.limits).unwrap();
        let entropy = Arc::new(OsEntropy);
        let party =
            Arc::new(RelyingParty::new(config, http, Arc::new(SystemClock), entropy.clone()).unwrap());
        let clock = Later(Arc::default());
        let folder = tempfile::tempdir().unwrap();
        let signer = LogSigner::from_seed(Origin::new("test.example/keycloak").unwrap(), &[7; 32]);
        let file = folder.path().join("exq.db");
        let options = store_sqlite::Options::new(file, signer, Arc::new(clock.clone()), entropy.clone());
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(options).await.unwrap());
        let limits = SessionLimits::default();
        let sessions = Sessions::load(store, Arc::new(clock.clone()), entropy, limits).await.unwrap();
        Self { realm: name.into(), admin, party, clock, sessions, _folder: folder }
    }

    fn browser(&self) -> Browser {
        KEYCLOAK.get().unwrap().browser().unwrap()
    }

    async fn go(&self, browser: &mut Browser, purpose: Purpose, name: &str) -> Result<Finished, Error> {
        let begun = self.party.begin(purpose, ReturnTo::home(), None).await?;
        let back = browser.sign_in(&begun.url, name).await.unwrap();
        self.party.finish(callback(&back), begun.binding.expose_secret()).await
    }

    async fn sign_in(&self, name: &str) -> SignedIn {
        match self.go(&mut self.browser(), Purpose::SignIn, name).await.unwrap().outcome {
            Outcome::SignedIn(signed_in) => signed_in,
            Outcome::Present(_) => panic!("a sign-in is no step-up"),
        }
    }

    async fn open(&self, name: &str) -> String {
        let signed_in = self.sign_in(name).await;
        let (token, _) = self.sessions.open(Via::Browser, signed_in, None).await.unwrap();
        token.expose_secret().to_owned()
    }

    fn groups(&self, token: &str) -> Option<Vec<String>> {
        Some(self.sessions.enter(Via::Browser, token)?.person().groups().known().to_vec())
    }
}

fn callback(url: &str) -> Callback {
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

#[tokio::test]
async fn a_person_signs_in_with_groups_and_person_key_and_a_code_is_good_once() {
    let company = Company::found("sign-in", None).await;
    let begun = company.party.begin(Purpose::SignIn, ReturnTo::home(), None).await.unwrap();
    let back = company.browser().sign_in(&begun.url, "alice").await.unwrap();
    let answer = callback(&back);
    assert_eq!(answer.iss.as_deref(), Some(company.party.issuer().name()), "Keycloak names itself");
    let finished = company.party.finish(answer.clone(), begun.binding.expose_secret()).await.unwrap();
    let Outcome::SignedIn(signed_in) = finished.outcome else { panic!("signed in") };
    let person = signed_in.person();
    assert_eq!(person.identity().subject, company.admin.user("sign-in", "alice").await.unwrap());
    assert_eq!(person.key().unwrap().as_str(), "alice");
    assert_eq!(*person.groups(), Groups::Known(vec!["release-managers".into(), "staff".into()]));
    assert_eq!(person.profile().email.as_deref(), Some("alice@example.com"));
    assert!(company.sign_in("bob").await.person().groups().known().is_empty());

    let other = company.party.begin(Purpose::SignIn, ReturnTo::home(), None).await.unwrap();
    let back = company.browser().sign_in(&other.url, "bob").await.unwrap();
    let replayed = Callback { code: answer.code, ..callback(&back) };
    let answer = company.party.finish(replayed, other.binding.expose_secret()).await;
    assert!(matches!(answer, Err(Error::Denied { code, .. }) if code == "invalid_grant"));
}

#[tokio::test]
async fn a_person_connects_a_command_line() {
    let company = Company::found("device", None).await;
    let devices = Devices::new(Arc::clone(&company.party));
    let started = devices.begin().await.unwrap();
    let page = started.verification_uri_complete.clone().unwrap();
    assert!(matches!(devices.poll(started.id.expose_secret()).await, Ok(DeviceAnswer::Pending { .. })));
    company.browser().connect_device(&page, "alice").await.unwrap();
    let signed_in = tokio::time::timeout(PATIENCE, async {
        loop {
            match devices.poll(started.id.expose_secret()).await.unwrap() {
                DeviceAnswer::SignedIn(signed_in) => return signed_in,
                DeviceAnswer::Pending { .. } => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    });
    let signed_in = signed_in.await.unwrap();
    assert_eq!(signed_in.person().key().unwrap().as_str(), "alice");
    assert_eq!(signed_in.person().groups().known(), ["release-managers", "staff"]);
}

#[tokio::test]
async fn a_role_lost_in_keycloak_is_gone_at_the_next_refresh_and_at_the_next_sign_in() {
    let company = Company::found("roles", None).await;
    let token = company.open("alice").await;
    assert_eq!(company.groups(&token).unwrap(), ["release-managers", "staff"]);
    company.admin.leave("roles", "alice", "release-managers").await.unwrap();
    company.clock.step_ms(5 * 60_000);
    company.sessions.ask_again(&company.party, 10).await.unwrap();
    assert_eq!(company.groups(&token).unwrap(), ["staff"]);
    assert_eq!(company.sign_in("alice").await.person().groups().known(), ["staff"]);
}

#[tokio::test]
async fn whom_keycloak_signed_out_is_refused_at_the_next_refresh() {
    let company = Company::found("refresh", None).await;
    let token = company.open("alice").await;
    company.admin.log_out("refresh", "alice").await.unwrap();
    company.clock.step_ms(5 * 60_000);
    company.sessions.ask_again(&company.party, 10).await.unwrap();
    assert_eq!(company.groups(&token), None);
}

#[tokio::test]
async fn keycloaks_own_logout_token_ends_the_session() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}/sign-in/back-channel", listener.local_addr().unwrap());
    let company = Company::found("back-channel", Some(uri)).await;
    let (alice, bob) = (company.open("alice").await, company.open("bob").await);
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut all = Vec::new();
        let body = loop {
            let mut chunk = [0; 4096];
            let n = stream.read(&mut chunk).await.unwrap();
            assert!(n > 0, "it broke off");
            all.extend_from_slice(&chunk[..n]);
            let text = String::from_utf8_lossy(&all).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if length.is_some_and(|length: usize| body.len() >= length) {
                break body.to_owned();
            }
        };
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await.unwrap();
        let pairs = url::form_urlencoded::parse(body.as_bytes()).into_owned();
        pairs.into_iter().find(|(name, _)| name == "logout_token").unwrap().1
    });
    company.admin.log_out(&company.realm, "alice").await.unwrap();
    let token = tokio::time::timeout(PATIENCE, heard).await.unwrap().unwrap();
    let notice = company.party.logout_notice(&token).await.unwrap();
    let ended = company.sessions.heed(company.party.issuer().name(), &notice).await.unwrap();
    assert_eq!(ended, 1, "{notice:?}");
    assert!(company.groups(&alice).is_none() && company.groups(&bob).is_some());
}

#[tokio::test]
async fn a_key_that_keycloak_rotates_in_is_found() {
    let company = Company::found("rotation", None).await;
    company.sign_in("alice").await;
    company.admin.rotate_keys("rotation").await.unwrap();
    company.sign_in("alice").await;
}

#[tokio::test]
async fn a_step_up_asks_a_person_again_who_is_signed_in_at_keycloak() {
    let company = Company::found("step-up", None).await;
    let mut browser = company.browser();
    let finished = company.go(&mut browser, Purpose::SignIn, "alice").await.unwrap();
    let Outcome::SignedIn(signed_in) = finished.outcome else { panic!("signed in") };
    let who = signed_in.person().identity().clone();
    let purpose = Purpose::StepUp { who: who.clone(), session: "0".repeat(64).parse().unwrap(), binds: None };
    let finished = company.go(&mut browser, purpose.clone(), "alice").await.unwrap();
    let Outcome::Present(presence) = finished.outcome else { panic!("present") };
    assert_eq!(*presence.person().identity(), who);
    assert!(presence.is_fresh(SystemClock.now(), 60_000));
    let other = company.go(&mut company.browser(), purpose, "bob").await.map(|_| ());
    assert!(matches!(other, Err(Error::Refused(identity::Refusal::OtherSubject))), "{other:?}");
}
