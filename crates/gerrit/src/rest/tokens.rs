//! Our own tokens, to be rotated.

use reqwest::Method;
use serde_json::json;

use crate::http::Call;
use crate::info::TokenInfo;
use crate::{Answer, Client, Result};

/// A token to be made.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// Its id, which must be new: Gerrit answers 404 to one that exists.
    pub id: String,
    /// How long it lives, in whole minutes; `None`: for ever.
    pub lifetime_minutes: Option<u32>,
}

/// Our own tokens. Rotate by making one under a new id, using it, and deleting the old one.
impl Client {
    /// The ids and expirations.
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn tokens(&self) -> Result<Answer<Vec<TokenInfo>>> {
        self.transport.json(Call::get(&["accounts", "self", "tokens"])?).await
    }

    /// Makes a token. The answer's `raw` holds the secret too: it belongs in no log and no bundle.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound): there is one of that id.
    pub async fn create_token(&self, new: &NewToken) -> Result<TokenInfo> {
        let body = new
            .lifetime_minutes
            .map_or_else(|| json!({}), |minutes| json!({ "lifetime": format!("{minutes}m") }));
        let call = Call::new(Method::PUT, &["accounts", "self", "tokens", &new.id])?.json(&body)?;
        Ok(self.transport.json(call).await?.value)
    }

    /// Deletes a token; the next request with it is refused at once.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound).
    pub async fn delete_token(&self, id: &str) -> Result<Answer<()>> {
        self.transport.done(Call::new(Method::DELETE, &["accounts", "self", "tokens", id])?).await
    }
}
