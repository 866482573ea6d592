//! Links by challenge: asked for by who signed in, answered by the account's holder on Gerrit, kept with the commit that
//! proves it.

use std::sync::Arc;

use gate::{Challenge, Link, LinkRead, LinkRefusal, object_id};
use gerrit::{ChangeId, git::Want, info::AccountId as GerritAccount};
use identity::Person;
use ledger::Draft;
use model::{Account, AccountId, ChangeNumber, Digest, Identity, PersonKey, Revision, ServerName, Timestamp};
use notedb::{History, Recorder, Refs as _, meta_ref};
use proof::GitObjects;
use serde::{Deserialize, Serialize};
use store::{Commit, CommitError, Expect, Kept, StoreExt as _, Transition, Versioned};

use crate::{
    EngineError,
    engine::Engine,
    gerrits::{GerritServer, change_refs},
    history::off_thread,
    surface::{LinkAsked, LinkChallengeView, LinkView, SurfaceError},
};

/// Links that are read.
const LINKS: usize = 20_000;
/// Challenges that wait at once, of everybody and of one person.
const WAITING: usize = 1_000;
const OF_ONE: usize = 5;

/// A challenge that waits for its answer. Losing it costs asking again; what proves a link is on Gerrit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptChallenge {
    /// What has to be posted.
    pub challenge: Challenge,
}

impl Kept for KeptChallenge {
    const KIND: &'static str = "link-challenge";
    const RECORDED: bool = false;

    fn key(&self) -> String {
        self.challenge.nonce.clone()
    }

    fn state(&self) -> &'static str {
        "asked"
    }

    fn sort(&self) -> i64 {
        self.challenge.asked_at.as_millis()
    }
}

/// What is kept of an account that was linked once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptLink {
    /// The link.
    pub link: Link,
    /// SHA-256 of its canonical bytes, an object of the store.
    pub object: Digest,
    /// SHA-256 of the git objects that prove it, an object of the store.
    pub git: Digest,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it was revoked, and by whom; none: it stands.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub revoked: Option<(Timestamp, String)>,
}

impl KeptLink {
    /// Its key in the store: an account has one link.
    pub(crate) fn key_of(account: &Account) -> String {
        format!("{}/{}", account.server, account.id.0)
    }
}

impl Kept for KeptLink {
    const KIND: &'static str = "link";
    const RECORDED: bool = true;

    fn key(&self) -> String {
        Self::key_of(&self.link.challenge.account())
    }

    fn state(&self) -> &'static str {
        if self.revoked.is_some() { "revoked" } else { "made" }
    }

    fn sort(&self) -> i64 {
        self.made_at.as_millis()
    }
}

/// `link.made`, `link.revoked`.
fn entry(kept: &KeptLink) -> Draft {
    let challenge = &kept.link.challenge;
    let draft = Draft::new(if kept.revoked.is_some() { "link.revoked" } else { "link.made" })
        .fact("server", challenge.server.as_str())
        .fact("account", challenge.account.0)
        .fact("link-object", kept.object.to_string())
        .fact("git", kept.git.to_string())
        .fact("meta", kept.link.meta.to_string())
        .seal_text("identity", format!("{} of {}", challenge.identity.subject, challenge.identity.issuer));
    match &kept.revoked {
        Some((_, by)) => draft.seal_text("by", by.clone()),
        None => draft,
    }
}

/// A sentence for whoever asked.
fn asked(text: impl Into<String>) -> SurfaceError {
    SurfaceError::Asked(text.into())
}

fn unavailable(why: impl ToString) -> SurfaceError {
    SurfaceError::Unavailable(why.to_string())
}

