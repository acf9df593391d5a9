-- understood from 6
-- What is kept no longer. Of an event whose payload is gone data is empty, which no
-- JSON is, and data_hash has the SHA-256 of what it was, so that the chain of the
-- audit log can still be proved. erased_at is when that was, 0 while it is there.
ALTER TABLE billhook.events ADD COLUMN data_hash BYTEA;
ALTER TABLE billhook.events ADD COLUMN erased_at BIGINT NOT NULL DEFAULT 0;

-- How far a store has forgotten what: all events up to that one (created_at, id) were
-- dealt with, but for those in late. floored_at is up to when entries of the audit log
-- may go.
CREATE TABLE billhook.retention (
	store_id    TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	attempts_at BIGINT NOT NULL,
	attempts_id TEXT COLLATE "C" NOT NULL,
	payloads_at BIGINT NOT NULL,
	payloads_id TEXT COLLATE "C" NOT NULL,
	records_at  BIGINT NOT NULL,
	records_id  TEXT COLLATE "C" NOT NULL,
	floored_at  BIGINT NOT NULL
);

-- Events that a delivery still needed when their time had come. They are looked at
-- again.
CREATE TABLE billhook.late (
	store_id   TEXT COLLATE "C" NOT NULL,
	created_at BIGINT NOT NULL,
	id         TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (store_id, created_at, id)
);

-- Where a chain of the audit log begins: after this entry, of created_at, which has
-- expired. Rows below it may still be there. An entry audit.expire tells of it.
CREATE TABLE billhook.audit_floors (
	store_id   TEXT COLLATE "C" NOT NULL,
	chain      BIGINT NOT NULL,
	number     BIGINT NOT NULL,
	hash       BYTEA NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (store_id, chain)
);

-- What is to be erased, or was. phase is what is gone through: 0 the events about the
-- entity, 1 all, for those that it caused; up to (reached_at, reached_id).
CREATE TABLE billhook.erasures (
	store_id    TEXT COLLATE "C" NOT NULL,
	id          TEXT COLLATE "C" NOT NULL,
	entity_type TEXT COLLATE "C" NOT NULL,
	entity_id   TEXT COLLATE "C" NOT NULL,
	created_at  BIGINT NOT NULL,
	finished_at BIGINT NOT NULL,
	events      BIGINT NOT NULL,
	phase       BIGINT NOT NULL,
	reached_at  BIGINT NOT NULL,
	reached_id  TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (store_id, id)
);
CREATE INDEX erasures_waiting ON billhook.erasures (store_id, id) WHERE finished_at = 0;
