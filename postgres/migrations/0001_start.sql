-- Every key begins with the store. Times are Unix nanoseconds, 0 for none, but
-- for the nodes', which are the server's own. Everything is in the schema
-- billhook, and named with it everywhere, since EmitTx writes in transactions
-- of the caller's, which have a search_path of their own.
--
-- Ids are compared byte by byte (COLLATE "C"), as the engine does. JSON is kept
-- as TEXT: jsonb would change it. Payloads and answers are BYTEA.

CREATE TABLE billhook.stores (
	id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	name       TEXT NOT NULL,
	profile    TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	deleted_at BIGINT NOT NULL
);

-- events, headers, secrets and retry_policy are JSON, NULL for none.
CREATE TABLE billhook.webhooks (
	store_id     TEXT COLLATE "C" NOT NULL,
	id           TEXT COLLATE "C" NOT NULL,
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
);

-- events, deliveries and attempts are in weekly partitions, so that what is old
-- goes with its table and costs neither deletes nor vacuuming. A partition is
-- named for the Monday, in UTC, that it begins with: events_20260302. Rows that
-- no week was made for go to the default one.
--
-- A unique key of such a table has to hold the time as well. What must be
-- unique of an event, an id or a key that a caller chose, is in event_keys.

-- delivery_ids is a JSON array: it leads from an event to its deliveries,
-- waiting or over, and saves both of their tables an index.
CREATE TABLE billhook.events (
	store_id        TEXT COLLATE "C" NOT NULL,
	id              TEXT COLLATE "C" NOT NULL,
	type            TEXT COLLATE "C" NOT NULL,
	created_at      BIGINT NOT NULL,
	occurred_at     BIGINT NOT NULL,
	entity_type     TEXT COLLATE "C",
	entity_id       TEXT COLLATE "C",
	actor_type      TEXT COLLATE "C",
	actor_id        TEXT COLLATE "C",
	idempotency_key TEXT COLLATE "C",
	deliveries      BIGINT NOT NULL,
	delivery_ids    TEXT,
	data            BYTEA NOT NULL,
	PRIMARY KEY (store_id, id, created_at)
) PARTITION BY RANGE (created_at);
CREATE INDEX events_newest ON billhook.events (store_id, created_at, id) WHERE created_at IS NOT NULL; -- as in pending
CREATE TABLE billhook.events_default PARTITION OF billhook.events DEFAULT;

-- key is an id or an idempotency key, told apart by its first letter.
CREATE TABLE billhook.event_keys (
	store_id   TEXT COLLATE "C" NOT NULL,
	key        TEXT COLLATE "C" NOT NULL,
	event_id   TEXT COLLATE "C" NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (store_id, key)
);

-- What waits: a row goes when its delivery is over. status_code, reason and
-- last_attempt_at tell of the attempt before. owner is a node's epoch, or 0 for
-- nobody.
--
-- Every row is deleted soon after it came, so the table is as large as its dead
-- rows: it is vacuumed after so many of them, whatever its size, and without
-- pauses, since what is there is in memory. The server's own settings would
-- wait for a fifth of a table that was large once. A fillfactor would gain
-- nothing: rows come and go but hardly change, and what changes then, the owner
-- or the time, is in an index. It is analyzed as often, because the planner
-- must not take it for empty when it has filled up.
--
-- Before it was analyzed, or when its size has changed since, the planner may
-- take one index for as good as another, and go through all of a store's rows to
-- find one by its id. So the indexes that are for lanes are out of reach of
-- whoever does not name a webhook: they hold rows that have one, which all have.
-- For the same reason webhook_id is not declared NOT NULL: newer servers would
-- know better.
CREATE TABLE billhook.pending (
	store_id        TEXT COLLATE "C" NOT NULL,
	id              TEXT COLLATE "C" NOT NULL,
	webhook_id      TEXT COLLATE "C",
	event_id        TEXT COLLATE "C" NOT NULL,
	event_type      TEXT COLLATE "C" NOT NULL,
	attempts        BIGINT NOT NULL,
	attempts_before BIGINT NOT NULL,
	status_code     BIGINT NOT NULL,
	reason          TEXT,
	created_at      BIGINT NOT NULL,
	last_attempt_at BIGINT NOT NULL,
	due_at          BIGINT NOT NULL,
	owner           BIGINT NOT NULL,
	PRIMARY KEY (store_id, id)
) WITH (
	autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_cost_delay = 0,
	autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 20000
);
CREATE INDEX pending_lane ON billhook.pending (store_id, webhook_id, owner, due_at, id) WHERE webhook_id IS NOT NULL;
CREATE INDEX pending_unowned ON billhook.pending (store_id, webhook_id, due_at, id) WHERE owner = 0;
CREATE INDEX pending_webhook ON billhook.pending (store_id, webhook_id, id) WHERE webhook_id IS NOT NULL;