impl Engine {
    /// The links that stand, in the order of their accounts.
    ///
    /// # Errors
    /// [`EngineError::Read`]; a record that isn't what the ledger says is left out, with an alarm.
    pub(crate) async fn links_read(&self) -> Result<Vec<LinkRead>, EngineError> {
        let listed = self.store.all::<KeptLink>(&["made"], LINKS).await?;
        self.problem("links", listed.broken.first().map(ToString::to_string));
        let mut links: Vec<LinkRead> = listed
            .items
            .into_iter()
            .map(|kept| LinkRead { link: kept.value.link, version: kept.version })
            .collect();
        links.sort_by_key(|read| read.link.challenge.account());
        Ok(links)
    }

    /// Gives the text that the account's holder has to post.
    ///
    /// # Errors
    /// [`SurfaceError`]
    pub(crate) async fn ask_link(
        &self,
        by: &Person,
        wanted: LinkAsked,
    ) -> Result<LinkChallengeView, SurfaceError> {
        let server = self.linkable(&wanted.server)?;
        let account = Account { server: wanted.server.clone(), id: AccountId(wanted.account) };
        self.may_be_linked(&account, by.identity(), by.key()).await?;
        let shown = self.account_shown(server, account.id).await?;
        let now = self.clock.now();
        let waiting = self.store.all::<KeptChallenge>(&[], WAITING + 1).await?.items;
        let mut commit = Commit::new();
        let mut own = 0;
        for kept in &waiting {
            if kept.value.challenge.until() < now {
                let key = Kept::key(&kept.value);
                commit.push(Transition::forget::<KeptChallenge>(Expect::Any, &key).map_err(unavailable)?);
            } else {
                own += usize::from(kept.value.challenge.identity == *by.identity());
            }
        }
        if own >= OF_ONE || waiting.len() >= WAITING {
            return Err(asked(format!(
                "{own} texts of yours wait to be posted: no more are given now\nhint: each is over ten minutes after it was given"
            )));
        }
        let challenge = Challenge {
            identity: by.identity().clone(),
            key: by.key().cloned(),
            shown: by.shown().to_owned(),
            server: wanted.server,
            server_id: server.server_id.clone(),
            account: account.id,
            account_shown: shown,
            nonce: hex::encode(wanted.nonce),
            asked_at: now,
        };
        let view = LinkChallengeView {
            schema: LinkChallengeView::SCHEMA,
            id: challenge.nonce.clone(),
            text: challenge.text(),
            server: challenge.server.clone(),
            account: challenge.account.0,
            until: challenge.until(),
        };
        commit.push(
            Transition::bookkeeping(Expect::Absent, &KeptChallenge { challenge }).map_err(unavailable)?,
        );
        self.store.commit(commit).await.map_err(unavailable)?;
        Ok(view)
    }

    /// Looks on a change for the answer to a challenge, and keeps the link that it proves.
    ///
    /// # Errors
    /// [`SurfaceError::Asked`] with what is wrong with the answer; [`SurfaceError::NotYet`] where there is none.
    pub(crate) async fn prove_link(
        &self,
        by: &Person,
        id: &str,
        change: ChangeNumber,
    ) -> Result<LinkView, SurfaceError> {
        let kept = self.store.get::<KeptChallenge>(id).await?;
        let kept = kept.filter(|kept| kept.value.challenge.identity == *by.identity());
        let kept =
            kept.ok_or_else(|| SurfaceError::NotFound(format!("text {id} that waits to be posted")))?;
        let challenge = kept.value.challenge.clone();
        if self.clock.now() > challenge.until() {
            return Err(asked("its ten minutes are over\nhint: ask for a new text: `exq link`"));
        }
        let server = Arc::clone(self.linkable(&challenge.server)?);
        let (meta, git) = self.answer_on(&server, &challenge, change).await?;
        let account = challenge.account();
        let (expect, revoked) =
            self.may_be_linked(&account, &challenge.identity, challenge.key.as_ref()).await?;
        // What was asked for before may have been posted by whoever had the account then.
        if revoked.is_some_and(|at| at >= challenge.asked_at) {
            return Err(asked(
                "this text was asked for before the link of that account was revoked\nhint: ask for a new text: `exq link`",
            ));
        }
        let link = Link { schema: Link::SCHEMA.to_owned(), challenge, change, meta };
        let mut commit = Commit::new();
        let object = commit.object(model::to_canonical(&link).map_err(unavailable)?);
        let git = commit.object(git);
        let made = KeptLink { link, object, git, made_at: self.clock.now(), revoked: None };
        commit.push(Transition::recorded(expect, &made, entry(&made)).map_err(unavailable)?);
        // Good once, whoever comes first.
        commit.push(
            Transition::forget::<KeptChallenge>(Expect::Version(kept.version), id).map_err(unavailable)?,
        );
        match self.store.commit(commit).await {
            Ok(_) => {}
            Err(CommitError::Precondition { .. }) => {
                return Err(asked("somebody used this text, or linked this account, at the same moment"));
            }
            Err(why) => return Err(unavailable(why)),
        }
        tracing::info!(server = %account.server, account = account.id.0, "linked");
        self.people_moved();
        Ok(LinkView::of(&made))
    }

