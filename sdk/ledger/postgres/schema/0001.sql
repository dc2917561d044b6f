-- Identifiers are bytea: they are compared byte by byte whatever the database's collation is, an update of
-- its locale library cannot break their indexes, and no byte of a caller's name has to be refused.

CREATE TABLE call (
  seq        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- the order of Begin, whatever clocks say
  call_id    bytea NOT NULL CONSTRAINT call_id_once UNIQUE,
  key        bytea NOT NULL,
  owner      bigint NOT NULL, -- the advisory lock that its process holds while it lives
  token      bigint NOT NULL, -- which Begin wrote it, for one that does not know whether it did
  day        text COLLATE "C" NOT NULL,
  begun      timestamptz NOT NULL,
  ended      timestamptz,
  price      bigint NOT NULL, -- of an open call, the reservation
  outcome    text COLLATE "C", -- null: open
  basis      text COLLATE "C" NOT NULL DEFAULT '',
  decided    boolean NOT NULL DEFAULT false, -- the outcome was given by hand
  has_result boolean NOT NULL DEFAULT false,
  answer     bytea, -- sealed
  run        bytea NOT NULL,
  subject    bytea NOT NULL,
  purpose    bytea, -- sealed
  provider   text COLLATE "C" NOT NULL,
  product    text COLLATE "C" NOT NULL,
  attempt    bigint NOT NULL,
  forgotten  timestamptz
);
-- What is sealed does not compress.
ALTER TABLE call ALTER answer SET STORAGE EXTERNAL, ALTER purpose SET STORAGE EXTERNAL;
CREATE INDEX call_key ON call (key, seq);
CREATE INDEX call_open ON call (day) WHERE outcome IS NULL;
CREATE INDEX call_unclear ON call (seq) WHERE outcome IS NULL OR outcome NOT IN ('billed', 'rejected', 'not_sent', 'free');
CREATE INDEX call_subject ON call (subject) WHERE subject <> '';
CREATE INDEX call_ended ON call (ended) WHERE forgotten IS NULL;
CREATE INDEX call_tombs ON call (ended) WHERE forgotten IS NOT NULL;

CREATE TABLE alias (
  alias bytea PRIMARY KEY,
  key   bytea NOT NULL
);
CREATE INDEX alias_key ON alias (key);

-- The books have the calls that are settled, and those that were deleted. Each sum is spread over several
-- rows (shards), so that calls that end at the same time do not wait for each other's sync.
CREATE TABLE books (
  day      text COLLATE "C" NOT NULL,
  provider text COLLATE "C" NOT NULL,
  product  text COLLATE "C" NOT NULL,
  outcome  text COLLATE "C" NOT NULL, -- empty: deleted while in doubt
  basis    text COLLATE "C" NOT NULL,
  shard    smallint NOT NULL,
  calls    bigint NOT NULL,
  price    bigint NOT NULL,
  PRIMARY KEY (day, provider, product, outcome, basis, shard)
);

-- What runs have spent, without their open calls.
CREATE TABLE spend (
  run   bytea NOT NULL,
  shard smallint NOT NULL,
  calls bigint NOT NULL,
  price bigint NOT NULL,
  PRIMARY KEY (run, shard)
);

-- The highest reservation ever made within a budget; see budget.go.
CREATE TABLE ceiling (
  scope bytea PRIMARY KEY,
  price bigint NOT NULL
);

-- Calls that were answered from the record.
CREATE TABLE answered (
  day   text COLLATE "C" NOT NULL,
  shard smallint NOT NULL,
  calls bigint NOT NULL,
  saved bigint NOT NULL,
  PRIMARY KEY (day, shard)
);

CREATE TABLE register (
  name     bytea PRIMARY KEY,
  value    bytea NOT NULL, -- sealed
  revision bigint NOT NULL
);
