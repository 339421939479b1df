-- Times are microseconds since 1970. Bodies stand last, so that the other columns are read without them.

CREATE TABLE message (
    id          INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice: a late answer must not settle another message
    destination TEXT    NOT NULL,
    shop        TEXT    NOT NULL,
    sent_at     INTEGER NOT NULL,
    visible_at  INTEGER NOT NULL,
    body        TEXT    NOT NULL
) STRICT;
CREATE INDEX message_by_shop ON message (destination, shop, visible_at);
CREATE INDEX message_by_time ON message (destination, visible_at);

CREATE TABLE dead_letter (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    destination TEXT    NOT NULL,
    shop        TEXT,
    parked_at   INTEGER NOT NULL,
    reason      TEXT    NOT NULL,
    status      INTEGER,
    detail      TEXT,
    body        TEXT    NOT NULL
) STRICT;
CREATE INDEX dead_letter_by_shop ON dead_letter (destination, shop);

CREATE TABLE ledger (
    key         TEXT    NOT NULL PRIMARY KEY,
    version     INTEGER NOT NULL,
    write_token TEXT    NOT NULL,
    due_purpose TEXT,
    due_at      INTEGER,
    in_hand     INTEGER NOT NULL, -- leased, or an irrevocable call announced: to be put right after a crash
    expires_at  INTEGER,
    row         TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX ledger_due ON ledger (due_purpose, due_at) WHERE due_purpose IS NOT NULL;
CREATE INDEX ledger_in_hand ON ledger (in_hand) WHERE in_hand = 1;
CREATE INDEX ledger_expiring ON ledger (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE part (
    row_key    TEXT    NOT NULL,
    content    TEXT    NOT NULL,
    number     INTEGER NOT NULL,
    bytes      BLOB    NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (row_key, content, number)
) STRICT;
CREATE INDEX part_expiring ON part (expires_at);

CREATE TABLE receipt (
    id   INTEGER PRIMARY KEY,
    json TEXT NOT NULL
) STRICT;