    /// Takes a link back: votes of the account stop counting at once. `by` says who, to whoever reads the record.
    ///
    /// # Errors
    /// [`SurfaceError`]
    pub(crate) async fn revoke_link(
        &self,
        account: &Account,
        whose: Option<&Identity>,
        by: String,
    ) -> Result<LinkView, SurfaceError> {
        let missing = || {
            SurfaceError::NotFound(format!("proven link of account {} on {}", account.id.0, account.server))
        };
        let kept = self.store.get::<KeptLink>(&KeptLink::key_of(account)).await?.ok_or_else(missing)?;
        let own = |identity: &&Identity| **identity == kept.value.link.challenge.identity;
        if kept.value.revoked.is_some() || !whose.is_none_or(|identity| own(&identity)) {
            return Err(missing());
        }
        let revoked = KeptLink { revoked: Some((self.clock.now(), by)), ..kept.value };
        let mut commit = Commit::new();
        let expect = Expect::Version(kept.version);
        commit.push(Transition::recorded(expect, &revoked, entry(&revoked)).map_err(unavailable)?);
        self.store.commit(commit).await.map_err(unavailable)?;
        tracing::info!(server = %account.server, account = account.id.0, "link revoked");
        self.people_moved();
        Ok(LinkView::of(&revoked))
    }

    /// What waits is looked at again, now that somebody is somebody else.
    fn people_moved(&self) {
        self.look_at_requests_again();
        self.ring_for_rules();
        self.moved();
    }

    fn linkable(&self, name: &ServerName) -> Result<&Arc<GerritServer>, SurfaceError> {
        let known = || self.servers.keys().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        self.servers
            .get(name)
            .ok_or_else(|| asked(format!("there is no server {name}\nhint: there are: {}", known())))
    }

    /// That a link takes nothing from anybody, and makes nobody two persons; gives what has to be in the store, and when a
    /// link of that account was revoked.
    async fn may_be_linked(
        &self,
        account: &Account,
        identity: &Identity,
        key: Option<&PersonKey>,
    ) -> Result<(Expect, Option<Timestamp>), SurfaceError> {
        let accepted = self.accepted.load();
        let links = accepted.rulebook.configuration.links();
        if links.person_of(account).is_some() {
            return Err(asked(format!(
                "account {} on {} is linked in links.yaml, and that is never replaced by this\n\
                 hint: a reviewed change to links.yaml is the way",
                account.id.0, account.server
            )));
        }
        match (links.person_of_identity(identity), key) {
            (Some(reviewed), Some(key)) if reviewed != key => {
                return Err(asked(format!(
                    "links.yaml calls you {reviewed}, and the identity provider calls you {key}: that would make two persons of you\n\
                     hint: a reviewed change to links.yaml makes both the same"
                )));
            }
            (None, None) => {
                return Err(asked(
                    "nobody knows which person you are: the provider sends no key of yours, and links.yaml doesn't name your identity\n\
                     hint: `identity.person_claim` in exq.yaml names the claim; or a reviewed change to links.yaml names you",
                ));
            }
            (None, Some(key)) if links.person(key).is_none() => {
                return Err(asked(format!(
                    "the identity provider calls you {key}, and links.yaml has no such person\n\
                     hint: a reviewed change to links.yaml adds `- {{ person: {key} }}`; accounts it needs none, these you prove"
                )));
            }
            _ => {}
        }
        let linked = || {
            asked(format!(
                "account {} on {} is linked already\nhint: whoever it is linked to revokes that first: `exq link revoke`",
                account.id.0, account.server
            ))
        };
        match self.store.get::<KeptLink>(&KeptLink::key_of(account)).await? {
            None => Ok((Expect::Absent, None)),
            Some(Versioned { value, version, .. }) => match value.revoked {
                Some((at, _)) => Ok((Expect::Version(version), Some(at))),
                None => Err(linked()),
            },
        }
    }

