//! Builders of made-up histories, for tests.
