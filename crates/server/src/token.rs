//! Tokens: made from 32 random bytes, kept as hashes, compared in constant time.

use std::{
    net::SocketAddr,
    sync::{Mutex, PoisonError},
};

use model::{Digest, Entropy, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;

use crate::ServerError;

/// The shortest token that is taken, in characters.
const MIN_LEN: usize = 32;
/// One-time tokens that may wait at once; the oldest makes room.
const MAX_WAITING: usize = 16;

/// A token that nobody can guess: 64 hex digits.
///
/// # Errors
/// [`ServerError::Entropy`] when the machine gives no randomness.
pub fn fresh_token(entropy: &dyn Entropy) -> Result<SecretString, ServerError> {
    let mut bytes = [0_u8; 32];
    entropy.fill(&mut bytes).map_err(ServerError::Entropy)?;
    Ok(SecretString::from(hex::encode(bytes)))
}

/// The address to open in a browser, once. It holds the token: print it for the one who started the server, log it never.
#[must_use]
pub fn open_url(address: SocketAddr, token: &SecretString) -> String {
    format!("http://{address}/open?token={}", token.expose_secret())
}

/// What is kept of a token.
#[derive(Clone, Copy)]
pub(crate) struct TokenHash(Digest);

impl TokenHash {
    /// Of a configured token; refuses a short one.
    pub(crate) fn of_strong(what: &'static str, token: &SecretString) -> Result<Self, ServerError> {
        let text = token.expose_secret();
        if text.len() < MIN_LEN {
            return Err(ServerError::WeakToken { what, len: text.len(), min: MIN_LEN });
        }
        Ok(Self(Digest::of(text.as_bytes())))
    }

    /// Whether this is the token. The time it takes tells nothing about how much of it is right.
    pub(crate) fn matches(&self, given: &str) -> bool {
        Digest::of(given.as_bytes()).as_bytes().ct_eq(self.0.as_bytes()).into()
    }
}

/// Tokens that each open one session.
pub(crate) struct OneTimeTokens(Mutex<Vec<(TokenHash, Timestamp)>>);

impl OneTimeTokens {
    pub(crate) fn new(first: TokenHash, until: Timestamp) -> Self {
        Self(Mutex::new(vec![(first, until)]))
    }

    /// One more.
    pub(crate) fn add(&self, token: TokenHash, until: Timestamp) {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if rows.len() >= MAX_WAITING {
            rows.remove(0);
        }
        rows.push((token, until));
    }

    /// Uses up a token: true once, for one that is not too old.
    pub(crate) fn consume(&self, given: &str, now: Timestamp) -> bool {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rows.retain(|(_, until)| now < *until);
        let mut found = None;
        for (at, (token, _)) in rows.iter().enumerate() {
            if token.matches(given) {
                found = Some(at);
            }
        }
        found.map(|at| rows.remove(at)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(c: char) -> String {
        c.to_string().repeat(40)
    }

    fn hash(c: char) -> TokenHash {
        TokenHash::of_strong("token", &SecretString::from(token(c))).unwrap()
    }

    #[test]
    fn a_one_time_token_is_good_once_and_not_for_ever() {
        let at = Timestamp::from_millis;
        let tokens = OneTimeTokens::new(hash('a'), at(1000));
        assert!(!tokens.consume(&token('b'), at(0)));
        assert!(tokens.consume(&token('a'), at(999)));
        assert!(!tokens.consume(&token('a'), at(999)));
        tokens.add(hash('c'), at(1000));
        assert!(!tokens.consume(&token('c'), at(1000)));
    }

    #[test]
    fn waiting_tokens_are_bounded() {
        let tokens = OneTimeTokens::new(hash('a'), Timestamp::from_millis(1000));
        for _ in 0..MAX_WAITING {
            tokens.add(hash('b'), Timestamp::from_millis(1000));
        }
        assert!(!tokens.consume(&token('a'), Timestamp::from_millis(0)));
    }

    #[test]
    fn a_token_that_could_be_guessed_is_refused() {
        let weak = TokenHash::of_strong("token", &SecretString::from("secret".to_owned()));
        assert!(matches!(weak, Err(ServerError::WeakToken { len: 6, .. })));
    }
}
