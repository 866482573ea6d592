//! Passkeys: enrolled by their person, confirmed by another, and from then on good for consents.

mod act;
mod kept;

pub(crate) use act::ids;
pub(crate) use kept::KeptPasskey;
