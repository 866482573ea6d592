//! Enrolling, confirming and revoking passkeys; and telling the gate of those that count.

use grant::{Consent, ConsentProof, Registration};
use model::Digest;
use store::{Commit, CommitError, Expect, StoreExt as _, Transition, Versioned};

use super::{KeptPasskey, kept::PasskeyState};
use crate::{
    EngineError,
    engine::Engine,
    entries,
    look::safe_line,
    surface::{PasskeyView, SurfaceError, Viewer},
};

/// Passkeys of all people.
const ALL: usize = 10_000;
/// Passkeys of one person that aren't revoked.
const OF_ONE: usize = 20;
/// Characters of a label.
const LABEL: usize = 60;

impl Engine {
    /// All that aren't revoked.
    pub(crate) async fn passkeys_shown(&self) -> Result<Vec<PasskeyView>, SurfaceError> {
        let kept = self.store.all::<KeptPasskey>(&["enrolled", "confirmed"], ALL).await?;
        Ok(kept.items.into_iter().map(|kept| view(kept.value)).collect())
    }

    /// Stores a passkey of this person. It counts once another person confirms it.
    pub(crate) async fn enrol(
        &self,
        by: Viewer,
        made: Registration,
        label: &str,
    ) -> Result<PasskeyView, SurfaceError> {
        let known = self.store.all::<KeptPasskey>(&["enrolled", "confirmed"], ALL).await?;
        if known.items.iter().filter(|kept| kept.value.identity == by.identity).count() >= OF_ONE {
            return Err(SurfaceError::Asked(format!("you have {OF_ONE} passkeys; revoke one first")));
        }
        let label: String = safe_line(label).chars().take(LABEL).collect();
        let kept = KeptPasskey {
            credential: made.credential,
            identity: by.identity,
            person: by.person,
            key: made.key,
            label,
            at: self.clock.now(),
            state: PasskeyState::Enrolled,
        };
        match self.keep_passkey(Expect::Absent, &kept).await {
            Ok(()) => Ok(view(kept)),
            Err(EngineError::Commit(CommitError::Precondition { .. })) => {
                Err(SurfaceError::Asked("this passkey was enrolled before".to_owned()))
            }
            Err(why) => Err(why.into()),
        }
    }

    /// Another person says that it is theirs.
    pub(crate) async fn confirm(&self, id: &Digest, by: Viewer) -> Result<PasskeyView, SurfaceError> {
        let found = self.passkey(id).await?;
        if found.value.state != PasskeyState::Enrolled {
            return Err(SurfaceError::Asked("it doesn't wait for anybody".to_owned()));
        }
        let state = PasskeyState::Confirmed { by: by.identity, person: by.person };
        let kept = KeptPasskey { state, at: self.clock.now(), ..found.value };
        let accepted = self.accepted.load_full();
        let proven = self.proven_links().await?;
        let links = &*accepted.rulebook.configuration.links().with(&proven);
        if !kept.read().is_some_and(|read| read.is_confirmed(links)) {
            return Err(SurfaceError::Asked(
                "a passkey is confirmed by another person than its own, and the links have to name both\nhint: a change to links.yaml in the operations project names an identity"
                    .to_owned(),
            ));
        }
        self.move_passkey(found.version, kept).await
    }

    /// Its own person gives it up.
    pub(crate) async fn revoke(&self, id: &Digest, by: &Viewer) -> Result<PasskeyView, SurfaceError> {
        let found = self.passkey(id).await?;
        if found.value.identity != by.identity || found.value.state == PasskeyState::Revoked {
            return Err(SurfaceError::NotFound("such passkey of yours".to_owned()));
        }
        let kept = KeptPasskey { state: PasskeyState::Revoked, at: self.clock.now(), ..found.value };
        self.move_passkey(found.version, kept).await
    }

    async fn passkey(&self, id: &Digest) -> Result<Versioned<KeptPasskey>, SurfaceError> {
        let found = self.store.get::<KeptPasskey>(&id.to_string()).await?;
        found.ok_or_else(|| SurfaceError::NotFound("such passkey".to_owned()))
    }

    async fn move_passkey(&self, version: u64, kept: KeptPasskey) -> Result<PasskeyView, SurfaceError> {
        match self.keep_passkey(Expect::Version(version), &kept).await {
            Ok(()) => Ok(view(kept)),
            Err(EngineError::Commit(CommitError::Precondition { .. })) => {
                Err(SurfaceError::Asked("somebody else was faster; look again".to_owned()))
            }
            Err(why) => Err(why.into()),
        }
    }

    async fn keep_passkey(&self, expect: Expect, kept: &KeptPasskey) -> Result<(), EngineError> {
        let mut commit = Commit::new();
        let object = match kept.read() {
            Some(read) => Some(commit.object(model::to_canonical(&read)?)),
            None => None,
        };
        commit.push(Transition::recorded(expect, kept, entries::passkey(kept, object.as_ref())?)?);
        self.store.commit(commit).await?;
        self.moved();
        Ok(())
    }

    /// The passkeys by which consents were given, as far as they count.
    pub(crate) async fn passkeys_of(
        &self,
        consents: &[Consent],
    ) -> Result<Vec<gate::PasskeyRead>, EngineError> {
        let mut read = Vec::new();
        for id in ids(consents) {
            if let Some(kept) = self.store.get::<KeptPasskey>(&id).await? {
                read.extend(kept.value.read());
            }
        }
        Ok(read)
    }

    /// That they still stand as they did when it was decided: who revokes one at this very moment, wins.
    pub(crate) async fn require_passkeys(
        &self,
        commit: &mut Commit,
        consents: &[Consent],
    ) -> Result<(), EngineError> {
        for id in ids(consents) {
            // Confirmed is the second version; revoked would be the third.
            commit.push(Transition::require::<KeptPasskey>(Expect::Version(2), &id)?);
        }
        Ok(())
    }
}

/// Their keys in the store.
pub(crate) fn ids(consents: &[Consent]) -> std::collections::BTreeSet<String> {
    let credentials = consents.iter().filter_map(|consent| match &consent.proof {
        ConsentProof::Passkey(passkey) => Some(KeptPasskey::id_of(&passkey.credential).to_string()),
        ConsentProof::StepUp(_) => None,
    });
    credentials.collect()
}

fn view(kept: KeptPasskey) -> PasskeyView {
    PasskeyView {
        schema: PasskeyView::SCHEMA,
        id: KeptPasskey::id_of(&kept.credential),
        state: store::Kept::state(&kept),
        confirmed_by: match &kept.state {
            PasskeyState::Confirmed { person, by } => {
                Some(person.as_ref().map_or_else(|| by.subject.clone(), ToString::to_string))
            }
            _ => None,
        },
        credential: kept.credential,
        key: kept.key,
        identity: kept.identity,
        person: kept.person,
        label: kept.label,
        at: kept.at,
    }
}
