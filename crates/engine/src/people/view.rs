//! Links as they are shown.

use store::StoreExt as _;

use super::links::KeptLink;
use crate::{
    engine::Engine,
    surface::{LinkView, SurfaceError},
};

/// Links that are shown.
const SHOWN: usize = 20_000;

impl LinkView {
    pub(super) fn of(kept: &KeptLink) -> Self {
        let challenge = &kept.link.challenge;
        Self {
            schema: Self::SCHEMA,
            server: challenge.server.clone(),
            account: challenge.account.0,
            account_name: challenge.account_shown.clone(),
            identity: challenge.identity.clone(),
            person: challenge.key.clone(),
            change: kept.link.change,
            meta: kept.link.meta,
            made_at: kept.made_at,
            revoked_at: kept.revoked.as_ref().map(|(at, _)| *at),
        }
    }
}

impl Engine {
    /// Every link that was proven, those that were revoked too, in the order of their accounts.
    ///
    /// # Errors
    /// [`SurfaceError::Unavailable`]
    pub(crate) async fn links_shown(&self) -> Result<Vec<LinkView>, SurfaceError> {
        let all = self.store.all::<KeptLink>(&["made", "revoked"], SHOWN).await?.items;
        let mut all: Vec<LinkView> = all.iter().map(|kept| LinkView::of(&kept.value)).collect();
        all.sort_by(|a, b| (&a.server, a.account).cmp(&(&b.server, b.account)));
        Ok(all)
    }
}
