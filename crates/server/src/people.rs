//! Sign-in, where people sign in: the identity provider, our sessions, how browsers reach us, and which groups read.

use std::{fmt, net::SocketAddr, sync::Arc};

use axum::http::{HeaderMap, StatusCode, header};
use grant::Site;
use identity::{CookiePolicy, Devices, Groups, Person, RelyingParty, Sessions};

use crate::{ServerError, access::cookie, answer::Problem, text::Shown};

/// How people sign in.
#[derive(Clone)]
pub struct SignIn {
    /// What we are at the identity provider.
    pub party: Arc<RelyingParty>,
    /// Our sessions.
    pub sessions: Arc<Sessions>,
    /// How browsers reach this server: `https://exq.example.com`, or `http://127.0.0.1:8470`. The redirect URI at the
    /// provider is this and `/sign-in/callback`.
    pub origin: String,
    /// Groups that may read what this server shows. Empty: everybody who can sign in.
    pub readers: Vec<String>,
    /// Who puts somebody into such a group: shown to who is in none.
    pub granted_by: String,
    /// The site that passkeys are for, where they are used; its origin is ours.
    pub passkeys: Option<Site>,
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn")
            .field("party", &self.party)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

/// What the endpoints reach of it.
pub(crate) struct People {
    pub(crate) party: Arc<RelyingParty>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) devices: Devices,
    pub(crate) cookies: CookiePolicy,
    pub(crate) origin: String,
    /// The origin's host, as browsers write it.
    pub(crate) host: String,
    pub(crate) passkeys: Option<Site>,
    readers: Vec<String>,
    granted_by: String,
}

impl People {
    pub(crate) fn new(sign_in: SignIn, address: SocketAddr) -> Result<Self, ServerError> {
        let SignIn { party, sessions, origin, mut readers, granted_by, passkeys } = sign_in;
        let wrong = || ServerError::Origin(origin.clone());
        let (scheme, host) = origin.split_once("://").ok_or_else(wrong)?;
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.:[]".contains(&b);
        if host.is_empty() || !host.bytes().all(plain) {
            return Err(wrong());
        }
        let port = address.port();
        let cookies = match scheme {
            "https" => CookiePolicy::secure(),
            "http"
                if [format!("127.0.0.1:{port}"), format!("[::1]:{port}"), format!("localhost:{port}")]
                    .iter()
                    .any(|ours| ours == host) =>
            {
                CookiePolicy::loopback(port)
            }
            _ => return Err(wrong()),
        };
        readers.sort_unstable();
        readers.dedup();
        let (devices, host) = (Devices::new(Arc::clone(&party)), host.to_owned());
        Ok(Self { party, sessions, devices, cookies, origin, host, passkeys, readers, granted_by })
    }

    /// Whether one of their groups reads.
    pub(crate) fn may_read(&self, person: &Person) -> bool {
        self.readers.is_empty()
            || person.groups().known().iter().any(|group| self.readers.binary_search(group).is_ok())
    }

    pub(crate) fn readers(&self) -> &[String] {
        &self.readers
    }

    /// What somebody reads who is in none of the groups: which ones would do, and who grants them.
    pub(crate) fn no_role(&self, person: &Person) -> Problem {
        let groups = self.readers.join(", ");
        let message = match person.groups() {
            Groups::Known(_) => format!("You are in none of the groups that may read here: {groups}."),
            Groups::Overage => format!(
                "Your account is in more groups than the identity provider sends, so it isn't known whether you are in one \
                 that may read here: {groups}."
            ),
            Groups::Missing => format!(
                "The identity provider doesn't say in which groups you are, so it isn't known whether you are in one that \
                 may read here: {groups}."
            ),
        };
        Problem::new(StatusCode::FORBIDDEN, "no-role", message).hint(match person.groups() {
            Groups::Known(_) => format!("{} puts you into one; then sign out and in again.", self.granted_by),
            Groups::Overage => format!(
                "{} lets the provider send only the groups that are assigned to this application.",
                self.granted_by
            ),
            Groups::Missing => {
                format!("{} lets the provider send the groups claim to this application.", self.granted_by)
            }
        })
    }
}

/// The address that begins a sign-in, and comes back to `path`.
pub(crate) fn sign_in_path(path: &str) -> String {
    with_query("/sign-in?to=", path)
}

/// An address that ends in a path as a value of its query.
pub(crate) fn with_query(address: &str, path: &str) -> String {
    let mut to = String::from(address);
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            to.push(char::from(byte));
        } else {
            to.push_str(&format!("%{byte:02X}"));
        }
    }
    to
}

/// The browser's or program's own name, for the list of sessions.
pub(crate) fn label(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::USER_AGENT)?.to_str().ok()
}

/// What the browser holds of sign-ins that it began.
pub(crate) fn binding<'a>(people: &People, headers: &'a HeaderMap) -> Option<&'a str> {
    cookie(headers, &people.cookies.sign_in()).filter(|held| is_token(held))
}

/// What our tokens look like.
pub(crate) fn is_token(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// What somebody reads whose sign-in failed. What the log gets is written here too.
pub(crate) fn failed(error: &identity::Error) -> Problem {
    use identity::Error as E;
    tracing::warn!(%error, "a sign-in failed");
    let away = |message: &str| {
        Problem::busy("identity-provider", message)
            .hint("Try again; if it goes on, tell whoever runs this server: the log has the rest.")
            .retry_after(10)
    };
    match error {
        E::NotBegun => Problem::new(
            StatusCode::BAD_REQUEST,
            "sign-in-not-begun",
            "No sign-in that was begun in this browser waits for this answer: it was used, took too long, or was begun \
             elsewhere.",
        )
        .hint("Begin again."),
        E::Refused(why) => Problem::new(
            StatusCode::FORBIDDEN,
            "sign-in-refused",
            format!("What the identity provider sent is refused: {}.", first_line(&why.to_string())),
        )
        .hint("Begin again; if it goes on, tell whoever runs the identity provider."),
        E::MixedUp => Problem::new(
            StatusCode::FORBIDDEN,
            "sign-in-refused",
            "The answer comes from another identity provider than the one that was asked.",
        )
        .hint("Begin again, from a page of ours."),
        E::Denied { code, text } => {
            let words = text.as_deref().unwrap_or(code);
            let message = format!("The identity provider says no: {}", Shown::line(words));
            Problem::new(StatusCode::FORBIDDEN, "sign-in-denied", message).hint("Begin again.")
        }
        E::TooLarge { .. } => away(
            "The identity provider sent more than is taken; usually that is a list of all groups of the company.",
        ),
        E::Busy(_) => Problem::busy("busy", "Too many people sign in at once.").retry_after(30),
        E::Unsupported(what) => Problem::new(
            StatusCode::NOT_IMPLEMENTED,
            "not-offered",
            format!("The identity provider offers no {what}."),
        ),
        E::Store(_) => Problem::busy("unavailable", "The sign-in could not be recorded, so it didn't take place.")
            .retry_after(5),
        E::Entropy(_) => Problem::internal(),
        _ => away("The identity provider can't be asked at the moment."),
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_is_one_value_of_the_query() {
        assert_eq!(sign_in_path("/runs?after=a&b=c#d"), "/sign-in?to=/runs%3Fafter%3Da%26b%3Dc%23d");
        assert_eq!(sign_in_path("/\u{e4}\r\n"), "/sign-in?to=/%C3%A4%0D%0A");
    }
}
