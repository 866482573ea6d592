//! HTTP: hooks, API, pages.
