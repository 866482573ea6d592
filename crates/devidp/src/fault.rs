//! What the issuer does wrong when it is asked to.

/// One thing that it does wrong, from [`crate::DevIdp::fail`] to [`crate::DevIdp::heal`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Fault {
    /// Tokens name another issuer.
    WrongIssuer,
    /// Tokens are for another client.
    WrongAudience,
    /// Tokens are for us and for another client.
    ExtraAudience,
    /// Tokens were given to another client (`azp`).
    WrongParty,
    /// Tokens aren't signed: `alg` is `none`.
    AlgNone,
    /// Tokens are "signed" with HS256, and the key is the public key that everybody knows.
    Hs256OverPublicKey,
    /// Tokens are signed by a key that isn't published, under the name of one that is.
    ForeignKey,
    /// Tokens name a key that isn't published.
    UnknownKey,
    /// Tokens have expired.
    Expired,
    /// Tokens were made an hour from now.
    FromTheFuture,
    /// Tokens carry another sign-in's nonce.
    WrongNonce,
    /// Tokens carry no nonce.
    NoNonce,
    /// 2 MB of groups.
    ManyGroups,
    /// Too many groups to send, as Entra says it.
    Overage,
    /// No groups claim.
    NoGroups,
    /// The person signed in an hour ago, and was not asked again.
    OldSignIn,
    /// Nothing is said of when the person signed in.
    NoSignInTime,
    /// The token is about somebody else.
    OtherSubject,
    /// The token was given to somebody who acts for the person.
    Delegated,
    /// The token endpoint gives an access token where the ID token belongs.
    AccessToken,
    /// `email_verified` is the text "true".
    TextVerified,
    /// The discovery document names another issuer.
    OtherIssuer,
    /// The browser brings another issuer's name (RFC 9207).
    OtherIss,
    /// The browser brings no issuer's name.
    NoIss,
    /// Refresh tokens are refused.
    NoRefresh,
    /// Nothing is answered until it is healed.
    Slow,
    /// Everything is answered with 503.
    Down,
}
