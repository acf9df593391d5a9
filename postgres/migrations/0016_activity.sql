-- understood from 6
-- What has happened, in parts of five minutes from at on, for those who look at it; the
-- ledger is what is exact. A row is all that one process (run) has counted of a store,
-- or of all of them ('*'), which alone writes it, again as it grows. delivered counts
-- deliveries, failed attempts, dead deliveries. waiting is how many were pending when it
-- was looked, -1 where it was not. latencies counts by class, each a varint.
CREATE TABLE billhook.activity (
	store_id  TEXT COLLATE "C" NOT NULL,
	at        BIGINT NOT NULL,
	run       BIGINT NOT NULL,
	delivered BIGINT NOT NULL,
	failed    BIGINT NOT NULL,
	dead      BIGINT NOT NULL,
	waiting   BIGINT NOT NULL,
	latencies BYTEA NOT NULL,
	PRIMARY KEY (store_id, at, run)
) WITH (
	fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_cost_delay = 0
);
