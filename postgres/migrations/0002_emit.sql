-- Emit, for programs in any language: SELECT billhook.emit('default',
-- 'order.paid', '{"orderId": "o_1"}') in the transaction that writes the order.
-- The event is delivered if that commits. data is JSON as text, which is kept as
-- it is until a node brings it into its canonical form; what only a node knows,
-- the catalogue and the numbers that a profile allows, is found out then, and
-- said in billhook.outbox.refused and in the log.
--
-- It runs with its owner's rights, so that its callers need no table's:
-- GRANT USAGE ON SCHEMA billhook, and EXECUTE, which every role has.
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
	occurred_at     timestamptz DEFAULT NULL
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
	INSERT INTO billhook.outbox (store_id, type, data, id, idempotency_key, entity_type, entity_id, actor_type, actor_id, occurred_at)
	VALUES (emit.store, emit.type, emit.data::text, emit.id, emit.idempotency_key, emit.entity_type, emit.entity_id, emit.actor_type, emit.actor_id,
		COALESCE((extract(epoch FROM emit.occurred_at) * 1000000)::bigint * 1000, 0));
END $$;
