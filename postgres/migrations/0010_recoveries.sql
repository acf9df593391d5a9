-- plan and progress are JSON, which is never searched. owner is as in pending. A row
-- of it is written many times: there is room on its page, and no column of an index
-- changes but at its end.
CREATE TABLE billhook.recoveries (
	store_id        TEXT COLLATE "C" NOT NULL,
	id              TEXT COLLATE "C" NOT NULL,
	status          TEXT COLLATE "C" NOT NULL,
	owner           BIGINT NOT NULL,
	step            BIGINT NOT NULL,
	idempotency_key TEXT COLLATE "C",
	plan            TEXT NOT NULL,
	progress        TEXT NOT NULL,
	created_at      BIGINT NOT NULL,
	updated_at      BIGINT NOT NULL,
	PRIMARY KEY (store_id, id)
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX recoveries_idempotency_key ON billhook.recoveries (store_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX recoveries_running ON billhook.recoveries (store_id, id) WHERE status = 'running';

-- The deliveries that replays made, which are not in delivery_ids of their event:
-- one of an event for a webhook, whoever replays it, and however often. It is not
-- partitioned, since its key could not be without the time then.
CREATE TABLE billhook.replays (
	store_id    TEXT COLLATE "C" NOT NULL,
	event_id    TEXT COLLATE "C" NOT NULL,
	webhook_id  TEXT COLLATE "C" NOT NULL,
	delivery_id TEXT COLLATE "C" NOT NULL,
	created_at  BIGINT NOT NULL,
	PRIMARY KEY (store_id, event_id, webhook_id)
);
