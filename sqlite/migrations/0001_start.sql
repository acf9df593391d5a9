-- Every key begins with the store. Times are Unix nanoseconds, 0 for none. The
-- file may be the caller's own, so every name begins with billhook_.

CREATE TABLE billhook_stores (
	id         TEXT NOT NULL PRIMARY KEY,
	name       TEXT NOT NULL,
	profile    TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	deleted_at BIGINT NOT NULL
) WITHOUT ROWID;

-- events, headers, secrets and retry_policy are JSON, NULL for none.
CREATE TABLE billhook_webhooks (
	store_id     TEXT NOT NULL,
	id           TEXT NOT NULL,
	url          TEXT NOT NULL,
	events       TEXT,
	name         TEXT NOT NULL,
	description  TEXT NOT NULL,
	is_active    BIGINT NOT NULL,
	retry_policy TEXT,
	headers      TEXT,
	secrets      TEXT,
	created_at   BIGINT NOT NULL,
	updated_at   BIGINT NOT NULL,
	deleted_at   BIGINT NOT NULL,
	PRIMARY KEY (store_id, id)
) WITHOUT ROWID;

-- A row table: payloads stay out of the keys' way, and every event goes to
-- the end of it whatever id its caller chose. delivery_ids is a JSON array:
-- it leads from an event to its deliveries, waiting or over, and saves both
-- of their tables an index.
CREATE TABLE billhook_events (
	seq             INTEGER PRIMARY KEY,
	store_id        TEXT NOT NULL,
	id              TEXT NOT NULL,
	type            TEXT NOT NULL,
	created_at      BIGINT NOT NULL,
	occurred_at     BIGINT NOT NULL,
	entity_type     TEXT,
	entity_id       TEXT,
	actor_type      TEXT,
	actor_id        TEXT,
	idempotency_key TEXT,
	deliveries      BIGINT NOT NULL,
	delivery_ids    TEXT,
	data            BLOB NOT NULL
);
CREATE UNIQUE INDEX billhook_events_id ON billhook_events (store_id, id);
CREATE UNIQUE INDEX billhook_events_idempotency_key ON billhook_events (store_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX billhook_events_newest ON billhook_events (store_id, created_at, id);

-- What waits: a row goes when its delivery is over. status_code, reason and
-- last_attempt_at tell of the attempt before. owner is 1 for this file's node
-- and 0 for what was emitted in a transaction of the caller's and not found yet.
CREATE TABLE billhook_pending (
	store_id        TEXT NOT NULL,
	id              TEXT NOT NULL,
	webhook_id      TEXT NOT NULL,
	event_id        TEXT NOT NULL,
	event_type      TEXT NOT NULL,
	attempts        BIGINT NOT NULL,
	attempts_before BIGINT NOT NULL,
	status_code     BIGINT NOT NULL,
	reason          TEXT,
	created_at      BIGINT NOT NULL,
	last_attempt_at BIGINT NOT NULL,
	due_at          BIGINT NOT NULL,
	owner           BIGINT NOT NULL,
	PRIMARY KEY (store_id, id)
) WITHOUT ROWID;
CREATE INDEX billhook_pending_lane ON billhook_pending (store_id, webhook_id, owner, due_at, id);
CREATE INDEX billhook_pending_unowned ON billhook_pending (store_id, webhook_id, due_at, id) WHERE owner = 0;
CREATE INDEX billhook_pending_webhook ON billhook_pending (store_id, webhook_id, id);

-- What is over. Rows are only added, but for a manual retry, which takes its
-- delivery back to what waits. A delivery that its last attempt ended holds
-- that attempt as well, from duration on, which saves most deliveries a row;
-- where it is not the last attempt that ended it, duration is NULL.
CREATE TABLE billhook_deliveries (
	store_id         TEXT NOT NULL,
	id               TEXT NOT NULL,
	webhook_id       TEXT NOT NULL,
	event_id         TEXT NOT NULL,
	event_type       TEXT NOT NULL,
	status           TEXT NOT NULL,
	attempts         BIGINT NOT NULL,
	attempts_before  BIGINT NOT NULL,
	status_code      BIGINT NOT NULL,
	reason           TEXT,
	created_at       BIGINT NOT NULL,
	last_attempt_at  BIGINT NOT NULL,
	finished_at      BIGINT NOT NULL,
	duration         BIGINT,
	url              TEXT,
	failure          TEXT,
	error            TEXT,
	response_headers TEXT,
	response_body    BLOB,
	PRIMARY KEY (store_id, id)
) WITHOUT ROWID;
CREATE INDEX billhook_deliveries_webhook ON billhook_deliveries (store_id, webhook_id, id);
-- Deliveries that failed are few, and looked for more than any others.
CREATE INDEX billhook_deliveries_failed ON billhook_deliveries (store_id, status, id) WHERE status <> 'delivered';
CREATE INDEX billhook_deliveries_webhook_failed ON billhook_deliveries (store_id, webhook_id, status, id) WHERE status <> 'delivered';

-- The attempts that did not end their delivery.
CREATE TABLE billhook_attempts (
	store_id         TEXT NOT NULL,
	delivery_id      TEXT NOT NULL,
	number           BIGINT NOT NULL,
	started_at       BIGINT NOT NULL,
	status_code      BIGINT NOT NULL,
	duration         BIGINT NOT NULL,
	url              TEXT,
	failure          TEXT,
	error            TEXT,
	response_headers TEXT,
	response_body    BLOB,
	PRIMARY KEY (store_id, delivery_id, number)
) WITHOUT ROWID;

-- One row, written to learn whether the file can be written.
CREATE TABLE billhook_probe (
	id     INTEGER PRIMARY KEY,
	filler BLOB NOT NULL
);

-- What the planner should take the tables to be like, whatever they are like
-- now: large, most of it one store's. Without this it takes a primary key to
-- be as good as the index that was made for the query. Rows, then rows for
-- each value of the index's first column, of its first two, ...
ANALYZE billhook_probe; -- makes the table, if there is none
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
	('billhook_events', 'billhook_events_id', '5000000 5000000 1'),
	('billhook_events', 'billhook_events_idempotency_key', '5000000 5000000 1'),
	('billhook_events', 'billhook_events_newest', '5000000 5000000 2 1'),
	('billhook_pending', 'billhook_pending', '1000000 1000000 1'),
	('billhook_pending', 'billhook_pending_lane', '1000000 1000000 10000 10000 2 1'),
	('billhook_pending', 'billhook_pending_unowned', '1000 1000 100 2 1'),
	('billhook_pending', 'billhook_pending_webhook', '1000000 1000000 10000 1'),
	('billhook_deliveries', 'billhook_deliveries', '5000000 5000000 1'),
	('billhook_deliveries', 'billhook_deliveries_webhook', '5000000 5000000 50000 1'),
	('billhook_deliveries', 'billhook_deliveries_failed', '50000 50000 25000 1'),
	('billhook_deliveries', 'billhook_deliveries_webhook_failed', '50000 50000 500 250 1'),
	('billhook_attempts', 'billhook_attempts', '1000000 1000000 3 1');
ANALYZE sqlite_schema;
