//! Consents with what proves them, as they are handed to the executor.

use grant::{Consent, ConsentProof, SignedConsent, Token};
use model::{Canonical as _, Digest, OutcomeId};
use store::StoreExt as _;

use super::KeptConsents;
use crate::{EngineError, engine::Engine};

impl Engine {
    /// Those consents of an outcome that a grant names, each with what proves it. One that isn't there any more, or whose proof
    /// was erased, is left out: the executor misses it, and nothing runs by it.
    ///
    /// # Errors
    /// [`EngineError`] when the store can't be read.
    pub(crate) async fn signed_consents(
        &self,
        outcome: &OutcomeId,
        named: &[Digest],
    ) -> Result<Vec<SignedConsent>, EngineError> {
        let mut signed = Vec::new();
        if named.is_empty() {
            return Ok(signed);
        }
        let kept = self.store.get::<KeptConsents>(outcome.as_str()).await?;
        let kept = kept.map(|kept| kept.value.consents).unwrap_or_default();
        for (version, consent) in (1_u64..).zip(kept) {
            if named.contains(&consent.digest()?) {
                let token = self.token_of(&consent, outcome, version).await?;
                signed.push(SignedConsent { consent, token });
            }
        }
        Ok(signed)
    }

    /// What the provider signed, from beside the entry that made this version of the record.
    async fn token_of(
        &self,
        consent: &Consent,
        outcome: &OutcomeId,
        version: u64,
    ) -> Result<Option<Token>, EngineError> {
        if !matches!(consent.proof, ConsentProof::StepUp(_)) {
            return Ok(None);
        }
        let history = self.store.history("consents", outcome.as_str()).await?;
        let Some(made) = history.into_iter().find(|made| made.version == version) else { return Ok(None) };
        let Some(entry) = self.store.entry(made.entry).await? else { return Ok(None) };
        let text = |name: &str| {
            let found = entry.sealed.iter().find(|text| text.name == name)?;
            found.text.as_ref().map(|(_, body)| body.as_slice())
        };
        let id_token = text("id-token").and_then(|token| String::from_utf8(token.to_vec()).ok());
        let key = text("key").and_then(|key| serde_json::from_slice(key).ok());
        Ok(id_token.zip(key).map(|(id_token, key)| Token { id_token, key }))
    }
}