    /// What an account is called. None of our own is anybody's.
    async fn account_shown(&self, server: &GerritServer, id: AccountId) -> Result<String, SurfaceError> {
        let gerrit = |why| crate::views::asked(server.error(why));
        for own in [&server.reader, &server.writer] {
            if own.own_account().await.map_err(gerrit)?.value.id.0 == id.0 {
                return Err(asked("that is an account of Exequatur's own"));
            }
        }
        let found = match server.reader.account(GerritAccount(id.0)).await {
            Ok(found) => found.value,
            Err(why) if why.is_not_found() => {
                return Err(asked(format!(
                    "there is no account {} on {}\nhint: the number is on Gerrit under Settings, Profile, ID",
                    id.0, server.name
                )));
            }
            Err(why) => return Err(gerrit(why)),
        };
        Ok(found.username.or(found.name).unwrap_or_else(|| "no name".to_owned()))
    }

    /// The commit of a change's meta history that answers a challenge, and the git objects that prove it.
    async fn answer_on(
        &self,
        server: &GerritServer,
        challenge: &Challenge,
        change: ChangeNumber,
    ) -> Result<(Revision, Vec<u8>), SurfaceError> {
        let read =
            self.reader(server).change(&ChangeId::number(change)).await.map_err(crate::views::asked)?;
        let project = read.info.project.parse();
        let project =
            project.map_err(|_| asked(format!("change {change} is in a project whose name can't be one")))?;
        let refs = change_refs(change);
        let synced = server.sync(&project, &[Want::Prefix(&refs)]).await.map_err(crate::views::asked)?;
        let missing = || asked(format!("change {change} has no meta history that can be read"));
        let tip = synced.repo.tip(&meta_ref(change)).ok().flatten().ok_or_else(missing)?;
        let (repo, challenge) = (synced.repo.clone(), challenge.clone());
        let found = off_thread(move || {
            let history = match History::read(&*repo, tip) {
                Ok(history) => history,
                Err(why) => return Err(EngineError::Outside(format!("change {change}: {why}"))),
            };
            let mut refusal = LinkRefusal::OtherText;
            for commit in history.commits() {
                match challenge.answered_by(commit) {
                    Ok(()) => {
                        let meta = gate::revision(&commit.id);
                        let recorder = Recorder::new(&*repo);
                        notedb::Objects::get(&recorder, &object_id(&meta)).map_err(gate::CaseError::from)?;
                        return Ok(Ok((meta, GitObjects::encode(&recorder.into_recorded())?)));
                    }
                    Err(LinkRefusal::OtherText) => {}
                    Err(why) => refusal = why,
                }
            }
            Ok(Err(refusal))
        });
        match found.await.map_err(unavailable)? {
            Ok(found) => Ok(found),
            Err(LinkRefusal::OtherText) => Err(SurfaceError::NotYet(format!(
                "nobody posted the text on change {change} as a message, in one line as it was given"
            ))),
            Err(why) => Err(asked(format!("what was posted on change {change} proves nothing: {why}"))),
        }
    }
}
