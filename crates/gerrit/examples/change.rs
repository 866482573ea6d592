//! Reads a change as evidence does, REST beside a fetch of its refs, and prints who did what:
//!
//! ```text
//! GERRIT_TOKEN=… cargo run -p gerrit --example change -- https://review.example.com/ USER shop 4711
//! ```

use gerrit::git::{Mirror, Want};
use gerrit::{ChangeId, Client, ClientConfig, DetailLevel};
use notedb::{History, Refs as _, meta_ref};
use secrecy::SecretString;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, user, project, number] = arguments.as_slice() else {
        return Err("usage: change URL USER PROJECT NUMBER, the token in GERRIT_TOKEN".into());
    };
    let token = SecretString::from(std::env::var("GERRIT_TOKEN")?);
    let client = Client::new(&ClientConfig::new(url, user, token))?;
    let number: u64 = number.parse()?;

    let folder = tempfile::tempdir()?;
    let mut mirror = Mirror::open_or_init(folder.path().join("mirror.git"))?;
    let refs = format!("refs/changes/{:02}/{number}/", number % 100);
    let (wants, git) = ([Want::Prefix(&refs)], client.git());
    let id = ChangeId::new(project, number);
    let (rest, synced) =
        tokio::join!(client.change(&id, DetailLevel::Evidence, None), mirror.sync(&git, project, &wants));
    let change = rest?.value;
    println!("{number} {:?} on {}: {}", change.status, change.branch, change.subject);
    println!("refs: {}", synced?.into_keys().collect::<Vec<_>>().join(", "));

    let repo = mirror.repo();
    let meta = repo.tip(&meta_ref(number))?.ok_or("the change has no meta history that this account sees")?;
    println!("REST speaks of {}, the ref is at {meta}", change.meta_rev_id.unwrap_or_default());
    for commit in History::read(repo, meta)?.commits() {
        let by =
            commit.account().map_or_else(|| "the server".to_owned(), |account| account.number.to_string());
        let votes: Vec<String> =
            commit.labels.iter().map(|vote| format!("{}={:+}", vote.label, vote.change.value())).collect();
        println!("  patch set {} by {by} {}", commit.patch_set, votes.join(" "));
    }
    Ok(())
}
