-- One row. `groups` counts the transactions that had no entry; with the size of the newest checkpoint it tells, after a
-- failed COMMIT, whether that took place.
CREATE TABLE meta (
    id     INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    origin TEXT    NOT NULL,
    groups INTEGER NOT NULL
) STRICT;

-- What is kept. `entry` and `salt` are those of the ledger entry that committed to this version; NULL for bookkeeping.
CREATE TABLE records (
    kind    TEXT    NOT NULL,
    key     TEXT    NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    state   TEXT    NOT NULL,
    sort    INTEGER NOT NULL,
    body    BLOB    NOT NULL,
    entry   INTEGER,
    salt    BLOB,
    PRIMARY KEY (kind, key),
    CHECK ((entry IS NULL) = (salt IS NULL))
) STRICT, WITHOUT ROWID;

-- The one index: each further one is a page more to make durable in every commit.
CREATE INDEX records_by_state ON records (kind, state, sort, key);

-- The ledger. The leaf is its canonical JSON; the columns after it are read out of it, so they can't say anything else.
CREATE TABLE entries (
    idx     INTEGER NOT NULL PRIMARY KEY,
    leaf    TEXT    NOT NULL,
    hash    BLOB    NOT NULL,
    kind    TEXT    GENERATED ALWAYS AS (leaf ->> '$.state.kind') VIRTUAL,
    key     TEXT    GENERATED ALWAYS AS (leaf ->> '$.state.key') VIRTUAL,
    version INTEGER GENERATED ALWAYS AS (leaf ->> '$.state.version') VIRTUAL
) STRICT;

CREATE INDEX entries_by_record ON entries (kind, key, version) WHERE kind IS NOT NULL;

-- The texts beside the ledger; NULL once erased.
CREATE TABLE sealed (
    idx  INTEGER NOT NULL,
    name TEXT    NOT NULL,
    salt BLOB,
    body BLOB,
    PRIMARY KEY (idx, name),
    CHECK ((salt IS NULL) = (body IS NULL))
) STRICT, WITHOUT ROWID;

-- Raw bytes, by their SHA-256.
CREATE TABLE objects (
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    bytes  BLOB NOT NULL
) STRICT;

-- Signed heads of the ledger: one for each group of commits that had entries, and one for the empty ledger. `frontier` is
-- the right edge of the tree at that size (ledger::Frontier), with which the log goes on.
CREATE TABLE checkpoints (
    size     INTEGER NOT NULL PRIMARY KEY CHECK (size >= 0),
    root     BLOB    NOT NULL,
    note     TEXT    NOT NULL,
    frontier BLOB    NOT NULL
) STRICT;
