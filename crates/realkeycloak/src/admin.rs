//! What the administrator does: realms, people, groups, keys.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{ADMIN, Error};

/// The administrator, signed in for a minute or so.
#[derive(Debug, Clone)]
pub struct Admin {
    http: reqwest::Client,
    url: String,
    token: String,
}

/// A company's realm with one client, `exequatur`, whose secret is `the-secret`; its ID tokens carry `groups`, and the user name as
/// `employee`.
#[derive(Debug, Clone)]
pub struct Realm {
    /// Its name.
    pub name: String,
    /// Where browsers are sent back to.
    pub redirect_uri: String,
    /// Where sign-outs are told, if anywhere.
    pub logout_uri: Option<String>,
}

impl Admin {
    pub(crate) async fn sign_in(url: &str) -> Result<Self, Error> {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(60))
            .build()
            .map_err(|error| Error::Machine(error.to_string()))?;
        let form =
            format!("grant_type=password&client_id=admin-cli&username={}&password={}", ADMIN.0, ADMIN.1);
        let request = http
            .post(format!("{url}/realms/master/protocol/openid-connect/token"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        let answer = send("the administrator's sign-in", request).await?;
        let token = answer.get("access_token").and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Self { http, url: url.to_owned(), token })
    }

    /// Calls `/admin/realms/…`; null for an answer without a body.
    ///
    /// # Errors
    /// [`Error::Http`] for anything but a success.
    pub async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, Error> {
        let what = format!("{method} {path}");
        let method = method.parse().map_err(|_| Error::Machine(format!("{method} is no method")))?;
        let mut request =
            self.http.request(method, format!("{}/admin/realms{path}", self.url)).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(body);
        }
        send(&what, request).await
    }

    /// Makes a realm: people with the password `NAME-pw`, each in these groups.
    ///
    /// # Errors
    /// As [`Admin::call`].
    pub async fn make(&self, realm: &Realm, people: &[(&str, &[&str])]) -> Result<(), Error> {
        let mut groups: Vec<&str> = people.iter().flat_map(|(_, groups)| groups.iter().copied()).collect();
        groups.sort_unstable();
        groups.dedup();
        let groups: Vec<Value> = groups.into_iter().map(|name| json!({ "name": name })).collect();
        let people: Vec<Value> = people.iter().map(|(name, groups)| person(name, groups)).collect();
        let mapper = |name: &str, kind: &str, config: Value| {
            let (protocol, name) = ("openid-connect", name);
            json!({"name": name, "protocol": protocol, "protocolMapper": kind, "config": config})
        };
        let mut attributes = json!({
            "oauth2.device.authorization.grant.enabled": "true",
            "pkce.code.challenge.method": "S256",
            "backchannel.logout.session.required": "true",
        });
        if let (Some(uri), Some(object)) = (&realm.logout_uri, attributes.as_object_mut()) {
            object.insert("backchannel.logout.url".to_owned(), json!(uri));
        }
        let body = json!({
            "realm": realm.name, "enabled": true, "sslRequired": "none", "groups": groups, "users": people,
            "oauth2DevicePollingInterval": 1,
            "clients": [{
                "clientId": "exequatur", "enabled": true, "secret": "the-secret", "publicClient": false,
                "standardFlowEnabled": true, "directAccessGrantsEnabled": false,
                "redirectUris": [realm.redirect_uri], "attributes": attributes,
                "protocolMappers": [
                    mapper("groups", "oidc-group-membership-mapper", json!({
                        "claim.name": "groups", "full.path": "false", "id.token.claim": "true",
                    })),
                    mapper("employee", "oidc-usermodel-property-mapper", json!({
                        "claim.name": "employee", "user.attribute": "username", "jsonType.label": "String",
                        "id.token.claim": "true",
                    })),
                ],
            }],
        });
        self.call("POST", "", Some(&body)).await.map(drop)
    }

    /// The id of somebody.
    ///
    /// # Errors
    /// As [`Admin::call`]; also if there is nobody of this name.
    pub async fn user(&self, realm: &str, name: &str) -> Result<String, Error> {
        self.id(&format!("/{realm}/users?exact=true&username={name}")).await
    }

    /// Takes somebody out of a group.
    ///
    /// # Errors
    /// As [`Admin::call`].
    pub async fn leave(&self, realm: &str, name: &str, group: &str) -> Result<(), Error> {
        let user = self.user(realm, name).await?;
        let group = self.id(&format!("/{realm}/groups?exact=true&search={group}")).await?;
        self.call("DELETE", &format!("/{realm}/users/{user}/groups/{group}"), None).await.map(drop)
    }

    /// Signs somebody out everywhere.
    ///
    /// # Errors
    /// As [`Admin::call`].
    pub async fn log_out(&self, realm: &str, name: &str) -> Result<(), Error> {
        let user = self.user(realm, name).await?;
        self.call("POST", &format!("/{realm}/users/{user}/logout"), None).await.map(drop)
    }

    /// A new key signs from now on.
    ///
    /// # Errors
    /// As [`Admin::call`].
    pub async fn rotate_keys(&self, realm: &str) -> Result<(), Error> {
        let key = json!({
            "name": "newer", "providerId": "rsa-generated", "providerType": "org.keycloak.keys.KeyProvider",
            "config": {"priority": ["200"], "algorithm": ["RS256"], "keySize": ["2048"]},
        });
        self.call("POST", &format!("/{realm}/components"), Some(&key)).await.map(drop)
    }

    async fn id(&self, path: &str) -> Result<String, Error> {
        let found = self.call("GET", path, None).await?;
        let id = found.pointer("/0/id").and_then(Value::as_str);
        id.map(str::to_owned)
            .ok_or_else(|| Error::Http { request: format!("GET {path}"), why: "nothing is found".to_owned() })
    }
}

fn person(name: &str, groups: &[&str]) -> Value {
    let groups: Vec<String> = groups.iter().map(|group| format!("/{group}")).collect();
    json!({
        "username": name, "enabled": true, "email": format!("{name}@example.com"), "emailVerified": true,
        "firstName": name, "lastName": "Example", "groups": groups,
        "credentials": [{"type": "password", "value": format!("{name}-pw"), "temporary": false}],
    })
}

async fn send(what: &str, request: reqwest::RequestBuilder) -> Result<Value, Error> {
    let failed = |why: String| Error::Http { request: what.to_owned(), why };
    let answer = request.send().await.map_err(|error| failed(error.to_string()))?;
    let status = answer.status();
    let text = answer.text().await.map_err(|error| failed(error.to_string()))?;
    if !status.is_success() {
        return Err(failed(format!("{status}: {}", text.chars().take(500).collect::<String>())));
    }
    if text.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(&text).map_err(|error| failed(error.to_string()))
}
