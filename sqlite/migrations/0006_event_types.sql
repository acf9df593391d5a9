-- What a store says of event types, as JSON in definition; it is read whole and never
-- searched. A deleted one keeps the numbers of its versions.
CREATE TABLE billhook_event_types (
	store_id   TEXT NOT NULL,
	name       TEXT NOT NULL,
	definition TEXT,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	deleted_at BIGINT NOT NULL,
	PRIMARY KEY (store_id, name)
) WITHOUT ROWID;
