-- Most deliveries are over before anybody has looked for them by their webhook. So a
-- row of what waits enters the indexes by webhook only once it has waited a moment, or
-- somebody looks (internal/sqlstore/listing.go): listed is 0 until then. Whoever reads
-- by these indexes reads billhook_listed.
DROP INDEX billhook_pending_lane;
DROP INDEX billhook_pending_webhook;
ALTER TABLE billhook_pending ADD COLUMN listed BIGINT NOT NULL DEFAULT 1;
CREATE INDEX billhook_pending_lane ON billhook_pending (store_id, webhook_id, owner, due_at, id) WHERE listed = 1;
CREATE INDEX billhook_pending_webhook ON billhook_pending (store_id, webhook_id, id) WHERE listed = 1;
CREATE VIEW billhook_listed AS SELECT * FROM billhook_pending WHERE listed = 1;
DELETE FROM sqlite_stat1 WHERE idx IN ('billhook_pending_lane', 'billhook_pending_webhook');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
	('billhook_pending', 'billhook_pending_lane', '1000000 1000000 10000 10000 2 1'),
	('billhook_pending', 'billhook_pending_webhook', '1000000 1000000 10000 1');
ANALYZE sqlite_schema;
