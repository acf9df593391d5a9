-- plan and progress are JSON, which is never searched. owner is as in pending.
CREATE TABLE billhook_recoveries (
	store_id        TEXT NOT NULL,
	id              TEXT NOT NULL,
	status          TEXT NOT NULL,
	owner           BIGINT NOT NULL,
	step            BIGINT NOT NULL,
	idempotency_key TEXT,
	plan            TEXT NOT NULL,
	progress        TEXT NOT NULL,
	created_at      BIGINT NOT NULL,
	updated_at      BIGINT NOT NULL,
	PRIMARY KEY (store_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX billhook_recoveries_idempotency_key ON billhook_recoveries (store_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX billhook_recoveries_running ON billhook_recoveries (store_id, id) WHERE status = 'running';

-- The deliveries that replays made, which are not in delivery_ids of their event:
-- one of an event for a webhook, whoever replays it, and however often.
CREATE TABLE billhook_replays (
	store_id    TEXT NOT NULL,
	event_id    TEXT NOT NULL,
	webhook_id  TEXT NOT NULL,
	delivery_id TEXT NOT NULL,
	created_at  BIGINT NOT NULL,
	PRIMARY KEY (store_id, event_id, webhook_id)
) WITHOUT ROWID;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
	('billhook_recoveries', 'billhook_recoveries', '1000 1000 1'),
	('billhook_recoveries', 'billhook_recoveries_idempotency_key', '1000 1000 1'),
	('billhook_recoveries', 'billhook_recoveries_running', '10 10 1'),
	('billhook_replays', 'billhook_replays', '1000000 1000000 2 1');
ANALYZE sqlite_schema;
