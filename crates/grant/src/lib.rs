//! Grants and consents: signed, verified, single use.
