-- store_id is '' for a key that is for all stores. permissions is a JSON array.
CREATE TABLE billhook.api_keys (
	store_id    TEXT COLLATE "C" NOT NULL,
	id          TEXT COLLATE "C" NOT NULL,
	name        TEXT NOT NULL,
	prefix      TEXT NOT NULL,
	salt        BYTEA NOT NULL,
	hash        BYTEA NOT NULL,
	permissions TEXT NOT NULL,
	created_at  BIGINT NOT NULL,
	updated_at  BIGINT NOT NULL,
	expires_at  BIGINT NOT NULL,
	revoked_at  BIGINT NOT NULL,
	PRIMARY KEY (store_id, id)
);
