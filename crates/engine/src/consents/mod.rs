//! Consents: what people who are present say to plans that wait for them.

mod give;
mod kept;
mod proof;
mod view;

pub(crate) use kept::KeptConsents;
