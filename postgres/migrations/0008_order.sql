-- understood from 6
-- Events about one entity are numbered, from 1 on and in the order of their commits:
-- who numbers one has the entity's row until the transaction is over. A row stays
-- when its entity is quiet: a number is never given twice. sequence is NULL for an
-- event about nothing, and for those from before.
CREATE TABLE billhook.sequences (
	store_id    TEXT COLLATE "C" NOT NULL,
	entity_type TEXT COLLATE "C" NOT NULL,
	entity_id   TEXT COLLATE "C" NOT NULL,
	number      BIGINT NOT NULL,
	PRIMARY KEY (store_id, entity_type, entity_id)
) WITH (fillfactor = 80); -- room on the page for the next numbers
ALTER TABLE billhook.events ADD COLUMN sequence BIGINT;

-- What a webhook wants in the order of its entity is in a strand: all of one webhook
-- and one entity. Its owner is -2 while it is held back behind what is before it.
-- All three are NULL for what is in no strand.
ALTER TABLE billhook.pending
	ADD COLUMN entity_type TEXT COLLATE "C",
	ADD COLUMN entity_id TEXT COLLATE "C",
	ADD COLUMN sequence BIGINT;
CREATE INDEX pending_strand ON billhook.pending (store_id, webhook_id, entity_type, entity_id, owner, sequence, id) WHERE entity_id IS NOT NULL;

-- Emit gets an argument more. A second function of the name would make calls
-- ambiguous that leave arguments out, and GRANT and REVOKE that leave out all, so
-- the old one makes way for it, and hands down who may execute it.
ALTER TABLE billhook.outbox ADD COLUMN deliver_at BIGINT NOT NULL DEFAULT 0;
SELECT set_config('billhook.rights', COALESCE(proacl::text, ''), true) FROM pg_proc
	WHERE oid = 'billhook.emit(text, text, json, text, text, text, text, text, text, timestamptz)'::regprocedure;
DROP FUNCTION billhook.emit(text, text, json, text, text, text, text, text, text, timestamptz);
CREATE FUNCTION billhook.emit(
	store           text,
	type            text,
	data            json,
	id              text DEFAULT NULL,
	idempotency_key text DEFAULT NULL,
	entity_type     text DEFAULT NULL,
	entity_id       text DEFAULT NULL,
	actor_type      text DEFAULT NULL,
	actor_id        text DEFAULT NULL,
	occurred_at     timestamptz DEFAULT NULL,
	deliver_at      timestamptz DEFAULT NULL
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM billhook.stores AS s WHERE s.id = emit.store AND s.deleted_at = 0) THEN
		RAISE EXCEPTION 'there is no store "%"', emit.store USING ERRCODE = 'foreign_key_violation', HINT = 'create it with POST /api/stores';
	END IF;
	IF emit.type IS NULL OR emit.type !~ '^[A-Za-z0-9._:/-]{1,128}$' THEN
		RAISE EXCEPTION '"%" is not an event type', emit.type USING ERRCODE = 'check_violation', HINT = 'letters, digits and . _ - : / only';
	END IF;
	IF emit.data IS NULL THEN
		RAISE EXCEPTION 'data is missing' USING ERRCODE = 'not_null_violation', HINT = 'give ''null'' for an event without data';
	END IF;
	IF emit.id !~ '^[A-Za-z0-9._:-]{1,128}$' OR emit.id ~ '^\.*$' THEN
		RAISE EXCEPTION '"%" is not an id', emit.id USING ERRCODE = 'check_violation', HINT = 'letters, digits and . _ - : only';
	END IF;
	IF EXISTS (SELECT FROM billhook.event_keys AS k WHERE k.store_id = emit.store AND k.key = 'i' || emit.id) THEN
		RAISE EXCEPTION 'the event "%" is there already', emit.id USING ERRCODE = 'unique_violation', HINT = 'nothing is to be done if this was a repeat';
	END IF;
	IF emit.idempotency_key !~ '^[ -~]{1,255}$' THEN
		RAISE EXCEPTION 'the idempotency key is not of 1 to 255 printable ASCII characters' USING ERRCODE = 'check_violation', HINT = 'use a UUID';
	END IF;
	IF (emit.entity_type IS NULL) <> (emit.entity_id IS NULL) OR (emit.actor_type IS NULL) <> (emit.actor_id IS NULL) THEN
		RAISE EXCEPTION 'an entity and an actor need both type and id' USING ERRCODE = 'check_violation';
	END IF;
	IF emit.deliver_at > clock_timestamp() + interval '366 days' THEN
		RAISE EXCEPTION 'deliver_at is more than a year ahead' USING ERRCODE = 'check_violation', HINT = 'emit it when it is nearer';
	END IF;
	INSERT INTO billhook.outbox (store_id, type, data, id, idempotency_key, entity_type, entity_id, actor_type, actor_id, occurred_at, deliver_at)
	VALUES (emit.store, emit.type, emit.data::text, emit.id, emit.idempotency_key, emit.entity_type, emit.entity_id, emit.actor_type, emit.actor_id,
		COALESCE((extract(epoch FROM emit.occurred_at) * 1000000)::bigint * 1000, 0),
		(extract(epoch FROM GREATEST(emit.deliver_at, 'epoch'::timestamptz)) * 1000000)::bigint * 1000);
END $$;
DO $$
DECLARE
	right_of record;
BEGIN
	IF current_setting('billhook.rights') = '' THEN
		RETURN; -- never changed: every role may
	END IF;
	REVOKE ALL ON FUNCTION billhook.emit(text, text, json, text, text, text, text, text, text, timestamptz, timestamptz) FROM PUBLIC;
	FOR right_of IN SELECT * FROM aclexplode(current_setting('billhook.rights')::aclitem[]) WHERE privilege_type = 'EXECUTE' LOOP
		EXECUTE format('GRANT EXECUTE ON FUNCTION billhook.emit(text, text, json, text, text, text, text, text, text, timestamptz, timestamptz) TO %s%s',
			CASE right_of.grantee WHEN 0 THEN 'PUBLIC' ELSE right_of.grantee::regrole::text END,
			CASE WHEN right_of.is_grantable AND right_of.grantee <> 0 THEN ' WITH GRANT OPTION' ELSE '' END);
	END LOOP;
END $$;
