//! The words of Exequatur as types: changes, plans, decisions, grants and runs.
