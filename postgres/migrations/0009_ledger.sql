-- What became of the deliveries that were made on a day: counted in the
-- transactions that write them. day is midnight, UTC, of their created_at. reason is
-- why those in skipped were, and '' in the row that has all else. changes counts the
-- transitions, so that who compares sees whether there was one meanwhile.
--
-- node is the epoch of the node whose row it is, which alone writes it, so that no
-- node waits for another. Where nobody owns what is counted, as in a transaction of
-- a caller's, it is a number below 0 that nothing else has; a node takes such rows
-- into its own. The sum of all counts.
CREATE TABLE billhook.ledger (
	store_id   TEXT COLLATE "C" NOT NULL,
	webhook_id TEXT COLLATE "C" NOT NULL,
	day        BIGINT NOT NULL,
	reason     TEXT COLLATE "C" NOT NULL,
	node       BIGINT NOT NULL,
	matched    BIGINT NOT NULL,
	pending    BIGINT NOT NULL,
	delivered  BIGINT NOT NULL,
	dead       BIGINT NOT NULL,
	cancelled  BIGINT NOT NULL,
	skipped    BIGINT NOT NULL,
	changes    BIGINT NOT NULL,
	PRIMARY KEY (store_id, webhook_id, day, reason, node)
) WITH (
	fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_cost_delay = 0
);
CREATE INDEX ledger_loose ON billhook.ledger (store_id, webhook_id, day) WHERE node < 0;

-- A store that is there already has deliveries that nobody has counted, and nodes of
-- the billhook before count none while they run beside this one's: a row of no
-- webhook has the first day of which all are counted, which is the day after
-- tomorrow.
INSERT INTO billhook.ledger
	SELECT id, '', (floor(extract(epoch FROM clock_timestamp()) / 86400)::BIGINT + 2) * 86400 * 1000000000, '', 0, 0, 0, 0, 0, 0, 0, 0 FROM billhook.stores;
