-- One row per record. Ids are blobs: compared byte by byte, NUL included.
CREATE TABLE record (
    number INTEGER PRIMARY KEY,
    issuer BLOB NOT NULL CHECK (length(issuer) = 8),
    kind TEXT NOT NULL,
    id BLOB NOT NULL,
    version BLOB NOT NULL CHECK (length(version) = 16),
    delete_after INTEGER,
    body BLOB NOT NULL,
    UNIQUE (issuer, kind, id)
) STRICT;

CREATE INDEX record_delete_after ON record (delete_after) WHERE delete_after IS NOT NULL;

-- One row per record and index value.
CREATE TABLE record_index (
    issuer BLOB NOT NULL CHECK (length(issuer) = 8),
    kind TEXT NOT NULL,
    value BLOB NOT NULL CHECK (length(value) = 32),
    id BLOB NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (issuer, kind, value, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX record_index_number ON record_index (number);
