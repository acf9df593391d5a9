-- What is kept no longer. Of an event whose payload is gone data is empty, which no
-- JSON is, and data_hash has the SHA-256 of what it was, so that the chain of the
-- audit log can still be proved. erased_at is when that was, 0 while it is there.
ALTER TABLE billhook_events ADD COLUMN data_hash BLOB;
ALTER TABLE billhook_events ADD COLUMN erased_at BIGINT NOT NULL DEFAULT 0;

-- How far a store has forgotten what: all events up to that one (created_at, id) were
-- dealt with, but for those in late. floored_at is up to when entries of the audit log
-- may go.
CREATE TABLE billhook_retention (
	store_id    TEXT NOT NULL PRIMARY KEY,
	attempts_at BIGINT NOT NULL,
	attempts_id TEXT NOT NULL,
	payloads_at BIGINT NOT NULL,
	payloads_id TEXT NOT NULL,
	records_at  BIGINT NOT NULL,
	records_id  TEXT NOT NULL,
	floored_at  BIGINT NOT NULL
) WITHOUT ROWID;

-- Events that a delivery still needed when their time had come. They are looked at
-- again.
CREATE TABLE billhook_late (
	store_id   TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	id         TEXT NOT NULL,
	PRIMARY KEY (store_id, created_at, id)
) WITHOUT ROWID;

-- Where a chain of the audit log begins: after this entry, of created_at, which has
-- expired. Rows below it may still be there. An entry audit.expire tells of it.
CREATE TABLE billhook_audit_floors (
	store_id   TEXT NOT NULL,
	chain      BIGINT NOT NULL,
	number     BIGINT NOT NULL,
	hash       BLOB NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (store_id, chain)
) WITHOUT ROWID;

-- What is to be erased, or was. phase is what is gone through: 0 the events about the
-- entity, 1 all, for those that it caused; up to (reached_at, reached_id).
CREATE TABLE billhook_erasures (
	store_id    TEXT NOT NULL,
	id          TEXT NOT NULL,
	entity_type TEXT NOT NULL,
	entity_id   TEXT NOT NULL,
	created_at  BIGINT NOT NULL,
	finished_at BIGINT NOT NULL,
	events      BIGINT NOT NULL,
	phase       BIGINT NOT NULL,
	reached_at  BIGINT NOT NULL,
	reached_id  TEXT NOT NULL,
	PRIMARY KEY (store_id, id)
) WITHOUT ROWID;
CREATE INDEX billhook_erasures_waiting ON billhook_erasures (store_id, id) WHERE finished_at = 0;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
	('billhook_erasures', 'billhook_erasures', '100 10 1'),
	('billhook_erasures', 'billhook_erasures_waiting', '2 1 1'),
	('billhook_late', 'billhook_late', '1000 1000 2 1');
ANALYZE sqlite_schema;
