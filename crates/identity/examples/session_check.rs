//! What a session check costs: `cargo run --release -p identity --example session_check`. Two thousand open sessions (or as many as said), one thread
//! and four; the hash of the token included.

use std::{sync::Arc, time::Instant};

use devidp::{DevClient, DevIdp, DevPerson};
use identity::{
    Http, Outcome, ProviderConfig, Purpose, RelyingParty, ReturnTo, SessionLimits, Sessions, Via,
};
use ledger::{LogSigner, Origin};
use model::{OsEntropy, SystemClock};
use secrecy::ExposeSecret as _;

const CHECKS: u32 = 200_000;

type Boxed = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Boxed> {
    let redirect = "http://127.0.0.1:9/sign-in/callback";
    let count: usize = std::env::args().nth(1).map_or(Ok(2_000), |text| text.parse())?;
    let idp = DevIdp::start(devidp::Options {
        people: vec![DevPerson::new("alice", &["release-managers", "staff"])],
        clients: vec![DevClient {
            id: "exq".into(),
            secret: None,
            redirect_uris: vec![redirect.into()],
            logout_uri: None,
        }],
        algorithm: devidp::Algorithm::Es256,
        ..devidp::Options::default()
    })
    .await?;
    let config = ProviderConfig::new(idp.url(), "exq", redirect);
    let http = Http::new(config.timeouts, &config.limits)?;
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(OsEntropy));
    let party = RelyingParty::new(config, http, clock.clone(), entropy.clone())?;
    let folder = tempfile::tempdir()?;
    let signer = LogSigner::from_seed(Origin::new("bench.example/sessions")?, &[7; 32]);
    let options =
        store_sqlite::Options::new(folder.path().join("exq.db"), signer, clock.clone(), entropy.clone());
    let store = Arc::new(store_sqlite::SqliteStore::open(options).await?);
    let limits = SessionLimits { of_one: count, ..SessionLimits::default() };
    let sessions = Arc::new(Sessions::load(store, clock, entropy, limits).await?);
    let mut tokens = Vec::new();
    for _ in 0..count {
        let begun = party.begin(Purpose::SignIn, ReturnTo::home(), None).await?;
        let back = idp.browser().pick(&begun.url, "alice").await?;
        let url: url::Url = back.parse()?;
        let query: std::collections::HashMap<String, String> = url.query_pairs().into_owned().collect();
        let callback = identity::Callback {
            state: query.get("state").cloned(),
            code: query.get("code").cloned(),
            iss: query.get("iss").cloned(),
            ..identity::Callback::default()
        };
        let finished = party.finish(callback, begun.binding.expose_secret()).await?;
        let Outcome::SignedIn(signed_in) = finished.outcome else { return Err("no sign-in".into()) };
        tokens.push(sessions.open(Via::Browser, signed_in, None).await?.0);
    }
    for threads in [1_u32, 4] {
        let begin = Instant::now();
        std::thread::scope(|scope| {
            for at in 0..threads {
                let (sessions, tokens) = (&sessions, &tokens);
                scope.spawn(move || {
                    let found = tokens
                        .iter()
                        .cycle()
                        .skip(at as usize)
                        .take(CHECKS as usize)
                        .filter(|token| sessions.enter(Via::Browser, token.expose_secret()).is_some());
                    assert_eq!(found.count(), CHECKS as usize);
                });
            }
        });
        let each = begin.elapsed() / CHECKS;
        println!("{count} sessions, {threads} threads: {each:?} a check and thread");
    }
    let session =
        sessions.enter(Via::Browser, tokens.first().ok_or("none")?.expose_secret()).ok_or("none")?;
    let begin = Instant::now();
    sessions.end(&session.id(), identity::EndReason::Revoked).await?;
    println!("revoked and recorded in {:?}; refused at once", begin.elapsed());
    Ok(())
}
