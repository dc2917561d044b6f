package sqlite

// applicationID is "idrc": it tells a ledger from other programs' databases (SQLite file format, 1.3).
const applicationID = 0x69647263

// migrations lead from one user_version to the next; the schema's version is how many were made. A
// process that was started before a migration goes on working with the old statements, so a migration
// only adds: tables, indexes, columns with a default.
var migrations = []string{`
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;

-- Identifiers are blobs: they are compared byte by byte.
CREATE TABLE call (
  seq        INTEGER PRIMARY KEY, -- the order of Begin, whatever clocks say
  call_id    BLOB NOT NULL UNIQUE,
  key        BLOB NOT NULL,
  owner      INTEGER NOT NULL, -- the byte that its process holds locked while it lives
  day        TEXT NOT NULL,
  begun      INTEGER NOT NULL, -- times are microseconds since 1970
  ended      INTEGER,
  price      INTEGER NOT NULL, -- of an open call, the reservation
  outcome    TEXT, -- null: open
  basis      TEXT NOT NULL DEFAULT '',
  decided    INTEGER NOT NULL DEFAULT 0, -- the outcome was given by hand
  has_result INTEGER NOT NULL DEFAULT 0,
  run        BLOB NOT NULL,
  subject    BLOB NOT NULL,
  provider   TEXT NOT NULL,
  product    TEXT NOT NULL,
  attempt    INTEGER NOT NULL,
  forgotten  INTEGER
);
CREATE INDEX call_key ON call (key);
CREATE INDEX call_unclear ON call (outcome) WHERE outcome IS NULL OR outcome NOT IN ('billed', 'rejected', 'not_sent', 'free');
CREATE INDEX call_subject ON call (subject) WHERE subject <> x'';
CREATE INDEX call_ended ON call (ended) WHERE ended IS NOT NULL AND forgotten IS NULL;

-- What is sealed lies apart, so that the rows that are searched stay small.
CREATE TABLE held (seq INTEGER PRIMARY KEY, answer BLOB, purpose BLOB);

CREATE TABLE alias (alias BLOB PRIMARY KEY, key BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX alias_key ON alias (key);

-- The books have every call; the outcome is empty while it is open, and of one that was deleted in doubt.
CREATE TABLE books (
  day      TEXT NOT NULL,
  provider TEXT NOT NULL,
  product  TEXT NOT NULL,
  outcome  TEXT NOT NULL,
  basis    TEXT NOT NULL,
  calls    INTEGER NOT NULL,
  price    INTEGER NOT NULL,
  PRIMARY KEY (day, provider, product, outcome, basis)
) WITHOUT ROWID;

-- What runs have spent, reserved and suspected.
CREATE TABLE spend (run BLOB PRIMARY KEY, calls INTEGER NOT NULL, price INTEGER NOT NULL) WITHOUT ROWID;

-- Calls that were answered from the record.
CREATE TABLE answered (day TEXT PRIMARY KEY, calls INTEGER NOT NULL, saved INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE register (name BLOB PRIMARY KEY, value BLOB NOT NULL, revision INTEGER NOT NULL) WITHOUT ROWID;
`}

// mayBeBilled is the condition on a call that was or may have been billed, or is open. It is that of
// [shared.Outcome.MayBeBilled].
const mayBeBilled = `(c.outcome IS NULL OR c.outcome NOT IN ('not_sent', 'rejected', 'free'))`

// unclear is the condition of the index call_unclear.
const unclear = `(c.outcome IS NULL OR c.outcome NOT IN ('billed', 'rejected', 'not_sent', 'free'))`
