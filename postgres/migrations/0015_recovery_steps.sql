-- understood from 6
-- What each step of a recovery has made pending: delivery_ids is a JSON array. From it
-- and the deliveries themselves it can be told what became of them. They were made from
-- created_from to created_to, so that a row may go when they have. Of a node that does
-- not know the table yet it is not told.
CREATE TABLE billhook.recovery_steps (
	store_id     TEXT COLLATE "C" NOT NULL,
	recovery_id  TEXT COLLATE "C" NOT NULL,
	step         BIGINT NOT NULL,
	created_from BIGINT NOT NULL,
	created_to   BIGINT NOT NULL,
	delivery_ids TEXT NOT NULL,
	PRIMARY KEY (store_id, recovery_id, step)
);
CREATE INDEX recovery_steps_oldest ON billhook.recovery_steps (store_id, created_to);
