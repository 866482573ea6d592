//! An append-only, tamper-evident log in C2SP formats.
