//! Typed client of Gerrit: REST, refs over git, events. Usable alone; it knows none of Exequatur's rules.
//!
//! - [`Client`] speaks REST (Gerrit 3.13, `Documentation/rest-api.html`). Every answer is an [`Answer`]: the typed
//!   value, the bytes as they were read, the server's `Date`, and its trace id.
//! - [`git::GitHttp`] speaks git's protocol version 2 over the same kept connections, without starting a program;
//!   [`git::Mirror`] keeps what it fetched in a bare repository.
//! - [`repo::Repo`] reads any bare repository through `notedb`'s doors, without git's configuration and without starting it.
//! - [`poll`] is the cursor of a poll over merged changes, as pure functions.
//! - [`hint`] reads events that somebody posted to us. A hint is never a fact.
//!
//! ```no_run
//! # async fn read() -> gerrit::Result<()> {
//! use gerrit::{ChangeId, Client, ClientConfig, DetailLevel};
//!
//! let token = secrecy::SecretString::from("…".to_owned());
//! let client = Client::new(&ClientConfig::new("https://review.example.com/", "reader", token))?;
//! let answer = client.change(&ChangeId::new("shop", 4711), DetailLevel::Evidence, None).await?;
//! println!("{:?} by {:?}, as of {:?}", answer.value.status, answer.value.owner.name, answer.value.meta_rev_id);
//! # Ok(())
//! # }
//! ```
//!
//! `examples/change.rs` reads a change over REST and, beside that, its meta history.
//!
//! Nothing here reads a clock, retries, or follows a redirect: [`Error::class`] says what a caller may do.

mod answer;
mod client;
mod config;
mod encode;
mod error;
pub mod git;
pub mod hint;
mod http;
pub mod info;
pub mod poll;
pub mod repo;
mod rest;
#[cfg(feature = "testing")]
pub mod testing;
mod time;

pub use answer::Answer;
pub use client::Client;
pub use config::{ClientConfig, Limits, Timeouts};
pub use error::{Class, Error};
pub use rest::accounts::own_address;
pub use rest::changes::{ChangeId, ChangeQuery, DetailLevel, Page};
pub use rest::create::{NewChange, Person};
pub use rest::review::{Notify, Review, Reviewed};
pub use rest::tokens::NewToken;
pub use time::Time;

/// What a call of this crate gives.
pub type Result<T> = std::result::Result<T, Error>;
