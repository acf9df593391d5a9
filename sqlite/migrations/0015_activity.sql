-- What has happened, in parts of five minutes from at on, for those who look at it; the
-- ledger is what is exact. A row is all that one process (run) has counted of a store,
-- or of all of them ('*'), which writes it again as it grows. delivered counts
-- deliveries, failed attempts, dead deliveries. waiting is how many were pending when it
-- was looked, -1 where it was not. latencies counts by class, each a varint.
CREATE TABLE billhook_activity (
	store_id  TEXT NOT NULL,
	at        BIGINT NOT NULL,
	run       BIGINT NOT NULL,
	delivered BIGINT NOT NULL,
	failed    BIGINT NOT NULL,
	dead      BIGINT NOT NULL,
	waiting   BIGINT NOT NULL,
	latencies BLOB NOT NULL,
	PRIMARY KEY (store_id, at, run)
) WITHOUT ROWID;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
	('billhook_activity', 'billhook_activity', '1000000 2000 2 1');
ANALYZE sqlite_schema;