-- What is over. Rows are only added, but for a manual retry, which takes its
-- delivery back to what waits. A delivery that its last attempt ended holds
-- that attempt as well, from duration on, which saves most deliveries a row;
-- where it is not the last attempt that ended it, duration is NULL. webhook_id is
-- declared as in pending.
CREATE TABLE billhook.deliveries (
	store_id         TEXT COLLATE "C" NOT NULL,
	id               TEXT COLLATE "C" NOT NULL,
	webhook_id       TEXT COLLATE "C",
	event_id         TEXT COLLATE "C" NOT NULL,
	event_type       TEXT COLLATE "C" NOT NULL,
	status           TEXT COLLATE "C" NOT NULL,
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
	response_body    BYTEA,
	PRIMARY KEY (store_id, id, created_at)
) PARTITION BY RANGE (created_at);
CREATE INDEX deliveries_webhook ON billhook.deliveries (store_id, webhook_id, id) WHERE webhook_id IS NOT NULL;
-- Deliveries that failed are few, and looked for more than any others.
CREATE INDEX deliveries_failed ON billhook.deliveries (store_id, status, id) WHERE status <> 'delivered';
CREATE INDEX deliveries_webhook_failed ON billhook.deliveries (store_id, webhook_id, status, id) WHERE status <> 'delivered';
CREATE TABLE billhook.deliveries_default PARTITION OF billhook.deliveries DEFAULT;

-- The attempts that did not end their delivery.
CREATE TABLE billhook.attempts (
	store_id         TEXT COLLATE "C" NOT NULL,
	delivery_id      TEXT COLLATE "C" NOT NULL,
	number           BIGINT NOT NULL,
	started_at       BIGINT NOT NULL,
	status_code      BIGINT NOT NULL,
	duration         BIGINT NOT NULL,
	url              TEXT,
	failure          TEXT,
	error            TEXT,
	response_headers TEXT,
	response_body    BYTEA,
	PRIMARY KEY (store_id, delivery_id, number, started_at)
) PARTITION BY RANGE (started_at);
CREATE TABLE billhook.attempts_default PARTITION OF billhook.attempts DEFAULT;

-- What others ask for in SQL, in transactions of their own: a type and data, as
-- JSON, are enough. A node makes an event of it and takes it from here, or says
-- in refused why it cannot. It is read in the order that it came in, whatever
-- the store, so this one index does not begin with it.
CREATE TABLE billhook.outbox (
	store_id        TEXT COLLATE "C" NOT NULL DEFAULT 'default',
	number          BIGINT GENERATED ALWAYS AS IDENTITY,
	type            TEXT COLLATE "C" NOT NULL,
	data            TEXT NOT NULL,
	id              TEXT COLLATE "C",
	idempotency_key TEXT COLLATE "C",
	entity_type     TEXT COLLATE "C",
	entity_id       TEXT COLLATE "C",
	actor_type      TEXT COLLATE "C",
	actor_id        TEXT COLLATE "C",
	occurred_at     BIGINT NOT NULL DEFAULT 0,
	asked_at        BIGINT NOT NULL DEFAULT (extract(epoch FROM clock_timestamp()) * 1000000)::BIGINT * 1000,
	refused         TEXT,
	PRIMARY KEY (store_id, number)
);
CREATE INDEX outbox_waiting ON billhook.outbox (number) WHERE refused IS NULL;

CREATE FUNCTION billhook.tell_asked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_catalog.pg_notify('billhook_asked', '');
	RETURN NULL;
END $$;
CREATE TRIGGER tell_asked AFTER INSERT ON billhook.outbox FOR EACH STATEMENT EXECUTE FUNCTION billhook.tell_asked();

-- Who delivers. A node that was not heard of for its lease may be taken for
-- dead: it is 'lost' then, cannot commit any more, and its row goes when
-- nothing is its own any more. An epoch is never used again.
--
-- The commits of a node lock its row FOR KEY SHARE. Its heartbeats do not mind
-- that, while whoever takes it for dead locks it FOR UPDATE. So only the epoch
-- may be in a unique index.
CREATE TABLE billhook.nodes (
	epoch      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name       TEXT NOT NULL,
	state      TEXT NOT NULL CHECK (state IN ('alive', 'lost')),
	lease      INTERVAL NOT NULL,
	started_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
	beat_at    TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50); -- room on the page for the next heartbeats

-- One row. version goes up with every transaction that writes a store or a
-- webhook.
CREATE TABLE billhook.changes (
	one     BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (one),
	version BIGINT NOT NULL
);
INSERT INTO billhook.changes (version) VALUES (1);
