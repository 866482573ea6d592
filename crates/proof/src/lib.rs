//! Bundles, and the verifier that trusts nobody.
