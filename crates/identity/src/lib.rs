//! Who is calling, proven.
//!
//! - [`RelyingParty`]: sign-in by OpenID Connect (authorization code with PKCE), step-up, device sign-in, refresh and
//!   back-channel logout, against one issuer that is pinned.
//! - [`Sessions`]: our own sessions, in the store by the hash of their id, checked in memory; [`Fresh`]: one whose person
//!   proved a short while ago to be there.
//! - [`Workloads`]: services and agents by the OIDC tokens of their platforms, under reviewed conditions.
//! - [`Person`], [`Service`], [`Agent`]: three kinds of identity as three types. What only a person may do ([`Approve`],
//!   [`Consent`], [`Execute`]) can't be written down for the other two: see [`Deed`].
//!
//! An identity is `(issuer, subject)`. A mail address, a display name or a user name is never one, and nothing here
//! compares them. No rule about what somebody may do lives here: that is policy's.
//!
//! Time and chance are arguments. Everything that comes from outside has a limit ([`Limits`]).

mod config;
mod cookie;
mod deed;
mod device;
mod error;
mod http;
mod issuer;
mod logout;
mod pending;
mod presence;
mod rely;
mod return_to;
mod session;
mod token;
mod who;
mod workload;

pub use config::{Limits, ProviderConfig, SigningAlgorithm, Timeouts};
pub use cookie::CookiePolicy;
pub use deed::{Action, Approve, Consent, Deed, Execute, May, Propose, Said};
pub use device::{DeviceAnswer, DeviceId, DeviceStarted, Devices};
pub use error::{Error, Refusal, Result};
pub use http::Http;
pub use issuer::Issuer;
pub use logout::LogoutNotice;
pub use presence::{Presence, Proof};
pub use rely::{Begun, Callback, Finished, Outcome, Purpose, Refreshed, RelyingParty, SignedIn};
pub use return_to::ReturnTo;
pub use session::{
    EndReason, Fresh, Session, SessionId, SessionLimits, SessionRecord, SessionState, SessionToken, Sessions,
    Via,
};
pub use who::{Actors, Agent, Groups, Person, Principal, Profile, Service};
pub use workload::{Condition, Kind, Matches, Rule, Workloads};
