//! Gerrit's entities (`Documentation/rest-api-*.html`, 3.13): the fields that a reader of reviews needs. Unknown
//! fields are ignored, unknown words are kept as they are, and what the server may leave out is an `Option` or empty.

mod account;
mod change;
mod group;
mod project;
mod server;
mod vote;

pub use account::{AccountId, AccountInfo, EmailInfo, GitPerson, TokenInfo};
pub use change::{
    ChangeInfo, ChangeMessage, ChangeStatus, Commit, FileInfo, Parent, ReviewerUpdate, RevisionInfo,
    SubmittedTogether,
};
pub use group::{GroupAudit, GroupAuditKind, GroupInfo, GroupOptions};
pub use project::{
    AccessSection, BranchInfo, LabelDefinition, Permission, PermissionRule, ProjectAccess, ProjectInfo,
};
pub use server::{AuthInfo, GerritInfo, ServerInfo};
pub use vote::{
    Approval, ExpressionResult, LabelInfo, RecordLabel, RequirementResult, RequirementStatus, SubmitRecord,
    VotingRange,
};

/// Makes an enum of words that a server sends, which keeps a word that we don't know.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vdoc])* $variant,)+
            /// A word that this crate doesn't know.
            Other(String),
        }

        impl $name {
            /// The word as the server writes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Other(word) => word,
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = String::deserialize(deserializer)?;
                Ok(match word.as_str() {
                    $($word => Self::$variant,)+
                    _ => Self::Other(word),
                })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;
