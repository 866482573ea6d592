//! Pure parser of the meta histories in which Gerrit keeps its reviews.
