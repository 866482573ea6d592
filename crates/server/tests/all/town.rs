//! A site where people sign in, its issuer, and people at browsers.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use devidp::{DevClient, DevIdp, DevPerson};
use identity::{Http, ProviderConfig, RelyingParty, SessionLimits, Sessions};
use ledger::{LogSigner, Origin};
use model::OsEntropy;
use server::{Limits, SignIn};
use store::Store;
use store_sqlite::SqliteStore;
use tempfile::TempDir;

use crate::{
    client::{Answer, Request},
    samples,
    world::{Site, TestClock},
};

pub const CLIENT: &str = "exequatur";
pub const READERS: &str = "exq-readers";

pub struct Town {
    pub site: Site,
    pub idp: DevIdp,
    _sessions: Arc<Sessions>,
    _folder: TempDir,
}

impl Town {
    /// alice and bob may read, carol is in no group.
    pub async fn found() -> Self {
        Self::reached_by(None).await
    }

    /// Browsers reach it by `origin`, if not by its own address.
    pub async fn reached_by(origin: Option<&str>) -> Self {
        let mut rest = None;
        let site = Site::where_people(Limits::default(), samples::all(), async |address, clock| {
            let (sign_in, idp, folder) = sign_in(origin, address, clock).await;
            rest = Some((idp, Arc::clone(&sign_in.sessions), folder));
            Some(sign_in)
        })
        .await;
        let (idp, sessions, folder) = rest.unwrap();
        Self { site, idp, _sessions: sessions, _folder: folder }
    }

    pub fn browser(&self) -> Browser<'_> {
        Browser { town: self, cookies: BTreeMap::new() }
    }

    /// Somebody at a browser who has signed in.
    pub async fn signed_in(&self, login: &str) -> Browser<'_> {
        let mut browser = self.browser();
        let answer = browser.sign_in("/sign-in", login).await;
        assert_eq!((answer.status, answer.header("location")), (303, Some("/")));
        browser
    }
}

async fn sign_in(origin: Option<&str>, address: SocketAddr, clock: &TestClock) -> (SignIn, DevIdp, TempDir) {
    let origin = origin.map_or_else(|| format!("http://{address}"), str::to_owned);
    let redirect = format!("{origin}/sign-in/callback");
    let idp = DevIdp::start(devidp::Options {
        people: vec![
            DevPerson::new("alice", &[READERS, "release-managers"]),
            DevPerson::new("bob", &[READERS]),
            DevPerson::new("carol", &[]),
        ],
        clients: vec![DevClient {
            id: CLIENT.into(),
            secret: None,
            redirect_uris: vec![redirect.clone()],
            logout_uri: Some(format!("http://{address}/sign-in/back-channel")),
        }],
        algorithm: devidp::Algorithm::Es256,
        clock: Arc::new(clock.clone()),
        ..devidp::Options::default()
    })
    .await
    .unwrap();
    let mut config = ProviderConfig::new(idp.url(), CLIENT, redirect);
    config.person_claim = Some("person".into());
    let http = Http::new(config.timeouts, &config.limits).unwrap();
    let (clock, entropy) = (Arc::new(clock.clone()), Arc::new(OsEntropy));
    let party = Arc::new(RelyingParty::new(config, http, clock.clone(), entropy.clone()).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let signer = LogSigner::from_seed(Origin::new("test.example/server").unwrap(), &[7; 32]);
    let options =
        store_sqlite::Options::new(folder.path().join("exq.db"), signer, clock.clone(), entropy.clone());
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(options).await.unwrap());
    let sessions = Sessions::load(store, clock, entropy, SessionLimits::default()).await.unwrap();
    let sign_in = SignIn {
        party,
        sessions: Arc::new(sessions),
        origin,
        readers: vec![READERS.into()],
        granted_by: "The platform team".into(),
        passkeys: Some(grant::Site {
            id: "localhost".into(),
            origin: format!("http://localhost:{}", address.port()),
        }),
    };
    (sign_in, idp, folder)
}

/// A browser that keeps cookies.
pub struct Browser<'a> {
    town: &'a Town,
    pub cookies: BTreeMap<String, String>,
}

impl Browser<'_> {
    pub async fn send(&mut self, request: Request) -> Answer {
        let held: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = if held.is_empty() { request } else { request.with("cookie", &held.join("; ")) };
        let answer = self.town.site.send(request).await;
        for (name, value) in answer.head() {
            if name == "set-cookie" {
                let (key, value) = value.split(';').next().unwrap().split_once('=').unwrap();
                self.cookies.insert(key.to_owned(), value.to_owned());
            }
        }
        answer
    }

    pub async fn get(&mut self, target: &str) -> Answer {
        self.send(Request::get(target)).await
    }

    pub async fn post(&mut self, target: &str, form: &str) -> Answer {
        let request = Request::post(target, form).with("content-type", "application/x-www-form-urlencoded");
        self.send(request).await
    }

    /// Goes to the issuer, picks, and holds the way back.
    pub async fn set_out(&mut self, target: &str, login: &str) -> String {
        let answer = self.get(target).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        let back = self.town.idp.browser().pick(answer.header("location").unwrap(), login).await.unwrap();
        let (_, path) = back.split_once("/sign-in/callback").unwrap();
        format!("/sign-in/callback{path}")
    }

    pub async fn sign_in(&mut self, target: &str, login: &str) -> Answer {
        let back = self.set_out(target, login).await;
        self.get(&back).await
    }

    pub fn session(&self) -> Option<String> {
        let name = format!("exq-session-{}", self.town.site.address.port());
        self.cookies.get(&name).filter(|value| !value.is_empty()).cloned()
    }
}
