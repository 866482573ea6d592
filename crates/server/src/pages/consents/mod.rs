//! Plans that wait for somebody's approval, and giving it.

pub(crate) mod give;
pub(crate) mod list;
pub(crate) mod show;
