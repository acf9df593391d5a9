-- What became of the deliveries that were made on a day: counted in the
-- transactions that write them. day is midnight, UTC, of their created_at. reason is
-- why those in skipped were, and '' in the row that has all else. changes counts the
-- transitions, so that who compares sees whether there was one meanwhile. node is
-- whose row it is; the sum of all counts.
CREATE TABLE billhook_ledger (
	store_id   TEXT NOT NULL,
	webhook_id TEXT NOT NULL,
	day        BIGINT NOT NULL,
	reason     TEXT NOT NULL,
	node       BIGINT NOT NULL,
	matched    BIGINT NOT NULL,
	pending    BIGINT NOT NULL,
	delivered  BIGINT NOT NULL,
	dead       BIGINT NOT NULL,
	cancelled  BIGINT NOT NULL,
	skipped    BIGINT NOT NULL,
	changes    BIGINT NOT NULL,
	PRIMARY KEY (store_id, webhook_id, day, reason, node)
) WITHOUT ROWID;
CREATE INDEX billhook_ledger_loose ON billhook_ledger (store_id, webhook_id, day) WHERE node < 0;

-- A store that is there already has deliveries that nobody has counted: a row of no
-- webhook has the first day of which all are, which is tomorrow.
INSERT INTO billhook_ledger
	SELECT id, '', (CAST(strftime('%s', 'now') AS INTEGER) / 86400 + 1) * 86400 * 1000000000, '', 0, 0, 0, 0, 0, 0, 0, 0 FROM billhook_stores;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
	('billhook_ledger', 'billhook_ledger', '100000 10000 400 2 1 1'),
	('billhook_ledger', 'billhook_ledger_loose', '1000 1000 100 2');
ANALYZE sqlite_schema;
