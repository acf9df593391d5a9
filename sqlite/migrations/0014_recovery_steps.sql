-- What each step of a recovery has made pending: delivery_ids is a JSON array. From it
-- and the deliveries themselves it can be told what became of them. They were made from
-- created_from to created_to, so that a row may go when they have.
CREATE TABLE billhook_recovery_steps (
	store_id     TEXT NOT NULL,
	recovery_id  TEXT NOT NULL,
	step         BIGINT NOT NULL,
	created_from BIGINT NOT NULL,
	created_to   BIGINT NOT NULL,
	delivery_ids TEXT NOT NULL,
	PRIMARY KEY (store_id, recovery_id, step)
);
CREATE INDEX billhook_recovery_steps_oldest ON billhook_recovery_steps (store_id, created_to, recovery_id, step);

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
	('billhook_recovery_steps', 'sqlite_autoindex_billhook_recovery_steps_1', '10000 10000 100 1'),
	('billhook_recovery_steps', 'billhook_recovery_steps_oldest', '10000 10000 2 1 1');
ANALYZE sqlite_schema;
