//! Back-channel logout: tells the relying parties that somebody signed out here.

use serde_json::{Value, json};

use crate::{DevIdp, Error};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

impl DevIdp {
    /// A logout token for a client: of one session, or of all of a person. `change` may spoil its claims.
    ///
    /// # Errors
    /// [`Error`] when it can't be signed.
    pub fn logout_token(
        &self,
        client: &str,
        session: Option<&str>,
        subject: Option<&str>,
        change: impl FnOnce(&mut Value),
    ) -> Result<String, Error> {
        let idp = self.shared();
        let now_s = idp.clock.now().as_millis() / 1000;
        let mut claims = json!({
            "iss": idp.url, "aud": client, "iat": now_s, "exp": now_s + 120, "jti": idp.random()?,
            "events": { EVENT: {} },
        });
        let about = [("sid", session), ("sub", subject)];
        if let Some(object) = claims.as_object_mut() {
            object
                .extend(about.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?)))));
        }
        change(&mut claims);
        let world = idp.world();
        let key = world.keys.last().ok_or(Error::Key("there is none"))?;
        key.sign(&key.id, "logout+jwt", &claims)
    }

    /// Signs a person out here: their refresh tokens are gone, and every client that wants to hear of it does. The statuses
    /// that the clients answered.
    ///
    /// # Errors
    /// [`Error`] when a client can't be reached.
    pub async fn log_out(&self, login: &str) -> Result<Vec<u16>, Error> {
        let told: Vec<(String, String)> = {
            let mut world = self.shared().world();
            world.person(login)?;
            world.refresh.retain(|_, grant| grant.login != login);
            let clients = world.clients.values();
            clients.filter_map(|client| Some((client.id.clone(), client.logout_uri.clone()?))).collect()
        };
        let subject = self.shared().world().person(login)?.subject.clone();
        let mut statuses = Vec::new();
        for (client, uri) in told {
            let token = self.logout_token(&client, None, Some(&subject), |_| {})?;
            statuses.push(self.browser().post(&uri, &[("logout_token", &token)]).await?.0);
        }
        Ok(statuses)
    }
}
