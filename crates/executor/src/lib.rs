//! Verifies a grant, spends it, acts, and signs what happened.
