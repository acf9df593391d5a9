// Made by "npm run generate" from api/openapi.json; do not edit.

export interface paths {
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the process answers */
        get: operations["getHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether an event could be stored now */
        get: operations["getReadiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Metrics for Prometheus
         * @description In its text format, or in OpenMetrics where the request prefers that. The key must be for all stores.
         */
        get: operations["getMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document */
        get: operations["getOpenAPI"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/stores": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List stores, by id
         * @description For keys that are for all stores.
         */
        get: operations["listStores"];
        put?: never;
        /**
         * Create a store
         * @description For keys that are for all stores. The id of a deleted store is not given again.
         */
        post: operations["createStore"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/stores/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        /** Get a store */
        get: operations["getStore"];
        put?: never;
        post?: never;
        /**
         * Delete a store
         * @description For keys that are for all stores. Its webhooks go with it and what they wait for is cancelled. The store `default` cannot be deleted.
         */
        delete: operations["deleteStore"];
        options?: never;
        head?: never;
        /**
         * Change a store
         * @description What is absent stays. A changed profile holds for every attempt from then on, and a changed egress for every new connection; connections from before it are let go. Only a key that is for all stores may change egress.
         */
        patch: operations["updateStore"];
        trace?: never;
    };
    "/api/nodes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the nodes that deliver
         * @description Those that the database knows, for keys that are for all stores. One that is lost stays until others have all that it owned.
         */
        get: operations["listNodes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List API keys, oldest first
         * @description Those of the store, without their secrets. Revoked ones are not among them.
         */
        get: operations["listKeys"];
        put?: never;
        /**
         * Create an API key
         * @description The new key belongs to the store that the request is about, and can do no more than the one that makes it: no permission that that one lacks, and not for longer. The answer has the key itself, which is not kept and cannot be read again.
         */
        post: operations["createKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        /** Get an API key, without its secret */
        get: operations["getKey"];
        put?: never;
        post?: never;
        /**
         * Revoke an API key
         * @description It is refused from then on, on other nodes within a second. Keys that it has made stay. A key may revoke itself.
         */
        delete: operations["revokeKey"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List webhooks, by id */
        get: operations["listWebhooks"];
        put?: never;
        /** Register a webhook */
        post: operations["createWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/webhooks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        /** Get a webhook, without its secret */
        get: operations["getWebhook"];
        put?: never;
        post?: never;
        /** Delete a webhook */
        delete: operations["deleteWebhook"];
        options?: never;
        head?: never;
        /**
         * Change a webhook
         * @description What is absent stays. `"retryPolicy": null` goes back to the store's policy, or else the profile's. `"isActive": false` deactivates: no new deliveries, and those that wait, wait on. `"isActive": true` clears inactiveReason.
         */
        patch: operations["updateWebhook"];
        trace?: never;
    };
    "/api/webhooks/{id}/secret": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        /** Reveal a webhook's secrets and headers */
        get: operations["revealWebhookSecret"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/webhooks/{id}/compare-secret": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Tell whether a webhook has a secret and headers
         * @description Nothing confidential is in the answer, so that nothing is revealed and the audit log has nothing to tell.
         */
        post: operations["compareWebhookSecret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/webhooks/{id}/rotate-secret": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a webhook a new secret
         * @description The old secret signs too until the grace period is over.
         */
        post: operations["rotateWebhookSecret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/webhooks/{id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a test event to a webhook
         * @description Emits the catalogue's example of the type to this webhook alone, as an ordinary delivery.
         */
        post: operations["testWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/webhooks/{id}/health": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        /**
         * Tell how it stands with a webhook's receiver
         * @description What the node that answers has seen since it started; only `failingSince` and what follows from it is known to all nodes.
         */
        get: operations["getWebhookHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/webhooks/filter/dry-run": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Try a filter on past events
         * @description Tells which of the latest events a webhook with this filter would have got. Changes nothing.
         */
        post: operations["tryFilter"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/webhooks/{id}/filter": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        /** What decides which events a webhook gets */
        get: operations["getWebhookFilter"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/webhooks/{id}/filter/dry-run": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Try a filter on a webhook's past events
         * @description Tells which of the latest events of the webhook's types it would have got with this filter, or with its own where none is given. Changes nothing.
         */
        post: operations["tryWebhookFilter"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/webhooks/{id}/ledger": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        /**
         * Account for a webhook's deliveries, day by day
         * @description For each day, in UTC, on which events that the webhook wanted were emitted: how many, and what has become of them by now. The last 30 days unless from and to say otherwise, at most 366.
         */
        get: operations["getWebhookLedger"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/webhooks/{id}/recover": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Recover what a webhook has missed
         * @description Makes everything pending again that this webhook missed: deliveries that are dead, cancelled or skipped (but for those that a newer one replaced), were made before `until`, and came to an end at `since` or later.
         */
        post: operations["recoverWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/webhooks/{id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Replay events to a webhook
         * @description Makes deliveries of events that this webhook wants and was never sent, in the order of the events: for a webhook that was added later, or wanted others then.
         */
        post: operations["replayWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/webhooks/{id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        /** List a webhook's deliveries, newest first */
        get: operations["listWebhookDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/stores/{id}/jwks.json": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        /**
         * The Ed25519 keys that verify a store's deliveries
         * @description A JSON Web Key Set (RFC 7517, RFC 8037) for everyone. A store that is not there has an empty one.
         */
        get: operations["getPublicKeys"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/event-types": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List event types, by name
         * @description Those of the store's profile and its own. The schemas of former versions are left out.
         */
        get: operations["listEventTypes"];
        put?: never;
        /** Add an event type */
        post: operations["createEventType"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/event-types/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example order.paid */
                name: components["parameters"]["EventTypeName"];
            };
            cookie?: never;
        };
        /** Get an event type, with all versions */
        get: operations["getEventType"];
        /**
         * Add or replace an event type
         * @description What is left out goes, but for the schema and its versions. One of the profile's keeps its place in it.
         */
        put: operations["putEventType"];
        post?: never;
        /**
         * Delete an event type
         * @description One of the profile's is as the profile has it again. Webhooks that subscribe to it stay as they are.
         */
        delete: operations["deleteEventType"];
        options?: never;
        head?: never;
        /**
         * Change an event type
         * @description What is absent stays. A schema that says something else than the current one becomes a new version, if it is compatible: else the answer is 409 with all places, unless `force` is true.
         */
        patch: operations["updateEventType"];
        trace?: never;
    };
    "/api/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List events, newest first */
        get: operations["listEvents"];
        put?: never;
        /** Emit an event */
        post: operations["emitEvent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/events/batch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Emit up to 1000 events in one transaction
         * @description An invalid event refuses the whole batch; the problem's pointer names it.
         */
        post: operations["emitEvents"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/events/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Listen to a store's events
         * @description Server-sent events, for as long as the connection lasts: of each event that is committed, the request that a receiver is to get, signed as it is sent. `billhook listen` forwards them to an address on the developer's machine.
         *
         *     The `id` of a message is a cursor behind it. Whoever connects again with the last one as `after`, or in the header `Last-Event-ID`, on whatever node, misses no event and gets none twice.
         *
         *     The messages, by the name in `event`, and the schema of their `data`: `start`, the first, StreamStart; `event`, StreamEvent; `gone`, an event of which nothing is kept to be sent, StreamGone; `beat`, a sign of life after 10 s without another, whose cursor moves on with events that are not for this listener, StreamBeat; `end`, why the stream is over, Problem.
         */
        get: operations["streamEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/events/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        /** Get an event */
        get: operations["getEvent"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/activity": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Tell what has happened over time
         * @description How many deliveries were acknowledged, attempts failed and deliveries were given up, how many waited, and how long it took, step by step. The last hour unless from and to say otherwise; eight days are kept. It is a statistic: of the last seconds before a crash it has nothing, and what other nodes did comes some seconds later, or minutes with thousands of busy stores. The ledger is exact.
         */
        get: operations["getActivity"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List deliveries, newest first */
        get: operations["listDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/deliveries/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        /** Get a delivery with its attempts */
        get: operations["getDelivery"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/deliveries/{id}/request": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        /**
         * Get the request of a delivery
         * @description What is sent, made anew by what sends it: as the last attempt was, if the webhook has not been changed since, or as it would be sent now. The values of signatures, and of the headers that the webhook adds, are told nobody. It answers 409 where the payload is no longer kept or the webhook was deleted.
         */
        get: operations["getDeliveryRequest"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/deliveries/{id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make a delivery due now
         * @description One that is over gets all the attempts of its policy again; one that waits, waits no more.
         */
        post: operations["retryDelivery"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/deliveries/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Retry deliveries by a filter
         * @description Makes deliveries pending again that are over, in the background, at a rate. Without a filter it means all of the store's dead ones. Each is taken once, and those that came to an end after this call are not meant.
         */
        post: operations["retryDeliveries"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/recoveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List recoveries, newest first */
        get: operations["listRecoveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/recoveries/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        /** Show a recovery and how far it has come */
        get: operations["getRecovery"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/recoveries/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel a recovery
         * @description What is queued already is delivered; the rest is left as it is. One that is over stays what it is.
         */
        post: operations["cancelRecovery"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/erasures": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List erasures, newest first */
        get: operations["listErasures"];
        put?: never;
        /**
         * Erase what payloads say of an entity
         * @description The data of all events accepted until now that are about the entity, or that it caused, goes, and the answers to their deliveries; deliveries of them that wait are cancelled. The records stay. It goes on in the background; asked for again meanwhile, the one at work is answered.
         */
        post: operations["createErasure"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/erasures/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        /** Get an erasure, and how far it is */
        get: operations["getErasure"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/portal-sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let a merchant into the portal of a store
         * @description The answer's `token` is for `<billhook-portal>`; its `url` opens the same pages as a whole. Both let in whoever has them, until they expire or the API key that made them is revoked. The key needs what it hands on: `webhooks:read` and `deliveries:read` for `read`, `webhooks:manage` for `manage`, `deliveries:retry` for `replay`. The token is for the dashboard's pages of this store alone, and no API key.
         */
        post: operations["createPortalSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the audit log, newest first
         * @description Every event is its own entry; what is done in Billhook itself, every change, reveal and retry, has entries too. An `event` that is one of Billhook's own names (`webhooks.update` and its like) finds only what was done in Billhook itself.
         */
        get: operations["listAudit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/audit/{entityType}/{entityId}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                entityType: string;
                /** @description Any text, percent-encoded. */
                entityId: string;
            };
            cookie?: never;
        };
        /** List the audit log of one entity, newest first */
        get: operations["listEntityAudit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v2/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List webhooks, by id
         * @description The same as at /api/webhooks.
         */
        get: operations["listWebhooksV2"];
        put?: never;
        /**
         * Register a webhook
         * @description The same as at /api/webhooks.
         */
        post: operations["createWebhookV2"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v2/webhooks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        /**
         * Get a webhook, without its secret
         * @description The same as at /api/webhooks.
         */
        get: operations["getWebhookV2"];
        put?: never;
        post?: never;
        /**
         * Delete a webhook
         * @description The same as at /api/webhooks.
         */
        delete: operations["deleteWebhookV2"];
        options?: never;
        head?: never;
        /**
         * Change a webhook
         * @description The same as at /api/webhooks.
         */
        patch: operations["updateWebhookV2"];
        trace?: never;
    };
    "/v2/webhooks/{id}/secret": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        /**
         * Reveal a webhook's secrets and headers
         * @description The same as at /api/webhooks.
         */
        get: operations["revealWebhookSecretV2"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v2/webhooks/{id}/compare-secret": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Tell whether a webhook has a secret and headers
         * @description The same as at /api/webhooks.
         */
        post: operations["compareWebhookSecretV2"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v2/webhooks/{id}/rotate-secret": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a webhook a new secret
         * @description The same as at /api/webhooks.
         */
        post: operations["rotateWebhookSecretV2"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v2/webhooks/{id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a test event to a webhook
         * @description The same as at /api/webhooks.
         */
        post: operations["testWebhookV2"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v2/webhooks/{id}/health": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        /**
         * Tell how it stands with a webhook's receiver
         * @description The same as at /api/webhooks.
         */
        get: operations["getWebhookHealthV2"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v2/webhooks/filter/dry-run": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Try a filter on past events
         * @description Tells which of the latest events a webhook with this filter would have got. Changes nothing.
         */
        post: operations["tryFilterV2"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v2/webhooks/{id}/filter": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        /** What decides which events a webhook gets */
        get: operations["getWebhookFilterV2"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v2/webhooks/{id}/filter/dry-run": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Try a filter on a webhook's past events
         * @description Tells which of the latest events of the webhook's types it would have got with this filter, or with its own where none is given. Changes nothing.
         */
        post: operations["tryWebhookFilterV2"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v2/webhooks/{id}/ledger": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        /**
         * Account for a webhook's deliveries, day by day
         * @description The same as at /api/webhooks.
         */
        get: operations["getWebhookLedgerV2"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v2/webhooks/{id}/recover": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Recover what a webhook has missed
         * @description The same as at /api/webhooks.
         */
        post: operations["recoverWebhookV2"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v2/webhooks/{id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Replay events to a webhook
         * @description The same as at /api/webhooks.
         */
        post: operations["replayWebhookV2"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v2/webhooks/{id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        /**
         * List a webhook's deliveries, newest first
         * @description The same as at /api/webhooks.
         */
        get: operations["listWebhookDeliveriesV2"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * @example {
         *       "status": "ok",
         *       "version": "1.0.0"
         *     }
         */
        Health: {
            /** @constant */
            status: "ok";
            version: string;
        };
        Readiness: {
            /** @constant */
            status: "ready";
        };
        /** @description RFC 9457 problem details. */
        Problem: {
            /**
             * Format: uri
             * @description urn:billhook:problem: and the code.
             */
            type: string;
            title: string;
            status: number;
            /**
             * @description For programs; never changes its meaning.
             * @enum {string}
             */
            code: "invalid" | "invalid_json" | "too_deep" | "inexact_number" | "too_large" | "too_slow" | "unknown_event_type" | "url_refused" | "not_found" | "duplicate" | "idempotency_key_reuse" | "conflict" | "unavailable" | "unauthorized" | "forbidden" | "method_not_allowed" | "misdirected" | "unsupported_media_type" | "rate_limited" | "schema_mismatch" | "breaking_change" | "session_ended" | "internal";
            /** @description What is wrong, for people. */
            detail: string;
            /** @description JSON Pointer (RFC 6901) of the bad member of the body. */
            pointer?: string;
            /** @description Name of the bad query parameter or header. */
            parameter?: string;
            /** @description What to do about it. */
            hint?: string;
            /** @description All that is wrong, where there may be more than one thing; at most 20. */
            errors?: {
                pointer: string;
                detail: string;
            }[];
            requestId?: string;
        };
        /**
         * @example {
         *       "id": "shop-42",
         *       "name": "Shop 42",
         *       "profile": "standard",
         *       "retryPolicy": null,
         *       "limits": {
         *         "ratePerSecond": null,
         *         "concurrency": null
         *       },
         *       "deactivateAfterSeconds": null,
         *       "validation": "off",
         *       "egress": null,
         *       "retention": {
         *         "payloadDays": 30,
         *         "attemptDays": 90
         *       },
         *       "createdAt": "2026-03-15T10:30:00.000Z",
         *       "updatedAt": "2026-03-15T10:30:00.000Z"
         *     }
         */
        Store: {
            id: string;
            name: string;
            /** @description The wire profile of the store's deliveries. */
            profile: string;
            /** @description For all webhooks without one of their own; null where the profile's is followed. */
            retryPolicy: components["schemas"]["RetryPolicy"] | null;
            limits: components["schemas"]["Limits"];
            /** @description For how long nothing but failures make one of its webhooks inactive; 0 and null for never. */
            deactivateAfterSeconds: number | null;
            /**
             * @description What comes of an event whose data is not as its type's schema wants it: nobody looks, it is accepted and counted, or it is refused.
             * @enum {string}
             */
            validation: "off" | "warn" | "enforce";
            /** @description Narrows where the store's webhooks may lead; null for what the deployment allows. */
            egress: components["schemas"]["Egress"] | null;
            retention: components["schemas"]["Retention"] | null;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
        };
        /**
         * @example {
         *       "only": [
         *         "*.partner.example"
         *       ],
         *       "ports": [
         *         443
         *       ]
         *     }
         */
        Egress: {
            only?: string[];
            deny?: string[];
            ports?: number[];
        };
        /**
         * @description Narrows where the store's webhooks may lead, at registration and at every new connection, in place of all that there is; null does away with it. It opens nothing. Entries are prefixes of addresses (`10.0.0.0/8`), addresses, hosts (`hooks.example.com`) and `*.example.com` for all hosts below one. Only keys that are for all stores may say it.
         * @example {
         *       "only": [
         *         "*.partner.example"
         *       ],
         *       "deny": [
         *         "203.0.113.0/24"
         *       ],
         *       "ports": [
         *         443
         *       ]
         *     }
         */
        NewEgress: {
            /** @description All that may be dialled. */
            only?: string[] | null;
            /** @description What may not be dialled, whatever only says. A host closes that name, and not its addresses. */
            deny?: string[] | null;
            /** @description All that may be dialled. */
            ports?: number[] | null;
        } | null;
        StoreList: {
            data: components["schemas"]["Store"][];
            /** @description Of the next page; null on the last. */
            nextCursor: string | null;
        };
        /**
         * @example {
         *       "id": "shop-42",
         *       "name": "Shop 42",
         *       "profile": "litestore"
         *     }
         */
        NewStore: {
            id: string;
            name?: string | null;
            /** @description Default: the server's. */
            profile?: string | null;
            retryPolicy?: components["schemas"]["NewRetryPolicy"];
            limits?: components["schemas"]["NewLimits"];
            /** @description For webhooks that choose none: 600 (10 minutes) to 31536000 (a year), 0 for never. Default: never. The field's habit is 432000 (5 days). */
            deactivateAfterSeconds?: number | null;
            /**
             * @description Default: off.
             * @enum {string|null}
             */
            validation?: "off" | "warn" | "enforce" | null;
            egress?: components["schemas"]["NewEgress"];
            retention?: components["schemas"]["Retention"] | null;
        };
        /**
         * @example {
         *       "profile": "commerce-engine"
         *     }
         * @example {
         *       "retryPolicy": "three-days"
         *     }
         * @example {
         *       "egress": {
         *         "only": [
         *           "*.partner.example"
         *         ],
         *         "ports": [
         *           443
         *         ]
         *       }
         *     }
         * @example {
         *       "retention": {
         *         "payloadDays": 30
         *       }
         *     }
         */
        StoreChange: {
            name?: string;
            profile?: string;
            retryPolicy?: components["schemas"]["NewRetryPolicy"];
            limits?: components["schemas"]["NewLimits"];
            /** @description For webhooks that choose none: 600 (10 minutes) to 31536000 (a year), 0 for never. Default: never. The field's habit is 432000 (5 days). */
            deactivateAfterSeconds?: number | null;
            /** @enum {string} */
            validation?: "off" | "warn" | "enforce";
            egress?: components["schemas"]["NewEgress"];
            /** @description Takes the place of the whole; null leaves all to the deployment. */
            retention?: components["schemas"]["Retention"] | null;
        };
        /** @description How many days something is kept after its event was accepted. What is absent, null or 0 is as the deployment has it; 36500 is for ever. */
        Retention: {
            /** @description The data of events. Their records stay. */
            payloadDays?: number | null;
            /** @description Deliveries that are over, with their attempts. */
            attemptDays?: number | null;
            /** @description The audit log, the records of events with it. They are kept as long as the other two at least. */
            auditDays?: number | null;
        };
        /**
         * @example {
         *       "id": "era_01kdx40b2e",
         *       "entity": {
         *         "type": "customer",
         *         "id": "c_1001"
         *       },
         *       "status": "running",
         *       "events": 0,
         *       "createdAt": "2026-03-15T10:30:00.000Z",
         *       "finishedAt": null
         *     }
         */
        Erasure: {
            id: string;
            entity: components["schemas"]["Reference"];
            /** @enum {unknown} */
            status: "running" | "finished";
            /** @description How many events' data it has erased so far. */
            events: number;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            finishedAt: string | null;
        };
        ErasureList: {
            data: components["schemas"]["Erasure"][];
            /** @description Of the next page; null on the last. */
            nextCursor: string | null;
        };
        /**
         * @example {
         *       "entity": {
         *         "type": "customer",
         *         "id": "c_1001"
         *       }
         *     }
         */
        NewErasure: {
            entity: components["schemas"]["NewReference"];
        };
        /**
         * @description `webhooks:manage` includes `webhooks:read`, and `*` all of them.
         * @enum {unknown}
         */
        Permission: "webhooks:manage" | "webhooks:read" | "events:emit" | "deliveries:read" | "deliveries:retry" | "audit:read" | "stores:manage" | "keys:manage" | "*";
        /**
         * @example {
         *       "id": "key_01jpc8ry10e4sj2x0v9m3ta7qd",
         *       "name": "warehouse",
         *       "prefix": "bhk_K7QXN2MZP4WD",
         *       "permissions": [
         *         "webhooks:read",
         *         "deliveries:read"
         *       ],
         *       "storeId": "shop-42",
         *       "createdAt": "2026-03-15T10:30:00.000Z",
         *       "expiresAt": null
         *     }
         */
        ApiKey: {
            id: string;
            name: string;
            /** @description What the key begins with, to recognise it by. */
            prefix: string;
            permissions: components["schemas"]["Permission"][];
            /** @description null for a key that is for all stores. */
            storeId: string | null;
            /** Format: date-time */
            createdAt: string;
            /**
             * Format: date-time
             * @description From when on it is refused; null for never.
             */
            expiresAt: string | null;
        };
        /**
         * @example {
         *       "id": "key_01jpc8ry10e4sj2x0v9m3ta7qd",
         *       "name": "warehouse",
         *       "prefix": "bhk_K7QXN2MZP4WD",
         *       "permissions": [
         *         "webhooks:read",
         *         "deliveries:read"
         *       ],
         *       "storeId": "shop-42",
         *       "createdAt": "2026-03-15T10:30:00.000Z",
         *       "expiresAt": null,
         *       "key": "bhk_K7QXN2MZP4WD_3VJ6Y5QHZTB2MNX4CRS7LKWDPGFAE3VJ6Y5QHZTB2MNX4CRS7LKW"
         *     }
         */
        ApiKeyWithSecret: {
            id: string;
            name: string;
            /** @description What the key begins with, to recognise it by. */
            prefix: string;
            permissions: components["schemas"]["Permission"][];
            /** @description null for a key that is for all stores. */
            storeId: string | null;
            /** Format: date-time */
            createdAt: string;
            /**
             * Format: date-time
             * @description From when on it is refused; null for never.
             */
            expiresAt: string | null;
            /** @description What to send as x-api-key. Shown here alone. */
            key: string;
        };
        ApiKeyList: {
            data: components["schemas"]["ApiKey"][];
            /** @description Of the next page; null on the last. */
            nextCursor: string | null;
        };
        /**
         * @example {
         *       "name": "warehouse",
         *       "permissions": [
         *         "webhooks:read",
         *         "deliveries:read"
         *       ],
         *       "expiresAt": "2027-01-01T00:00:00Z"
         *     }
         */
        NewApiKey: {
            name: string;
            permissions: components["schemas"]["Permission"][];
            /**
             * Format: date-time
             * @description From when on it is refused. Default: when the key that makes it expires, if it does.
             */
            expiresAt?: string | null;
            /**
             * @description For all stores; only for a key that is so too.
             * @default false
             */
            allStores: boolean | null;
        };
        /**
         * @example {
         *       "capabilities": [
         *         "read",
         *         "manage",
         *         "replay"
         *       ],
         *       "expiresIn": 3600,
         *       "actor": {
         *         "type": "user",
         *         "id": "anna"
         *       },
         *       "language": "de"
         *     }
         */
        NewPortalSession: {
            /** @description `read`: see webhooks, events and deliveries. `manage`: also register, change, test and delete webhooks, and see their secrets. `replay`: also send deliveries once more. */
            capabilities: ("read" | "manage" | "replay")[];
            /**
             * @description Seconds that it lasts; never longer than the API key.
             * @default 3600
             */
            expiresIn: number | null;
            /** @description Who the audit log names for what is done in the session: your user. The types `apiKey`, `portalSession` and `system` are refused. Default: the session itself. */
            actor?: components["schemas"]["NewReference"] | null;
            /** @description That of the pages, like `de`. Default: what the browser asks for. */
            language?: string | null;
            /**
             * @description Default: what the viewer's system has.
             * @enum {unknown}
             */
            theme?: "light" | "dark" | null;
        };
        /**
         * @example {
         *       "id": "pts_01jpc8ry10e4sj2x0v9m3ta7qd",
         *       "token": "eyJpZCI6InB0c18wMWpwYzhyeTEwZTRzajJ4MHY5bTN0YTdxZCJ9.xNq6sWlyT4hDk2rTzC5vQzjAqz9n1d8pYb0c7eRk3uM",
         *       "url": "https://hooks.example/portal#eyJpZCI6InB0c18wMWpwYzhyeTEwZTRzajJ4MHY5bTN0YTdxZCJ9.xNq6sWlyT4hDk2rTzC5vQzjAqz9n1d8pYb0c7eRk3uM",
         *       "expiresAt": "2026-03-15T11:30:00.000Z"
         *     }
         */
        PortalSession: {
            /** @description Names it in the audit log. */
            id: string;
            /** @description For `<billhook-portal>`. */
            token: string;
            /**
             * Format: uri
             * @description Opens the portal as a page of its own. The token stands behind its #, which browsers send to nobody.
             */
            url: string;
            /**
             * Format: date-time
             * @description From when on it is refused.
             */
            expiresAt: string;
        };
        /**
         * @example {
         *       "maxAttempts": 5,
         *       "backoffMultiplier": 2,
         *       "initialDelay": 1000,
         *       "maxDelay": 30000,
         *       "jitter": 0,
         *       "firstExponent": 0,
         *       "retryOn": "any"
         *     }
         */
        RetryPolicy: {
            /** @description All attempts, the first included. */
            maxAttempts: number;
            backoffMultiplier: number;
            /** @description Milliseconds. */
            initialDelay: number;
            /** @description Milliseconds. */
            maxDelay: number;
            /** @description The share of a delay that chance may take off it. */
            jitter: number;
            /** @description The multiplier's exponent in the first delay. */
            firstExponent: number;
            /**
             * @description any: whatever went wrong; server-errors: 5xx, no answer, or one of retryCodes; listed: no answer, or one of retryCodes.
             * @enum {string}
             */
            retryOn: "any" | "server-errors" | "listed";
            /** @description Milliseconds: the delays themselves, in place of the backoff. */
            delays?: number[];
            /** @description Milliseconds, from 1000: an event older than this is not tried again. Default: no bound. */
            maxAge?: number;
            /** @description Milliseconds that one attempt may take, from 100. Default: the profile's. */
            timeout?: number;
            /** @description Status codes that are tried again, as retryOn has it. */
            retryCodes?: number[];
        };
        /**
         * @description The name of a preset, or members; those left out are of the policy that holds without this one: for a webhook the store's or else its profile's, for a store its profile's. Answers have all of it.
         * @example three-days
         * @example {
         *       "maxAttempts": 5,
         *       "backoffMultiplier": 2,
         *       "initialDelay": 1000
         *     }
         * @example {
         *       "delays": [
         *         5000,
         *         300000,
         *         7200000
         *       ],
         *       "maxAge": 86400000
         *     }
         */
        NewRetryPolicy: ("seconds" | "five" | "three-days") | ({
            /** @description All attempts, the first included. */
            maxAttempts?: number;
            backoffMultiplier?: number;
            /** @description Milliseconds. */
            initialDelay?: number;
            /** @description Milliseconds. */
            maxDelay?: number;
            /** @description The share of a delay that chance may take off it. */
            jitter?: number;
            /** @description The multiplier's exponent in the first delay. */
            firstExponent?: number;
            /**
             * @description any: whatever went wrong; server-errors: 5xx, no answer, or one of retryCodes; listed: no answer, or one of retryCodes.
             * @enum {string}
             */
            retryOn?: "any" | "server-errors" | "listed";
            /** @description Milliseconds: the delays themselves, in place of the backoff. */
            delays?: number[] | null;
            /** @description Milliseconds, from 1000: an event older than this is not tried again. Default: no bound. */
            maxAge?: number | null;
            /** @description Milliseconds that one attempt may take, from 100. Default: the profile's. */
            timeout?: number | null;
            /** @description Status codes that are tried again, as retryOn has it. */
            retryCodes?: number[] | null;
        } | null);
        /**
         * @example {
         *       "id": "wh_01kdx3y8m5q4",
         *       "storeId": "default",
         *       "url": "https://shop.example.com/hooks",
         *       "events": [
         *         "order.paid",
         *         "customer.*"
         *       ],
         *       "name": "ERP",
         *       "description": "",
         *       "isActive": true,
         *       "inactiveReason": null,
         *       "retryPolicy": null,
         *       "headers": {},
         *       "overlapSignature": "old",
         *       "order": "none",
         *       "coalesce": {
         *         "latest": []
         *       },
         *       "batch": null,
         *       "whenInactive": null,
         *       "held": {
         *         "maxCount": 1000000,
         *         "maxAgeSeconds": 2592000
         *       },
         *       "heldDeliveries": null,
         *       "publicKey": null,
         *       "limits": {
         *         "ratePerSecond": null,
         *         "concurrency": null
         *       },
         *       "deactivateAfterSeconds": null,
         *       "filter": "data.total > 100",
         *       "eventVersions": {},
         *       "tls": null,
         *       "traceContext": false,
         *       "createdAt": "2026-03-15T10:30:00.000Z",
         *       "updatedAt": "2026-03-15T10:30:00.000Z"
         *     }
         */
        Webhook: {
            id: string;
            storeId: string;
            url: string;
            events: string[];
            name: string;
            description: string;
            isActive: boolean;
            /** @description Why Billhook has made the webhook inactive, such as an answer 410; null where it is active, or somebody has deactivated it. */
            inactiveReason: string | null;
            /** @description null where the store's policy, or else the profile's, is followed. */
            retryPolicy: components["schemas"]["RetryPolicy"] | null;
            /** @description The names of the headers. In place of each value is `***`, since it may be a credential; the explicit reveal has the values. */
            headers: {
                [key: string]: string;
            };
            /**
             * @description Which secret signs the profile's own header while a rotation overlaps.
             * @enum {string}
             */
            overlapSignature: "old" | "new";
            /**
             * @description entity: what is about one entity is sent in the order of its sequence, each delivery once the one before is over.
             * @enum {string}
             */
            order: "none" | "entity";
            /** @description Event types of which only the newest waiting delivery about an entity is sent; the others are skipped. */
            coalesce: {
                latest: string[];
            };
            /** @description How deliveries are sent together; null where each is sent by itself. */
            batch: components["schemas"]["Batching"] | null;
            /**
             * @description What becomes of events while the webhook is not active: skip, it does not get them; hold, it gets them when it is active again; null, held where Billhook itself made it inactive, and else skipped.
             * @enum {string|null}
             */
            whenInactive: "skip" | "hold" | null;
            /** @description How many deliveries are held at most, and for how long. Beyond that the oldest are skipped. */
            held: {
                maxCount: number;
                maxAgeSeconds: number;
            };
            /** @description What is being done with what was held, since the webhook is active again; null when that is through. */
            heldDeliveries: {
                /** @enum {unknown} */
                action: "deliver" | "drop";
                ratePerSecond: number | null;
                /** Format: date-time */
                startedAt: string;
            } | null;
            /** @description The Ed25519 key that verifies the v1a signatures; null where there are none. Those of the whole store, and old ones while a rotation overlaps, are at /api/stores/{id}/jwks.json. */
            publicKey: string | null;
            limits: components["schemas"]["Limits"];
            /** @description For how long nothing but failures make it inactive; 0 for never, null where the store's is followed. */
            deactivateAfterSeconds: number | null;
            /** @description An expression (CEL) over an event: the webhook gets those alone of which it is true. null for none. */
            filter: string | null;
            /** @description Event types that are pinned to a version of theirs, by name. */
            eventVersions: {
                [key: string]: number;
            };
            /** @description The webhook's own certificate authorities and client certificate; null for what holds for all. */
            tls: components["schemas"]["Tls"] | null;
            /** @description Each delivery tells the receiver its place in the trace of the event, in a header `traceparent` (W3C Trace Context). */
            traceContext: boolean;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
        };
        /**
         * @description PEM. Of the key there is only `***`.
         * @example {
         *       "caCertificates": "-----BEGIN CERTIFICATE-----\nMIIB…\n-----END CERTIFICATE-----\n"
         *     }
         */
        Tls: {
            /** @description The authorities whose word alone counts for the receiver. Default: those of the system. */
            caCertificates?: string;
            /** @description Shown to a receiver that asks for one (mTLS). */
            clientCertificate?: string;
            /** @constant */
            clientKey?: "***";
        };
        /**
         * @description How the receiver of an https:// URL is recognised, and what is shown to it, in place of all that there is; null for what holds for all. Connections made with it are this webhook's alone. Certificates must be valid, and the key fit the certificate; what is around the blocks of PEM is not kept.
         * @example {
         *       "clientCertificate": "-----BEGIN CERTIFICATE-----\nMIIB…\n-----END CERTIFICATE-----\n",
         *       "clientKey": "***"
         *     }
         */
        NewTls: {
            /** @description Certificates of authorities, in PEM. Only their word counts for the receiver. Default: the system's authorities. */
            caCertificates?: string | null;
            /** @description Shown to a receiver that asks for one (mTLS): PEM, with the chain behind it if there is one. Wants a clientKey. */
            clientCertificate?: string | null;
            /** @description The private key of clientCertificate, in PEM, not encrypted, of RSA at most 4096 bits. It is sealed and never shown. In a change `***` keeps the key that there is. */
            clientKey?: string | null;
        } | null;
        /**
         * @example {
         *       "id": "wh_01kdx3y8m5q4",
         *       "storeId": "default",
         *       "url": "https://shop.example.com/hooks",
         *       "events": [
         *         "order.paid",
         *         "customer.*"
         *       ],
         *       "name": "ERP",
         *       "description": "",
         *       "isActive": true,
         *       "inactiveReason": null,
         *       "retryPolicy": null,
         *       "headers": {},
         *       "overlapSignature": "old",
         *       "order": "none",
         *       "coalesce": {
         *         "latest": []
         *       },
         *       "batch": null,
         *       "whenInactive": null,
         *       "held": {
         *         "maxCount": 1000000,
         *         "maxAgeSeconds": 2592000
         *       },
         *       "heldDeliveries": null,
         *       "publicKey": null,
         *       "limits": {
         *         "ratePerSecond": null,
         *         "concurrency": null
         *       },
         *       "deactivateAfterSeconds": null,
         *       "filter": "data.total > 100",
         *       "eventVersions": {},
         *       "tls": null,
         *       "traceContext": false,
         *       "createdAt": "2026-03-15T10:30:00.000Z",
         *       "updatedAt": "2026-03-15T10:30:00.000Z",
         *       "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
         *     }
         */
        WebhookWithSecret: {
            id: string;
            storeId: string;
            url: string;
            events: string[];
            name: string;
            description: string;
            isActive: boolean;
            /** @description Why Billhook has made the webhook inactive, such as an answer 410; null where it is active, or somebody has deactivated it. */
            inactiveReason: string | null;
            /** @description null where the store's policy, or else the profile's, is followed. */
            retryPolicy: components["schemas"]["RetryPolicy"] | null;
            /** @description With their values where the webhook was made; elsewhere `***` is in place of each. */
            headers: {
                [key: string]: string;
            };
            /**
             * @description Which secret signs the profile's own header while a rotation overlaps.
             * @enum {string}
             */
            overlapSignature: "old" | "new";
            /**
             * @description entity: what is about one entity is sent in the order of its sequence, each delivery once the one before is over.
             * @enum {string}
             */
            order: "none" | "entity";
            /** @description Event types of which only the newest waiting delivery about an entity is sent; the others are skipped. */
            coalesce: {
                latest: string[];
            };
            /** @description How deliveries are sent together; null where each is sent by itself. */
            batch: components["schemas"]["Batching"] | null;
            /**
             * @description What becomes of events while the webhook is not active: skip, it does not get them; hold, it gets them when it is active again; null, held where Billhook itself made it inactive, and else skipped.
             * @enum {string|null}
             */
            whenInactive: "skip" | "hold" | null;
            /** @description How many deliveries are held at most, and for how long. Beyond that the oldest are skipped. */
            held: {
                maxCount: number;
                maxAgeSeconds: number;
            };
            /** @description What is being done with what was held, since the webhook is active again; null when that is through. */
            heldDeliveries: {
                /** @enum {unknown} */
                action: "deliver" | "drop";
                ratePerSecond: number | null;
                /** Format: date-time */
                startedAt: string;
            } | null;
            /** @description The Ed25519 key that verifies the v1a signatures; null where there are none. Those of the whole store, and old ones while a rotation overlaps, are at /api/stores/{id}/jwks.json. */
            publicKey: string | null;
            limits: components["schemas"]["Limits"];
            /** @description For how long nothing but failures make it inactive; 0 for never, null where the store's is followed. */
            deactivateAfterSeconds: number | null;
            /** @description An expression (CEL) over an event: the webhook gets those alone of which it is true. null for none. */
            filter: string | null;
            /** @description Event types that are pinned to a version of theirs, by name. */
            eventVersions: {
                [key: string]: number;
            };
            /** @description The webhook's own certificate authorities and client certificate; null for what holds for all. */
            tls: components["schemas"]["Tls"] | null;
            /** @description Each delivery tells the receiver its place in the trace of the event, in a header `traceparent` (W3C Trace Context). */
            traceContext: boolean;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            /** @description Signs the deliveries. Shown here, by rotate-secret and by the explicit reveal. */
            secret: string;
        };
        WebhookList: {
            data: components["schemas"]["Webhook"][];
            /** @description Of the next page; null on the last. */
            nextCursor: string | null;
        };
        /**
         * @example {
         *       "url": "https://shop.example.com/hooks",
         *       "events": [
         *         "order.paid",
         *         "customer.*"
         *       ],
         *       "name": "ERP",
         *       "retryPolicy": {
         *         "maxAttempts": 5,
         *         "backoffMultiplier": 2,
         *         "initialDelay": 1000
         *       }
         *     }
         */
        NewWebhook: {
            /**
             * Format: uri
             * @description An absolute https:// URL with a public host, without user info and fragment.
             */
            url: string;
            /** @description Event types of the store's catalogue, `prefix.*` for all that begin with `prefix.`, or `*` for all. */
            events: string[];
            /** @description Printable ASCII, of at least 10 bytes beside a prefix whsec_. Default: a new one. */
            secret?: string | null;
            name?: string | null;
            description?: string | null;
            /** @description Default: true. */
            isActive?: boolean | null;
            /** @description Another name for isActive. */
            active?: boolean | null;
            retryPolicy?: components["schemas"]["NewRetryPolicy"];
            limits?: components["schemas"]["NewLimits"];
            /** @description For how long nothing but failures make the webhook inactive: 600 (10 minutes) to 31536000 (a year), 0 for never. Default: the store's. */
            deactivateAfterSeconds?: number | null;
            /** @description Static headers of every delivery. Those that Billhook sets itself are refused. */
            headers?: {
                [key: string]: string;
            } | null;
            /**
             * @description Which secret signs the profile's own header while a rotation overlaps: old lets a receiver that has but the old one go on until the overlap ends. Default: old.
             * @enum {string|null}
             */
            overlapSignature?: "old" | "new" | null;
            /**
             * @description What becomes of events while the webhook is not active: skip, it does not get them; hold, it gets them when it is active again. Default: held where Billhook itself made it inactive, and else skipped.
             * @enum {string|null}
             */
            whenInactive?: "skip" | "hold" | null;
            /** @description How many deliveries are held at most, and for how long. Beyond that the oldest are skipped. */
            held?: {
                /** @description Default: 1,000,000. */
                maxCount?: number;
                /** @description After a delivery was due. Default: 2,592,000 (30 days). */
                maxAgeSeconds?: number;
            } | null;
            /** @description Sign with an Ed25519 key pair too, beside the secret. Default: false. */
            ed25519?: boolean | null;
            /** @description An expression (CEL) over `data`, `type`, `entity` and `event`: the webhook gets those events alone of which it is true, and none for which it has no value. Default: none. */
            filter?: string | null;
            /** @description Pins event types to a version: the webhook gets events of that version, and of later ones up to the next breaking change. Default: the current versions. */
            eventVersions?: {
                [key: string]: number;
            } | null;
            /**
             * @description entity: what is about one entity is sent in the order of its sequence, each delivery once the one before is delivered, dead or skipped. It holds for events that are accepted from then on. Default: none.
             * @enum {string|null}
             */
            order?: "none" | "entity" | null;
            /** @description Event types of which only the newest is worth sending. Default: none. */
            coalesce?: components["schemas"]["NewCoalesce"] | null;
            /** @description Has deliveries sent together, as a JSON array of envelopes. Default: each by itself. */
            batch?: components["schemas"]["NewBatching"] | null;
            tls?: components["schemas"]["NewTls"];
            /** @description Each delivery tells the receiver its place in the trace of the event, in a header `traceparent` (W3C Trace Context). Default: false. */
            traceContext?: boolean | null;
            /** @description Default: a new one. */
            id?: string | null;
        };
        /**
         * @example {
         *       "isActive": false
         *     }
         */
        WebhookChange: {
            /**
             * Format: uri
             * @description An absolute https:// URL with a public host, without user info and fragment.
             */
            url?: string;
            /** @description Event types of the store's catalogue, `prefix.*` for all that begin with `prefix.`, or `*` for all. */
            events?: string[];
            name?: string | null;
            description?: string | null;
            isActive?: boolean;
            /** @description Another name for isActive. */
            active?: boolean;
            retryPolicy?: components["schemas"]["NewRetryPolicy"];
            limits?: components["schemas"]["NewLimits"];
            /** @description For how long nothing but failures make the webhook inactive: 600 (10 minutes) to 31536000 (a year), 0 for never. Default: the store's. */
            deactivateAfterSeconds?: number | null;
            /** @description Static headers of every delivery, in place of all that there are. Those that Billhook sets itself are refused. The value `***` keeps what the header has. */
            headers?: {
                [key: string]: string;
            } | null;
            /**
             * @description Which secret signs the profile's own header while a rotation overlaps: old lets a receiver that has but the old one go on until the overlap ends. Default: old.
             * @enum {string|null}
             */
            overlapSignature?: "old" | "new" | null;
            /**
             * @description What becomes of events while the webhook is not active: skip, it does not get them; hold, it gets them when it is active again. Default: held where Billhook itself made it inactive, and else skipped.
             * @enum {string|null}
             */
            whenInactive?: "skip" | "hold" | null;
            /** @description How many deliveries are held at most, and for how long. Beyond that the oldest are skipped. */
            held?: {
                /** @description Default: 1,000,000. */
                maxCount?: number;
                /** @description After a delivery was due. Default: 2,592,000 (30 days). */
                maxAgeSeconds?: number;
            } | null;
            /** @description With isActive true: what becomes of what is held. It is delivered in the order of its times, before anything newer, or skipped. While that is under way, it can be changed. */
            heldDeliveries?: {
                /**
                 * @description Default: deliver.
                 * @enum {unknown}
                 */
                action?: "deliver" | "drop";
                /** @description How many are sent a second at most, from 0.001. Default: 0, as many as the receiver takes. */
                ratePerSecond?: number | null;
            };
            /** @description true makes a key pair where there is none; false does away with it. */
            ed25519?: boolean;
            /** @description An expression (CEL) over `data`, `type`, `entity` and `event`: the webhook gets those events alone of which it is true, and none for which it has no value. Default: none. */
            filter?: string | null;
            /** @description Pins event types to a version: the webhook gets events of that version, and of later ones up to the next breaking change. Default: the current versions. */
            eventVersions?: {
                [key: string]: number;
            } | null;
            /**
             * @description entity: what is about one entity is sent in the order of its sequence, each delivery once the one before is delivered, dead or skipped. It holds for events that are accepted from then on. Default: none.
             * @enum {string|null}
             */
            order?: "none" | "entity" | null;
            /** @description Event types of which only the newest is worth sending. Default: none. */
            coalesce?: components["schemas"]["NewCoalesce"] | null;
            /** @description Has deliveries sent together, as a JSON array of envelopes. Default: each by itself. */
            batch?: components["schemas"]["NewBatching"] | null;
            tls?: components["schemas"]["NewTls"];
            /** @description Each delivery tells the receiver its place in the trace of the event, in a header `traceparent` (W3C Trace Context). */
            traceContext?: boolean;
        };
        /**
         * @example {
         *       "maxEvents": 100,
         *       "maxWaitMs": 1000,
         *       "maxBytes": 262144
         *     }
         */
        Batching: {
            maxEvents: number;
            maxWaitMs: number;
            maxBytes: number;
        };
        /**
         * @description All of it is replaced. `webhook-id` is the batch's then, and each envelope has its event's id.
         * @example {
         *       "maxEvents": 100,
         *       "maxWaitMs": 1000
         *     }
         */
        NewBatching: {
            /** @description How many events a request has at the most: 2 to 100; 0 for no batches, which is the default. */
            maxEvents?: number | null;
            /** @description For how many milliseconds the first that is due waits for others. Default: 0, and it goes with what is due by then. */
            maxWaitMs?: number | null;
            /** @description What a body's length may be: 1,024 to 1,048,576. An event that is larger is sent alone. Default: 262,144. */
            maxBytes?: number | null;
        };
        /**
         * @example {
         *       "latest": [
         *         "inventory.*"
         *       ]
         *     }
         */
        NewCoalesce: {
            /** @description Event types, `prefix.*` or `*`. Of what waits of such a type about one entity only the newest is sent, and the others are skipped. These types are sent in the order of their entity, whatever order says. */
            latest?: string[] | null;
        };
        /**
         * @example {
         *       "gracePeriodSeconds": 3600
         *     }
         */
        Rotation: {
            /** @description Printable ASCII, of at least 10 bytes beside a prefix whsec_. Default: a new one. */
            secret?: string | null;
            /**
             * @description How long the old secret, and the old key pair, sign too.
             * @default 86400
             */
            gracePeriodSeconds: number | null;
            /**
             * @description Changes the webhook's: new, once the receiver has the new secret.
             * @enum {string|null}
             */
            overlapSignature?: "old" | "new" | null;
        };
        /**
         * @example {
         *       "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
         *       "headers": {
         *         "X-Tenant": "42"
         *       }
         *     }
         */
        SecretsToCompare: {
            /** @description Compared with the newest. */
            secret?: string | null;
            /** @description Compared with the static headers of every delivery, one by one. */
            headers?: {
                [key: string]: string;
            } | null;
        };
        /**
         * @example {
         *       "secret": true,
         *       "headers": {
         *         "X-Tenant": true
         *       }
         *     }
         */
        ComparedSecrets: {
            /** @description Whether it is the same; null where none was given. */
            secret: boolean | null;
            /** @description Whether the webhook has each that was given, with its value. */
            headers: {
                [key: string]: boolean;
            };
        };
        /**
         * @example {
         *       "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
         *       "previous": [
         *         {
         *           "secret": "whsec_old",
         *           "expiresAt": "2026-03-15T10:30:00.000Z"
         *         }
         *       ],
         *       "headers": {
         *         "X-Tenant": "42"
         *       }
         *     }
         */
        Secrets: {
            /** @description The newest: receivers should verify with it. */
            secret: string;
            /** @description Those that sign too until they expire. */
            previous: {
                secret: string;
                /** Format: date-time */
                expiresAt: string;
            }[];
            /** @description The static headers of every delivery, with their values. */
            headers: {
                [key: string]: string;
            };
        };
        /**
         * @example {
         *       "keys": [
         *         {
         *           "kty": "OKP",
         *           "crv": "Ed25519",
         *           "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
         *           "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
         *           "use": "sig",
         *           "alg": "EdDSA"
         *         }
         *       ]
         *     }
         */
        PublicKeys: {
            keys: {
                /** @constant */
                kty: "OKP";
                /** @constant */
                crv: "Ed25519";
                /** @description The key's 32 bytes in base64url. */
                x: string;
                /** @description The key's thumbprint (RFC 7638). */
                kid: string;
                /** @constant */
                use: "sig";
                /** @constant */
                alg: "EdDSA";
            }[];
        };
        /**
         * @description What bounds the sending, on each node; null for no bound.
         * @example {
         *       "ratePerSecond": 10,
         *       "concurrency": null
         *     }
         */
        Limits: {
            ratePerSecond: number | null;
            concurrency: number | null;
        };
        /**
         * @description What is to bound the sending, on each node, in place of what did; what is absent or null is not bounded.
         * @example {
         *       "ratePerSecond": 10,
         *       "concurrency": 4
         *     }
         */
        NewLimits: {
            /** @description How many requests may begin in a second; they do so evenly. */
            ratePerSecond?: number | null;
            /** @description How many requests may be under way at a time. For a webhook, the server's own limit is the most. */
            concurrency?: number | null;
        } | null;
        /**
         * @example {
         *       "state": "open",
         *       "since": "2026-03-15T10:30:10.000Z",
         *       "reason": "nothing but failures since 2026-03-15T10:30:00Z; the last: the receiver answered 500 Internal Server Error",
         *       "nextProbeAt": "2026-03-15T10:31:13.000Z",
         *       "throttledUntil": null,
         *       "consecutiveFailures": 12,
         *       "failingSince": "2026-03-15T10:30:00.000Z",
         *       "deactivatesAt": null,
         *       "lastSuccessAt": "2026-03-15T10:29:58.000Z",
         *       "lastFailureAt": "2026-03-15T10:30:10.000Z",
         *       "lastError": "the receiver answered 500 Internal Server Error",
         *       "concurrency": 1,
         *       "maxConcurrency": 32,
         *       "inFlight": 0,
         *       "windows": [
         *         {
         *           "seconds": 60,
         *           "attempts": 40,
         *           "successes": 28,
         *           "successRate": 0.7,
         *           "p50Ms": 12.5,
         *           "p95Ms": 61
         *         }
         *       ]
         *     }
         */
        WebhookHealth: {
            /**
             * @description Of the circuit breaker: closed, deliveries are sent as they are due; open, they wait, and their attempts are not used up; halfOpen, one of them is being sent to see whether the receiver is back.
             * @enum {string}
             */
            state: "closed" | "open" | "halfOpen";
            /**
             * Format: date-time
             * @description When the state began; null where it was never another.
             */
            since: string | null;
            /** @description Why deliveries wait; empty where they do not. */
            reason: string;
            /**
             * Format: date-time
             * @description When the next delivery is sent while the state is open.
             */
            nextProbeAt: string | null;
            /**
             * Format: date-time
             * @description How long the receiver is left alone since it asked for it.
             */
            throttledUntil: string | null;
            consecutiveFailures: number;
            /** Format: date-time */
            failingSince: string | null;
            /**
             * Format: date-time
             * @description When the webhook is made inactive if nothing but failures follows; null for never.
             */
            deactivatesAt: string | null;
            /** Format: date-time */
            lastSuccessAt: string | null;
            /** Format: date-time */
            lastFailureAt: string | null;
            lastError: string | null;
            /** @description How many requests may be under way now: grows while the receiver is quick, shrinks when it slows or refuses. */
            concurrency: number;
            maxConcurrency: number;
            inFlight: number;
            /** @description The last minute, hour and day, less a sixth at most. */
            windows: {
                seconds: number;
                attempts: number;
                successes: number;
                /** @description 0 to 1; null where there was no attempt. */
                successRate: number | null;
                /** @description Half of the answers came sooner, as near as classes of twice the time tell. */
                p50Ms: number | null;
                p95Ms: number | null;
            }[];
        };
        /**
         * @example {
         *       "type": "order.paid"
         *     }
         */
        WebhookTest: {
            /** @description Default: the first type that the webhook wants. */
            type?: string | null;
        };
        /**
         * @example {
         *       "type": "order",
         *       "id": "o_1001"
         *     }
         */
        Reference: {
            type: string;
            id: string;
        };
        NewReference: {
            type: string;
            id: string;
        };
        /**
         * @example {
         *       "type": "order",
         *       "id": "/id"
         *     }
         */
        EventTypeEntity: {
            type: string;
            /** @description JSON Pointer (RFC 6901) into the data. */
            id: string;
        };
        EventType: {
            name: string;
            description: string;
            entity: components["schemas"]["EventTypeEntity"] | null;
            examples: unknown[];
            /** @description The JSON Schema (2020-12) of the current version; null where all data passes. */
            schema: Record<string, unknown> | boolean | null;
            /** @description The current version; null where no schema was ever given. */
            version: number | null;
            versions: {
                version: number;
                /** @description It was made by force: receivers of the version before may not understand its data. */
                breaking: boolean;
                /** Format: date-time */
                createdAt: string;
                /** @description Only in the answer about one type. */
                schema?: Record<string, unknown> | boolean | null;
            }[];
            /**
             * @description Whether the store has said something of it.
             * @enum {string}
             */
            source: "profile" | "store";
            /** Format: date-time */
            createdAt: string | null;
            /** Format: date-time */
            updatedAt: string | null;
            failures?: components["schemas"]["Failures"];
        };
        /** @description What went wrong on the node that answers, since it started or since what they are about was changed. Only in the answer about one thing. */
        Failures: {
            count: number;
            /** Format: date-time */
            lastAt: string | null;
            lastPointer: string;
            lastMessage: string;
        };
        EventTypeList: {
            data: components["schemas"]["EventType"][];
            /** @description Of the next page; null on the last. */
            nextCursor: string | null;
        };
        /**
         * @example {
         *       "name": "giftcard.redeemed",
         *       "entity": {
         *         "type": "giftcard",
         *         "id": "/id"
         *       },
         *       "schema": {
         *         "type": "object",
         *         "required": [
         *           "id"
         *         ],
         *         "properties": {
         *           "id": {
         *             "type": "string"
         *           }
         *         }
         *       }
         *     }
         */
        NewEventType: {
            name: string;
            description?: string | null;
            /** @description Which entity an event is about: its type, and a JSON Pointer to its id in the data. */
            entity?: components["schemas"]["EventTypeEntity"] | null;
            /** @description Data of such events. The first is what a test of a webhook sends. */
            examples?: unknown[] | null;
            /** @description A JSON Schema (2020-12), at most 64 KiB, that refers to itself alone. null lets all data pass. */
            schema?: Record<string, unknown> | boolean | null;
            /** @description Take the schema even if it breaks emitters or receivers. Default: false. */
            force?: boolean | null;
        };
        /**
         * @example {
         *       "description": "A gift card was redeemed."
         *     }
         */
        EventTypeChange: {
            description?: string | null;
            /** @description Which entity an event is about: its type, and a JSON Pointer to its id in the data. */
            entity?: components["schemas"]["EventTypeEntity"] | null;
            /** @description Data of such events. The first is what a test of a webhook sends. */
            examples?: unknown[] | null;
            /** @description A JSON Schema (2020-12), at most 64 KiB, that refers to itself alone. null lets all data pass. */
            schema?: Record<string, unknown> | boolean | null;
            /** @description Take the schema even if it breaks emitters or receivers. Default: false. */
            force?: boolean | null;
        };
        WebhookFilter: {
            filter: string | null;
            eventVersions: {
                [key: string]: number;
            };
            failures: components["schemas"]["Failures"];
        };
        /**
         * @example {
         *       "filter": "data.total > 100",
         *       "events": [
         *         "order.*"
         *       ]
         *     }
         */
        FilterTrial: {
            filter: string;
            /** @description As in a webhook. Default: all. */
            events?: string[] | null;
            /**
             * Format: date-time
             * @description Look at no older events.
             */
            since?: string | null;
            /** @description How many of the latest events to look at. Default: 100. */
            limit?: number | null;
        };
        /**
         * @example {
         *       "filter": "data.total > 100"
         *     }
         */
        WebhookFilterTrial: {
            /** @description Default: the webhook's own. */
            filter?: string | null;
            /**
             * Format: date-time
             * @description Look at no older events.
             */
            since?: string | null;
            /** @description How many of the latest events to look at. Default: 100. */
            limit?: number | null;
        };
        FilterResult: {
            /** @description How many events were looked at. */
            looked: number;
            /** @description Those that the filter lets through. */
            matched: number;
            /** @description Those for which it has no value, which it does not let through. */
            failed: number;
            /** @description There are older events, which were not looked at. */
            more: boolean;
            /** @description The first few. */
            matches: {
                id: string;
                type: string;
                /** Format: date-time */
                createdAt: string;
            }[];
            /** @description The first few that it does not let through. */
            others: {
                id: string;
                type: string;
                /** Format: date-time */
                createdAt: string;
            }[];
            /** @description The first few for which it has no value. */
            failures: {
                id: string;
                type: string;
                /** Format: date-time */
                createdAt: string;
                message: string;
            }[];
        };
        /**
         * @example {
         *       "type": "order.paid",
         *       "data": {
         *         "orderId": "o_1001",
         *         "total": 4999,
         *         "currency": "USD"
         *       },
         *       "actor": {
         *         "type": "user",
         *         "id": "u_7"
         *       }
         *     }
         */
        NewEvent: {
            type: string;
            /** @description Any JSON value, at most 1 MiB. */
            data: unknown;
            /** @description Unique in the store. Default: a new one. */
            id?: string | null;
            /** @description What the event is about. Default: what the catalogue says of the type. */
            entity?: components["schemas"]["NewReference"] | null;
            /** @description Who caused it. */
            actor?: components["schemas"]["NewReference"] | null;
            /**
             * Format: date-time
             * @description Default: now.
             */
            occurredAt?: string | null;
            /**
             * Format: date-time
             * @description When to deliver it, at most a year ahead. Default, and for what is past: at once. A scheduled event is in no order of its entity.
             */
            deliverAt?: string | null;
            /** @description The same as the header Idempotency-Key, for the events of a batch. */
            idempotencyKey?: string | null;
            /** @description The version of the event's type that the data is of. Default: the current one. */
            version?: number | null;
        };
        /**
         * @example {
         *       "events": [
         *         {
         *           "type": "order.paid",
         *           "data": {
         *             "orderId": "o_1001"
         *           }
         *         },
         *         {
         *           "type": "order.fulfilled",
         *           "data": {
         *             "orderId": "o_1000"
         *           }
         *         }
         *       ]
         *     }
         */
        EventBatch: {
            events: components["schemas"]["NewEvent"][];
        };
        /**
         * @example {
         *       "id": "evt_01kdx40b2e",
         *       "type": "order.paid",
         *       "createdAt": "2026-03-15T10:30:00.000Z",
         *       "deliveries": 2
         *     }
         */
        Emitted: {
            id: string;
            type: string;
            /** Format: date-time */
            createdAt: string;
            /** @description How many webhooks the event is for. */
            deliveries: number;
        };
        Refused: {
            error: components["schemas"]["Problem"];
        };
        BatchResult: {
            data: (components["schemas"]["Emitted"] | components["schemas"]["Refused"])[];
        };
        /**
         * @example {
         *       "id": "evt_01kdx40b2e",
         *       "type": "order.paid",
         *       "data": {
         *         "orderId": "o_1001",
         *         "total": 4999
         *       },
         *       "entity": {
         *         "type": "order",
         *         "id": "o_1001"
         *       },
         *       "sequence": 3,
         *       "actor": null,
         *       "occurredAt": "2026-03-15T10:30:00.000Z",
         *       "createdAt": "2026-03-15T10:30:00.000Z",
         *       "deliveries": 2,
         *       "erasedAt": null
         *     }
         */
        Event: {
            id: string;
            type: string;
            /** @description Any JSON value, in the form that is sent. */
            data: unknown;
            entity: components["schemas"]["Reference"] | null;
            /** @description Counts the events about the entity, without a gap, in the order in which they were accepted; null for an event about nothing. */
            sequence: number | null;
            actor: components["schemas"]["Reference"] | null;
            /** Format: date-time */
            occurredAt: string;
            /** Format: date-time */
            createdAt: string;
            deliveries: number;
            idempotencyKey?: string;
            /**
             * Format: date-time
             * @description When the data went, which is null since; null while it is there.
             */
            erasedAt: string | null;
        };
        EventList: {
            data: components["schemas"]["Event"][];
            /** @description Of the next page; null on the last. */
            nextCursor: string | null;
        };
        /** @description The first message of a stream. Its id is the cursor that the stream begins behind. */
        StreamStart: {
            storeId: string;
            /** @description The store's wire profile. */
            profile: string;
            /** @description The webhook as which one listens. */
            webhookId: string | null;
            /** @description Verifies the requests: for the receiver's configuration. The same on every node and after a restart. null where one listens as a webhook, whose own secrets sign. */
            secret: string | null;
            /**
             * Format: date-time
             * @description The service's clock.
             */
            at: string;
        };
        /**
         * @description An event, as the request that its receiver is to get.
         * @example {
         *       "id": "evt_01jqv3k8m2x4n6p8r0t2v4w6y8",
         *       "type": "order.paid",
         *       "createdAt": "2026-03-01T12:00:00.000Z",
         *       "request": {
         *         "method": "POST",
         *         "headers": [
         *           {
         *             "name": "Content-Type",
         *             "value": "application/json"
         *           },
         *           {
         *             "name": "webhook-id",
         *             "value": "evt_01jqv3k8m2x4n6p8r0t2v4w6y8"
         *           }
         *         ],
         *         "body": "{\"id\":\"evt_01jqv3k8m2x4n6p8r0t2v4w6y8\",\"type\":\"order.paid\",\"timestamp\":\"2026-03-01T12:00:00.000Z\",\"data\":{\"id\":\"o_1\"}}"
         *       },
         *       "signedAt": "2026-03-01T12:00:00.021Z"
         *     }
         */
        StreamEvent: {
            id: string;
            type: string;
            /** Format: date-time */
            createdAt: string;
            request: components["schemas"]["StreamRequest"];
            /**
             * Format: date-time
             * @description Receivers refuse what was signed long ago: whoever comes to a message late asks for it once more, with the cursor before it.
             */
            signedAt: string;
        };
        StreamRequest: {
            method: string;
            /** @description In order of name, spelled as they are sent. */
            headers: components["schemas"]["StreamHeader"][];
            /** @description Its bytes in UTF-8 are what is signed. */
            body: string;
        };
        StreamHeader: {
            name: string;
            value: string;
        };
        /** @description An event whose data is no longer kept, so that there is nothing to send. */
        StreamGone: {
            id: string;
            type: string;
            /** Format: date-time */
            createdAt: string;
        };
        StreamBeat: {
            /**
             * Format: date-time
             * @description The service's clock.
             */
            at: string;
        };
        /**
         * @example {
         *       "id": "aud_01kdx40b2e0000000000000000",
         *       "source": "billhook",
         *       "event": "stores.update",
         *       "entityType": "store",
         *       "entityId": "default",
         *       "actorType": "apiKey",
         *       "actorId": "root",
         *       "timestamp": "2026-03-15T10:30:00.000Z",
         *       "requestId": "req_1f2e3d4c5b6a798877665544",
         *       "oldValue": {
         *         "name": "default",
         *         "profile": "standard"
         *       },
         *       "newValue": {
         *         "name": "Shop",
         *         "profile": "standard"
         *       },
         *       "chain": 1,
         *       "number": 42,
         *       "hash": "5e448f6d754231974de5a4b7df4222fdaaf3c5c731e8664f0b3e56fc0aa9a7e7"
         *     }
         */
        AuditEntry: {
            /** @description An event's id, or the entry's own. */
            id: string;
            /**
             * @description event: an event that was emitted, to be read in full at /api/events/{id}; billhook: something done in Billhook itself.
             * @enum {string}
             */
            source: "event" | "billhook";
            /** @description The event's type or, of what was done in Billhook itself, one of stores.create, stores.update, stores.delete, webhooks.create, webhooks.update, webhooks.delete, webhooks.test, webhooks.fail, webhooks.recover, webhooks.deactivate, webhooks.rotateSecret, webhooks.revealSecret, webhooks.listen, deliveries.retry, keys.create, keys.revoke, eventTypes.create, eventTypes.update, eventTypes.delete, recoveries.create, recoveries.cancel, recoveries.end. */
            event: string;
            entityType: string | null;
            entityId: string | null;
            /** @description Null where nobody told who did it, and for what Billhook does by itself. */
            actorType: string | null;
            actorId: string | null;
            /** Format: date-time */
            timestamp: string;
            /** @description The request's x-request-id, which every answer has. */
            requestId: string | null;
            /** @description What was changed, as it was. Secrets and the values of headers are masked. */
            oldValue: Record<string, unknown> | null;
            /** @description The same as it is since. A mask that says (changed) is of what is another now. */
            newValue: Record<string, unknown> | null;
            /** @description Of the store's chains, the one that the entry is in; null for the moment until it is in one. */
            chain: number | null;
            /** @description Its place in the chain, which has no gap. */
            number: number | null;
            /** @description SHA-256, in hex, over the entry and the hash of the one before it. */
            hash: string | null;
        };
        AuditList: {
            data: components["schemas"]["AuditEntry"][];
            /** @description Of the next page; null on the last. */
            nextCursor: string | null;
        };
        /**
         * @description pending: waits for an attempt; delivered: acknowledged with a 2xx; dead: no attempt succeeded and the policy allows no more; cancelled: its webhook was deleted; skipped: it was not worth sending any more.
         * @enum {string}
         */
        DeliveryStatus: "pending" | "held" | "delivered" | "dead" | "cancelled" | "skipped";
        /**
         * @example {
         *       "id": "dlv_01kdx40b2f",
         *       "webhookId": "wh_01kdx3y8m5q4",
         *       "eventId": "evt_01kdx40b2e",
         *       "event": "order.paid",
         *       "sequence": 3,
         *       "payload": {
         *         "orderId": "o_1001",
         *         "total": 4999
         *       },
         *       "status": "delivered",
         *       "statusCode": 200,
         *       "success": true,
         *       "attempts": 1,
         *       "lastAttemptAt": "2026-03-15T10:30:00.000Z",
         *       "nextAttemptAt": null,
         *       "createdAt": "2026-03-15T10:30:00.000Z",
         *       "finishedAt": "2026-03-15T10:30:00.000Z",
         *       "reason": ""
         *     }
         */
        Delivery: {
            id: string;
            webhookId: string;
            eventId: string;
            /** @description The event's type. */
            event: string;
            /** @description The event's, which the header webhook-sequence carries. */
            sequence: number | null;
            /** @description The event's data, any JSON value. */
            payload: unknown;
            status: components["schemas"]["DeliveryStatus"];
            /** @description Of the last answer; null if there was none. */
            statusCode: number | null;
            success: boolean;
            /** @description How many requests were made. */
            attempts: number;
            /** Format: date-time */
            lastAttemptAt: string | null;
            /**
             * Format: date-time
             * @description When a pending or held delivery is due; null for the others.
             */
            nextAttemptAt: string | null;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            finishedAt: string | null;
            /** @description Why it is not delivered; empty when there is nothing to tell. */
            reason: string;
            /**
             * Format: date-time
             * @description When the payload went, which is null since; null while it is there.
             */
            erasedAt?: string | null;
        };
        Activity: {
            /**
             * Format: date-time
             * @description The beginning of the first step.
             */
            from: string;
            /**
             * Format: date-time
             * @description The end of the last.
             */
            to: string;
            stepSeconds: number;
            data: components["schemas"]["ActivityPoint"][];
            total: components["schemas"]["ActivityTotal"];
        };
        ActivityPoint: {
            /**
             * Format: date-time
             * @description The beginning of the step.
             */
            at: string;
            /** @description Deliveries that were acknowledged. */
            delivered: number;
            /** @description Attempts that were not. */
            failed: number;
            /** @description Deliveries that were given up. */
            dead: number;
            /** @description The most that waited, held ones too, each time that it was looked: about every five minutes. */
            waiting: number;
            /** @description In how many milliseconds half of them were acknowledged, from when they were due first; null where none was. */
            p50Ms: number | null;
            /** @description The same for 95 in a hundred. */
            p95Ms: number | null;
        };
        ActivityTotal: {
            /** @description Deliveries that were acknowledged. */
            delivered: number;
            /** @description Attempts that were not. */
            failed: number;
            /** @description Deliveries that were given up. */
            dead: number;
            /** @description How many wait now, held ones too. */
            waiting: number;
            /** @description In how many milliseconds half of them were acknowledged, from when they were due first; null where none was. */
            p50Ms: number | null;
            /** @description The same for 95 in a hundred. */
            p95Ms: number | null;
        };
        Ledger: {
            /** @description The latest day first; days without anything are left out. */
            data: components["schemas"]["LedgerDay"][];
            /**
             * Format: date
             * @description The first day that is in the account: what was emitted before was not counted. null where all was.
             */
            since: string | null;
        };
        /**
         * @description matched is the sum of all the others.
         * @example {
         *       "day": "2026-03-15",
         *       "matched": 1204,
         *       "delivered": 1180,
         *       "pending": 0,
         *       "held": 0,
         *       "dead": 3,
         *       "cancelled": 0,
         *       "skipped": {
         *         "inactive": 21
         *       }
         *     }
         */
        LedgerDay: {
            /** Format: date */
            day: string;
            /** @description How many events the webhook wanted. */
            matched: number;
            delivered: number;
            pending: number;
            /** @description They wait since the webhook is not active. */
            held: number;
            dead: number;
            cancelled: number;
            /** @description By reason. inactive: the webhook was not active and does not hold; heldCount, heldAge: more was held than may be, or for longer; dropped: the webhook was made active without what was held. */
            skipped: {
                [key: string]: number;
            };
        };
        DeliveryList: {
            data: components["schemas"]["Delivery"][];
            /** @description Of the next page; null on the last. A page may have fewer deliveries than asked for, or none, and yet a next one. */
            nextCursor: string | null;
            /**
             * Format: date-time
             * @description How far back it was looked, where few fit the filter: there may be more from nextCursor on. Null where the page is full, or the list has ended.
             */
            searchedTo: string | null;
        };
        /**
         * @example {
         *       "webhookId": "wh_01kksf0h58s2b3c4d5e6f7g8h9",
         *       "from": "2026-03-15T10:00:00Z",
         *       "ratePerSecond": 50
         *     }
         */
        DeliveriesRetry: {
            /**
             * @description Default: dead. What was delivered is sent again to one webhook at a time.
             * @enum {string|null}
             */
            status?: "dead" | "cancelled" | "skipped" | "delivered" | null;
            webhookId?: string | null;
            /** @description Only this type of events, or a pattern such as order.* */
            event?: string | null;
            /**
             * Format: date-time
             * @description Only what was created at this time or later.
             */
            from?: string | null;
            /**
             * Format: date-time
             * @description Only what was created before this time. Default: now.
             */
            to?: string | null;
            /** @description How many deliveries become due in a second. Default: 100. */
            ratePerSecond?: number | null;
            /** @description Only count what would be found. Default: false. */
            dryRun?: boolean | null;
        };
        /**
         * @example {
         *       "since": "2026-03-15T10:00:00Z",
         *       "until": "2026-03-15T13:00:00Z"
         *     }
         */
        WebhookRecover: {
            /**
             * Format: date-time
             * @description What came to an end at this time or later.
             */
            since: string;
            /**
             * Format: date-time
             * @description What was made before this time. Default: now.
             */
            until?: string | null;
            /** @description How many deliveries become due in a second. Default: 100. */
            ratePerSecond?: number | null;
            /** @description Only count what would be found. Default: false. */
            dryRun?: boolean | null;
        };
        /**
         * @example {
         *       "since": "2026-03-01T00:00:00Z",
         *       "types": [
         *         "order.*"
         *       ],
         *       "dryRun": true
         *     }
         */
        WebhookReplay: {
            /**
             * Format: date-time
             * @description Events from this time on.
             */
            since: string;
            /**
             * Format: date-time
             * @description Events before this time. Default: now.
             */
            until?: string | null;
            /** @description Event types, or patterns such as order.*, of those that the webhook wants. Default: all of them. */
            types?: string[] | null;
            /** @description How many deliveries become due in a second. Default: 100. */
            ratePerSecond?: number | null;
            /** @description Only count what would be found. Default: false. */
            dryRun?: boolean | null;
        };
        /** @description What was found and left as it is, by why. */
        RecoveryLeft: {
            /** @description The webhook was deleted. */
            deleted: number;
            /** @description The webhook is not active. */
            inactive: number;
            /** @description Its payload is no longer kept, or not whether the webhook has had it. */
            forgotten: number;
            /** @description Somebody else has dealt with it meanwhile. */
            changed: number;
        };
        /**
         * @example {
         *       "dryRun": true,
         *       "found": 4012,
         *       "atLeast": false,
         *       "left": {
         *         "deleted": 0,
         *         "inactive": 0,
         *         "forgotten": 0,
         *         "changed": 0
         *       }
         *     }
         */
        RecoveryCount: {
            /** @constant */
            dryRun: true;
            /** @description How many would be sent: exact, unless atLeast. */
            found: number;
            /** @description There are more than 10,000, or looking took too long. */
            atLeast: boolean;
            left: components["schemas"]["RecoveryLeft"];
        };
        /** @enum {string} */
        RecoveryStatus: "running" | "done" | "cancelled" | "failed";
        /**
         * @example {
         *       "id": "rcv_01kksf0h58s2b3c4d5e6f7g8h9",
         *       "kind": "recover",
         *       "webhookId": "wh_01kksf0h58s2b3c4d5e6f7g8h9",
         *       "filter": {
         *         "status": null,
         *         "types": [],
         *         "from": "2026-03-15T10:00:00.000Z",
         *         "to": "2026-03-15T13:00:00.000Z"
         *       },
         *       "ratePerSecond": 100,
         *       "status": "running",
         *       "found": 1500,
         *       "queued": 1500,
         *       "left": {
         *         "deleted": 0,
         *         "inactive": 0,
         *         "forgotten": 0,
         *         "changed": 0
         *       },
         *       "outcome": {
         *         "delivered": 1391,
         *         "dead": 0,
         *         "waiting": 109,
         *         "other": 0
         *       },
         *       "error": "",
         *       "startedAt": "2026-03-15T13:20:00.000Z",
         *       "updatedAt": "2026-03-15T13:20:14.000Z"
         *     }
         */
        Recovery: {
            id: string;
            /** @enum {string} */
            kind: "retry" | "recover" | "replay";
            webhookId: string | null;
            filter: {
                /** @description Of the deliveries that a retry looks for. */
                status: string | null;
                /** @description Event types or patterns; none for all. */
                types: string[];
                /** Format: date-time */
                from: string | null;
                /** Format: date-time */
                to: string | null;
            };
            ratePerSecond: number;
            status: components["schemas"]["RecoveryStatus"];
            /** @description How many of what it looks for it has found so far: those queued and those left. */
            found: number;
            /** @description How many were made pending, each due at its place in the rate. */
            queued: number;
            left: components["schemas"]["RecoveryLeft"];
            /** @description What has become of those queued. Only where this recovery alone is asked for; null too where counting takes more than ten seconds. */
            outcome: components["schemas"]["RecoveryOutcome"] | null;
            /** @description Why it failed; empty where it did not. */
            error: string;
            /** Format: date-time */
            startedAt: string;
            /** Format: date-time */
            updatedAt: string;
        };
        RecoveryOutcome: {
            delivered: number;
            /** @description Out of attempts once more. */
            dead: number;
            /** @description For their next attempt, or their turn. */
            waiting: number;
            /** @description Cancelled, skipped, or no longer kept. */
            other: number;
        };
        RecoveryList: {
            data: components["schemas"]["Recovery"][];
            /** @description Of the next page; null on the last. */
            nextCursor: string | null;
        };
        DeliveryRequest: {
            method: string;
            url: string;
            /** @description By name. */
            headers: {
                name: string;
                /** @description null where it is told nobody. */
                value: string | null;
            }[];
            /** @description The exact bytes, in base64. */
            bodyBase64: string;
            /** @description What the header webhook-signature signs, in base64: id.timestamp.body (Standard Webhooks). The profile's own header signs the body alone. */
            signatureBaseBase64: string;
            /**
             * Format: date-time
             * @description When it was, or would be, sent.
             */
            at: string;
            /** @description It is as the last attempt was, if the webhook has not been changed since; else as it would be sent now. */
            sent: boolean;
            /** @description In company with how many the last attempt was, itself included; this is the delivery alone then. null where the webhook has no batches. */
            batchSize: number | null;
        };
        Node: {
            /** @description Never used again. */
            id: number;
            name: string;
            /** @description The others have not taken it for dead. */
            alive: boolean;
            /** @description It is the one that answers. */
            own: boolean;
            /** Format: date-time */
            startedAt: string;
            /**
             * Format: date-time
             * @description When it was heard of last.
             */
            beatAt: string;
            /** @description How many pending ones it owns. */
            deliveries: number;
        };
        NodeList: {
            /** @description By id. */
            data: components["schemas"]["Node"][];
        };
        /**
         * @example {
         *       "number": 1,
         *       "startedAt": "2026-03-15T10:30:00.000Z",
         *       "durationMs": 12.345,
         *       "url": "https://shop.example.com/hooks",
         *       "statusCode": 200,
         *       "success": true,
         *       "failure": "",
         *       "error": "",
         *       "batch": null,
         *       "responseHeaders": [
         *         {
         *           "name": "Content-Type",
         *           "value": "text/plain"
         *         }
         *       ],
         *       "responseBody": "OK",
         *       "responseBodyEncoding": "utf-8"
         *     }
         */
        Attempt: {
            number: number;
            /** Format: date-time */
            startedAt: string;
            durationMs: number;
            url: string;
            statusCode: number | null;
            success: boolean;
            /**
             * @description Why it did not succeed; empty when it did. expired: it was not sent, since it had become older than the retry policy's maxAge.
             * @enum {string}
             */
            failure: "" | "status" | "redirect" | "timeout" | "resolve" | "connect" | "tls" | "refused" | "protocol" | "expired";
            error: string;
            /** @description The batch that it was sent in; null where the webhook has none. Of what is answered to several no headers and no body are kept. */
            batch: {
                /** @description The request's webhook-id. */
                id: string;
                /** @description How many deliveries it had. */
                size: number;
            } | null;
            responseHeaders: {
                name: string;
                value: string;
            }[];
            /** @description The beginning of the answer's body, at most 4096 bytes. */
            responseBody: string;
            /** @enum {string} */
            responseBodyEncoding: "utf-8" | "base64";
        };
        /**
         * @example {
         *       "id": "dlv_01kdx40b2f",
         *       "webhookId": "wh_01kdx3y8m5q4",
         *       "eventId": "evt_01kdx40b2e",
         *       "event": "order.paid",
         *       "sequence": 3,
         *       "payload": {
         *         "orderId": "o_1001",
         *         "total": 4999
         *       },
         *       "status": "delivered",
         *       "statusCode": 200,
         *       "success": true,
         *       "attempts": 1,
         *       "lastAttemptAt": "2026-03-15T10:30:00.000Z",
         *       "nextAttemptAt": null,
         *       "createdAt": "2026-03-15T10:30:00.000Z",
         *       "finishedAt": "2026-03-15T10:30:00.000Z",
         *       "reason": "",
         *       "attemptLog": [
         *         {
         *           "number": 1,
         *           "startedAt": "2026-03-15T10:30:00.000Z",
         *           "durationMs": 12.345,
         *           "url": "https://shop.example.com/hooks",
         *           "statusCode": 200,
         *           "success": true,
         *           "failure": "",
         *           "error": "",
         *           "batch": null,
         *           "responseHeaders": [
         *             {
         *               "name": "Content-Type",
         *               "value": "text/plain"
         *             }
         *           ],
         *           "responseBody": "OK",
         *           "responseBodyEncoding": "utf-8"
         *         }
         *       ]
         *     }
         */
        DeliveryWithAttempts: {
            id: string;
            webhookId: string;
            eventId: string;
            /** @description The event's type. */
            event: string;
            /** @description The event's, which the header webhook-sequence carries. */
            sequence: number | null;
            /** @description The event's data, any JSON value. */
            payload: unknown;
            status: components["schemas"]["DeliveryStatus"];
            /** @description Of the last answer; null if there was none. */
            statusCode: number | null;
            success: boolean;
            /** @description How many requests were made. */
            attempts: number;
            /** Format: date-time */
            lastAttemptAt: string | null;
            /**
             * Format: date-time
             * @description When a pending or held delivery is due; null for the others.
             */
            nextAttemptAt: string | null;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            finishedAt: string | null;
            /** @description Why it is not delivered; empty when there is nothing to tell. */
            reason: string;
            /**
             * Format: date-time
             * @description When the payload went, which is null since; null while it is there.
             */
            erasedAt?: string | null;
            /** @description The attempts, first to last. */
            attemptLog: components["schemas"]["Attempt"][];
        };
    };
    responses: {
        /** @description The body is not JSON (`invalid_json`). */
        BadRequest: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:billhook:problem:invalid_json",
                 *       "title": "The body is not JSON",
                 *       "status": 400,
                 *       "code": "invalid_json",
                 *       "detail": "/data: not JSON at byte 41: invalid character '}'",
                 *       "pointer": "/data",
                 *       "requestId": "req_4f1c9a7be2d05c6a91b3e8d7"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description No key, or one that is not valid (`unauthorized`). */
        Unauthorized: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "WWW-Authenticate": components["headers"]["WwwAuthenticate"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:billhook:problem:unauthorized",
                 *       "title": "A valid API key is needed",
                 *       "status": 401,
                 *       "code": "unauthorized",
                 *       "detail": "this needs an API key",
                 *       "hint": "send it as x-api-key: KEY or Authorization: Bearer KEY",
                 *       "requestId": "req_4f1c9a7be2d05c6a91b3e8d7"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The key lacks the permission, or is for another store (`forbidden`). */
        Forbidden: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:billhook:problem:forbidden",
                 *       "title": "The API key may not do this",
                 *       "status": 403,
                 *       "code": "forbidden",
                 *       "detail": "the key lacks the permission webhooks:manage",
                 *       "requestId": "req_4f1c9a7be2d05c6a91b3e8d7"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description No such thing in this store, or no such store (`not_found`). */
        NotFound: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:billhook:problem:not_found",
                 *       "title": "Not found",
                 *       "status": 404,
                 *       "code": "not_found",
                 *       "detail": "no webhook \"wh_404\" in this store",
                 *       "requestId": "req_4f1c9a7be2d05c6a91b3e8d7"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The id is taken (`duplicate`), or not possible in the present state (`conflict`). */
        Conflict: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:billhook:problem:duplicate",
                 *       "title": "The id is taken",
                 *       "status": 409,
                 *       "code": "duplicate",
                 *       "detail": "/id: the event \"evt_1\" is there already",
                 *       "pointer": "/id",
                 *       "requestId": "req_4f1c9a7be2d05c6a91b3e8d7"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body or an event's data is over its size limit (`too_large`). */
        TooLarge: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:billhook:problem:too_large",
                 *       "title": "Too large",
                 *       "status": 413,
                 *       "code": "too_large",
                 *       "detail": "the body is larger than 1114112 bytes",
                 *       "requestId": "req_4f1c9a7be2d05c6a91b3e8d7"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body is not application/json (`unsupported_media_type`). */
        UnsupportedMediaType: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:billhook:problem:unsupported_media_type",
                 *       "title": "The body must be application/json",
                 *       "status": 415,
                 *       "code": "unsupported_media_type",
                 *       "detail": "content-type \"text/plain\" is not JSON",
                 *       "hint": "send content-type: application/json",
                 *       "requestId": "req_4f1c9a7be2d05c6a91b3e8d7"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description A member, parameter or header is wrong: `invalid`, `unknown_event_type`, `url_refused`, `too_deep`, `inexact_number`, `idempotency_key_reuse`. `pointer` or `parameter` says which. Nothing was changed. */
        Invalid: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:billhook:problem:invalid",
                 *       "title": "A member of the request is wrong",
                 *       "status": 422,
                 *       "code": "invalid",
                 *       "detail": "/retryPolicy/maxAttempts: must be from 1 to 100",
                 *       "pointer": "/retryPolicy/maxAttempts",
                 *       "requestId": "req_4f1c9a7be2d05c6a91b3e8d7"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The API key or the store has had too many requests; nothing was done (`rate_limited`). Where the server has limits other answers have the `RateLimit` fields too, and a batch counts as its events. Without limits it is only said of lists, of which a few of a store are read at a time. */
        RateLimited: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Retry-After": components["headers"]["RetryAfter"];
                "RateLimit-Limit": components["headers"]["RateLimitLimit"];
                "RateLimit-Remaining": components["headers"]["RateLimitRemaining"];
                "RateLimit-Reset": components["headers"]["RateLimitReset"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:billhook:problem:rate_limited",
                 *       "title": "Too many requests",
                 *       "status": 429,
                 *       "code": "rate_limited",
                 *       "detail": "the API key has had 100 requests a second, and at most 200 at once; nothing was done",
                 *       "hint": "wait as long as Retry-After says",
                 *       "requestId": "req_4f1c9a7be2d05c6a91b3e8d7"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Our failure (`internal`). The log has it under the requestId. */
        Failure: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:billhook:problem:internal",
                 *       "title": "Our failure",
                 *       "status": 500,
                 *       "code": "internal",
                 *       "detail": "Something failed on our side; the log has it under the requestId.",
                 *       "requestId": "req_4f1c9a7be2d05c6a91b3e8d7"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Cannot be stored now; nothing was accepted (`unavailable`). */
        Unavailable: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Retry-After": components["headers"]["RetryAfter"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:billhook:problem:unavailable",
                 *       "title": "Cannot be stored now",
                 *       "status": 503,
                 *       "code": "unavailable",
                 *       "detail": "the event cannot be written to disk",
                 *       "requestId": "req_4f1c9a7be2d05c6a91b3e8d7"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: {
        Id: string;
        /** @example order.paid */
        EventTypeName: string;
        /**
         * @description The store that the request is about, for a key that is for all stores.
         * @example shop-42
         */
        StoreId: string;
        /**
         * @description Where in a trace this is (W3C Trace Context). The event keeps it, and the spans of its deliveries belong to that trace. One that is not valid is ignored.
         * @example 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
         */
        Traceparent: string;
        /** @description What goes with traceparent; 512 bytes of it are kept. */
        Tracestate: string;
        /**
         * @description Makes a repeat of this request answer the first result. Unique in the store.
         * @example order-1001-paid
         */
        IdempotencyKey: string;
        /** @description The most items to answer. A page of large payloads may have fewer, at least one, and then has a `nextCursor` all the same. */
        Limit: number;
        /** @description The `nextCursor` of the page before. */
        Cursor: string;
        /**
         * @description Only events of this type.
         * @example order.paid
         */
        Type: string;
        /**
         * @description Only what is about an entity of this type.
         * @example order
         */
        EntityType: string;
        /**
         * @description Only what is about the entity with this id.
         * @example o_1001
         */
        EntityId: string;
        /**
         * @description Only entries of this event type, or of this name of Billhook's own.
         * @example webhooks.update
         */
        AuditEventFilter: string;
        /**
         * @description Only what the actor with this id did.
         * @example root
         */
        ActorId: string;
        /** @description Only deliveries to this webhook. */
        WebhookIdFilter: string;
        /** @description Only deliveries of this event. */
        EventIdFilter: string;
        /**
         * @description Only deliveries of events of this type.
         * @example order.paid
         */
        EventFilter: string;
        /**
         * @description Only deliveries that this names, by their own id, their event's or that of its entity (an order number, say), which come first; and those whose type, reason or payload has the text, in capitals or not. The payload is looked through as it is sent, from the newest on, for a moment: then searchedTo says how far back, and nextCursor goes on from there.
         * @example ord_1001
         */
        Search: string;
        /** @description Only deliveries with this status. */
        Status: components["schemas"]["DeliveryStatus"];
        /** @description Only recoveries with this status. */
        RecoveryStatus: components["schemas"]["RecoveryStatus"];
        /**
         * @description Only what was created at this time or later; a date is its beginning, in UTC.
         * @example 2026-03-01
         */
        From: string | unknown | unknown;
        /**
         * @description Only what was created before this time; a date is the end of that day, in UTC.
         * @example 2026-03-31
         */
        To: string | unknown | unknown;
    };
    requestBodies: never;
    headers: {
        /** @description Where the new thing is. */
        Location: string;
        /** @description Names this request in the log: the request's own x-request-id, or a new one. */
        RequestId: string;
        /** @description When to try again, in seconds. */
        RetryAfter: number;
        /** @description How many requests there may be at once. */
        RateLimitLimit: number;
        /** @description How many there may be now. */
        RateLimitRemaining: number;
        /** @description When there may be all of them again, in seconds. */
        RateLimitReset: number;
        /** @description The scheme to use. */
        WwwAuthenticate: string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    getHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It does. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    getReadiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It could. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    getMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The metrics. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
        };
    };
    getOpenAPI: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The document. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
        };
    };
    listStores: {
        parameters: {
            query?: {
                /** @description The most items to answer. A page of large payloads may have fewer, at least one, and then has a `nextCursor` all the same. */
                limit?: components["parameters"]["Limit"];
                /** @description The `nextCursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of stores. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StoreList"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    createStore: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewStore"];
            };
        };
        responses: {
            /** @description The new store. */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Store"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    getStore: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The store. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Store"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteStore: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateStore: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StoreChange"];
            };
        };
        responses: {
            /** @description The store as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Store"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    listNodes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All nodes. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NodeList"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    listKeys: {
        parameters: {
            query?: {
                /** @description Those that are for all stores instead; only for a key that is so too. */
                allStores?: boolean;
                /** @description The most items to answer. A page of large payloads may have fewer, at least one, and then has a `nextCursor` all the same. */
                limit?: components["parameters"]["Limit"];
                /** @description The `nextCursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
            };
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of API keys. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeyList"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    createKey: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewApiKey"];
            };
        };
        responses: {
            /** @description The new API key. */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeyWithSecret"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    getKey: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The API key. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKey"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    revokeKey: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is of no use any more. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    listWebhooks: {
        parameters: {
            query?: {
                /** @description The most items to answer. A page of large payloads may have fewer, at least one, and then has a `nextCursor` all the same. */
                limit?: components["parameters"]["Limit"];
                /** @description The `nextCursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
            };
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of webhooks, without their secrets. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookList"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    createWebhook: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Makes a repeat of this request answer the first result. Unique in the store.
                 * @example order-1001-paid
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewWebhook"];
            };
        };
        responses: {
            /** @description The new webhook with its secret. A repeat with the same Idempotency-Key (or, beside one, the same `id`) answers it as it is now, if it still is as asked for; where its secret was made, that it is shown once more is in the audit log as a reveal. */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookWithSecret"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    getWebhook: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The webhook. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteWebhook: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone; its deliveries stay on record. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateWebhook: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookChange"];
            };
        };
        responses: {
            /** @description The webhook as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    revealWebhookSecret: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The secrets that sign now, and the headers that deliveries carry. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Secrets"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    compareWebhookSecret: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SecretsToCompare"];
            };
        };
        responses: {
            /** @description What is the same. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ComparedSecrets"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    rotateWebhookSecret: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Rotation"];
            };
        };
        responses: {
            /** @description The webhook with its new secret. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookWithSecret"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    testWebhook: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["WebhookTest"];
            };
        };
        responses: {
            /** @description The delivery, on disk and due. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Delivery"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    getWebhookHealth: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The health. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookHealth"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    tryFilter: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FilterTrial"];
            };
        };
        responses: {
            /** @description What came of it. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FilterResult"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    getWebhookFilter: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Its filter and versions, and for which events the filter had no value. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookFilter"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    tryWebhookFilter: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookFilterTrial"];
            };
        };
        responses: {
            /** @description What came of it. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FilterResult"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    getWebhookLedger: {
        parameters: {
            query?: {
                /**
                 * @description Only what was created at this time or later; a date is its beginning, in UTC.
                 * @example 2026-03-01
                 */
                from?: components["parameters"]["From"];
                /**
                 * @description Only what was created before this time; a date is the end of that day, in UTC.
                 * @example 2026-03-31
                 */
                to?: components["parameters"]["To"];
            };
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The account. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Ledger"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    recoverWebhook: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Makes a repeat of this request answer the first result. Unique in the store.
                 * @example order-1001-paid
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookRecover"];
            };
        };
        responses: {
            /** @description With `dryRun`: what would be found. Nothing is written. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecoveryCount"];
                };
            };
            /** @description The recovery, on disk; a node goes about it. A repeat with the same Idempotency-Key answers the first one as it is now. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Recovery"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    replayWebhook: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Makes a repeat of this request answer the first result. Unique in the store.
                 * @example order-1001-paid
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookReplay"];
            };
        };
        responses: {
            /** @description With `dryRun`: what would be found. Nothing is written. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecoveryCount"];
                };
            };
            /** @description The recovery, on disk; a node goes about it. A repeat with the same Idempotency-Key answers the first one as it is now. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Recovery"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    listWebhookDeliveries: {
        parameters: {
            query?: {
                /** @description Only deliveries of this event. */
                eventId?: components["parameters"]["EventIdFilter"];
                /**
                 * @description Only deliveries of events of this type.
                 * @example order.paid
                 */
                event?: components["parameters"]["EventFilter"];
                /** @description Only deliveries with this status. */
                status?: components["parameters"]["Status"];
                /**
                 * @description Only deliveries that this names, by their own id, their event's or that of its entity (an order number, say), which come first; and those whose type, reason or payload has the text, in capitals or not. The payload is looked through as it is sent, from the newest on, for a moment: then searchedTo says how far back, and nextCursor goes on from there.
                 * @example ord_1001
                 */
                search?: components["parameters"]["Search"];
                /**
                 * @description Only what was created at this time or later; a date is its beginning, in UTC.
                 * @example 2026-03-01
                 */
                from?: components["parameters"]["From"];
                /**
                 * @description Only what was created before this time; a date is the end of that day, in UTC.
                 * @example 2026-03-31
                 */
                to?: components["parameters"]["To"];
                /** @description The most items to answer. A page of large payloads may have fewer, at least one, and then has a `nextCursor` all the same. */
                limit?: components["parameters"]["Limit"];
                /** @description The `nextCursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
            };
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of deliveries. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryList"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    getPublicKeys: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The keys that sign now, those that a rotation has replaced too while it overlaps. */
            200: {
                headers: {
                    "Cache-Control"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/jwk-set+json": components["schemas"]["PublicKeys"];
                };
            };
        };
    };
    listEventTypes: {
        parameters: {
            query?: {
                /** @description The most items to answer. A page of large payloads may have fewer, at least one, and then has a `nextCursor` all the same. */
                limit?: components["parameters"]["Limit"];
                /** @description The `nextCursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
            };
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of event types. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventTypeList"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    createEventType: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewEventType"];
            };
        };
        responses: {
            /** @description The new event type. */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventType"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    getEventType: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                /** @example order.paid */
                name: components["parameters"]["EventTypeName"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The event type. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventType"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    putEventType: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                /** @example order.paid */
                name: components["parameters"]["EventTypeName"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EventTypeChange"];
            };
        };
        responses: {
            /** @description The event type. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventType"];
                };
            };
            /** @description The new event type. */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventType"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteEventType: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                /** @example order.paid */
                name: components["parameters"]["EventTypeName"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateEventType: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                /** @example order.paid */
                name: components["parameters"]["EventTypeName"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EventTypeChange"];
            };
        };
        responses: {
            /** @description The event type. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventType"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    listEvents: {
        parameters: {
            query?: {
                /**
                 * @description Only events of this type.
                 * @example order.paid
                 */
                type?: components["parameters"]["Type"];
                /**
                 * @description Only what is about an entity of this type.
                 * @example order
                 */
                entityType?: components["parameters"]["EntityType"];
                /**
                 * @description Only what is about the entity with this id.
                 * @example o_1001
                 */
                entityId?: components["parameters"]["EntityId"];
                /**
                 * @description Only what was created at this time or later; a date is its beginning, in UTC.
                 * @example 2026-03-01
                 */
                from?: components["parameters"]["From"];
                /**
                 * @description Only what was created before this time; a date is the end of that day, in UTC.
                 * @example 2026-03-31
                 */
                to?: components["parameters"]["To"];
                /** @description The most items to answer. A page of large payloads may have fewer, at least one, and then has a `nextCursor` all the same. */
                limit?: components["parameters"]["Limit"];
                /** @description The `nextCursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
            };
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of events. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventList"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    emitEvent: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Makes a repeat of this request answer the first result. Unique in the store.
                 * @example order-1001-paid
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
                /**
                 * @description Where in a trace this is (W3C Trace Context). The event keeps it, and the spans of its deliveries belong to that trace. One that is not valid is ignored.
                 * @example 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
                 */
                traceparent?: components["parameters"]["Traceparent"];
                /** @description What goes with traceparent; 512 bytes of it are kept. */
                tracestate?: components["parameters"]["Tracestate"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewEvent"];
            };
        };
        responses: {
            /** @description The event and its deliveries are on disk. A repeat with the same Idempotency-Key answers the first result. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Emitted"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    emitEvents: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
                /**
                 * @description Where in a trace this is (W3C Trace Context). The event keeps it, and the spans of its deliveries belong to that trace. One that is not valid is ignored.
                 * @example 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
                 */
                traceparent?: components["parameters"]["Traceparent"];
                /** @description What goes with traceparent; 512 bytes of it are kept. */
                tracestate?: components["parameters"]["Tracestate"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EventBatch"];
            };
        };
        responses: {
            /** @description One result an event, in order. A duplicate has an `error` in its place; all others are on disk. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BatchResult"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    streamEvents: {
        parameters: {
            query?: {
                /**
                 * @description Only events of these types: names, `order.*` or `*`, with commas between. Default: all.
                 * @example order.*
                 */
                events?: string;
                /** @description Listen as this webhook, which may be inactive: its secrets sign, its headers are sent, its event types and its filter choose. It takes webhooks:manage and is in the audit log. Default: a secret signs that the store's listeners have for themselves, and that the message `start` tells. */
                webhookId?: string;
                /** @description The id of a message: what comes after it. Default: what is committed from now on. */
                after?: string;
                /** @description In place of after: what was accepted at a time or later, and perhaps a little from before. */
                since?: string;
            };
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
                /** @description In place of after and since, as browsers send it who connect again. */
                "Last-Event-ID"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The messages. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    getEvent: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The event. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Event"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    getActivity: {
        parameters: {
            query?: {
                /**
                 * @description Only what was created at this time or later; a date is its beginning, in UTC.
                 * @example 2026-03-01
                 */
                from?: components["parameters"]["From"];
                /**
                 * @description Only what was created before this time; a date is the end of that day, in UTC.
                 * @example 2026-03-31
                 */
                to?: components["parameters"]["To"];
                /** @description How long a step is: a multiple of 300. Default: the smallest of which there are about a hundred. */
                stepSeconds?: number;
                /** @description all for all stores together, which a key that is for all stores may ask for. */
                stores?: "all";
            };
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All steps, the earliest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Activity"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    listDeliveries: {
        parameters: {
            query?: {
                /** @description Only deliveries to this webhook. */
                webhookId?: components["parameters"]["WebhookIdFilter"];
                /** @description Only deliveries of this event. */
                eventId?: components["parameters"]["EventIdFilter"];
                /**
                 * @description Only deliveries of events of this type.
                 * @example order.paid
                 */
                event?: components["parameters"]["EventFilter"];
                /** @description Only deliveries with this status. */
                status?: components["parameters"]["Status"];
                /**
                 * @description Only deliveries that this names, by their own id, their event's or that of its entity (an order number, say), which come first; and those whose type, reason or payload has the text, in capitals or not. The payload is looked through as it is sent, from the newest on, for a moment: then searchedTo says how far back, and nextCursor goes on from there.
                 * @example ord_1001
                 */
                search?: components["parameters"]["Search"];
                /**
                 * @description Only what was created at this time or later; a date is its beginning, in UTC.
                 * @example 2026-03-01
                 */
                from?: components["parameters"]["From"];
                /**
                 * @description Only what was created before this time; a date is the end of that day, in UTC.
                 * @example 2026-03-31
                 */
                to?: components["parameters"]["To"];
                /** @description The most items to answer. A page of large payloads may have fewer, at least one, and then has a `nextCursor` all the same. */
                limit?: components["parameters"]["Limit"];
                /** @description The `nextCursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
            };
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of deliveries. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryList"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    getDelivery: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The delivery. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryWithAttempts"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    getDeliveryRequest: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The request. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryRequest"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    retryDelivery: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The delivery, pending. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Delivery"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    retryDeliveries: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Makes a repeat of this request answer the first result. Unique in the store.
                 * @example order-1001-paid
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeliveriesRetry"];
            };
        };
        responses: {
            /** @description With `dryRun`: what would be found. Nothing is written. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecoveryCount"];
                };
            };
            /** @description The recovery, on disk; a node goes about it. A repeat with the same Idempotency-Key answers the first one as it is now. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Recovery"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    listRecoveries: {
        parameters: {
            query?: {
                /** @description Only recoveries with this status. */
                status?: components["parameters"]["RecoveryStatus"];
                /** @description The most items to answer. A page of large payloads may have fewer, at least one, and then has a `nextCursor` all the same. */
                limit?: components["parameters"]["Limit"];
                /** @description The `nextCursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
            };
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of recoveries. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecoveryList"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    getRecovery: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The recovery. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Recovery"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    cancelRecovery: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The recovery as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Recovery"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    listErasures: {
        parameters: {
            query?: {
                /** @description The most items to answer. A page of large payloads may have fewer, at least one, and then has a `nextCursor` all the same. */
                limit?: components["parameters"]["Limit"];
                /** @description The `nextCursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
            };
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of erasures. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErasureList"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    createErasure: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewErasure"];
            };
        };
        responses: {
            /** @description It is on record, and goes on until it is finished. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Erasure"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    getErasure: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The erasure. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Erasure"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    createPortalSession: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewPortalSession"];
            };
        };
        responses: {
            /** @description The session. It is kept nowhere, and its token cannot be read again. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PortalSession"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    listAudit: {
        parameters: {
            query?: {
                /** @description The entries about what is for all stores, their API keys, instead; only for a key that is so too. */
                allStores?: boolean;
                /**
                 * @description Only what is about an entity of this type.
                 * @example order
                 */
                entityType?: components["parameters"]["EntityType"];
                /**
                 * @description Only what is about the entity with this id.
                 * @example o_1001
                 */
                entityId?: components["parameters"]["EntityId"];
                /**
                 * @description Only entries of this event type, or of this name of Billhook's own.
                 * @example webhooks.update
                 */
                event?: components["parameters"]["AuditEventFilter"];
                /**
                 * @description Only what the actor with this id did.
                 * @example root
                 */
                actorId?: components["parameters"]["ActorId"];
                /**
                 * @description Only what was created at this time or later; a date is its beginning, in UTC.
                 * @example 2026-03-01
                 */
                from?: components["parameters"]["From"];
                /**
                 * @description Only what was created before this time; a date is the end of that day, in UTC.
                 * @example 2026-03-31
                 */
                to?: components["parameters"]["To"];
                /** @description The most items to answer. A page of large payloads may have fewer, at least one, and then has a `nextCursor` all the same. */
                limit?: components["parameters"]["Limit"];
                /** @description The `nextCursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
            };
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of entries. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditList"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    listEntityAudit: {
        parameters: {
            query?: {
                /** @description The entries about what is for all stores, their API keys, instead; only for a key that is so too. */
                allStores?: boolean;
                /**
                 * @description Only entries of this event type, or of this name of Billhook's own.
                 * @example webhooks.update
                 */
                event?: components["parameters"]["AuditEventFilter"];
                /**
                 * @description Only what the actor with this id did.
                 * @example root
                 */
                actorId?: components["parameters"]["ActorId"];
                /**
                 * @description Only what was created at this time or later; a date is its beginning, in UTC.
                 * @example 2026-03-01
                 */
                from?: components["parameters"]["From"];
                /**
                 * @description Only what was created before this time; a date is the end of that day, in UTC.
                 * @example 2026-03-31
                 */
                to?: components["parameters"]["To"];
                /** @description The most items to answer. A page of large payloads may have fewer, at least one, and then has a `nextCursor` all the same. */
                limit?: components["parameters"]["Limit"];
                /** @description The `nextCursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
            };
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                entityType: string;
                /** @description Any text, percent-encoded. */
                entityId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of entries. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditList"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    listWebhooksV2: {
        parameters: {
            query?: {
                /** @description The most items to answer. A page of large payloads may have fewer, at least one, and then has a `nextCursor` all the same. */
                limit?: components["parameters"]["Limit"];
                /** @description The `nextCursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
            };
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of webhooks, without their secrets. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookList"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    createWebhookV2: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Makes a repeat of this request answer the first result. Unique in the store.
                 * @example order-1001-paid
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewWebhook"];
            };
        };
        responses: {
            /** @description The new webhook with its secret. A repeat with the same Idempotency-Key (or, beside one, the same `id`) answers it as it is now, if it still is as asked for; where its secret was made, that it is shown once more is in the audit log as a reveal. */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookWithSecret"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    getWebhookV2: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The webhook. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteWebhookV2: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone; its deliveries stay on record. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateWebhookV2: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookChange"];
            };
        };
        responses: {
            /** @description The webhook as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    revealWebhookSecretV2: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The secrets that sign now, and the headers that deliveries carry. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Secrets"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    compareWebhookSecretV2: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SecretsToCompare"];
            };
        };
        responses: {
            /** @description What is the same. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ComparedSecrets"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    rotateWebhookSecretV2: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Rotation"];
            };
        };
        responses: {
            /** @description The webhook with its new secret. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookWithSecret"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    testWebhookV2: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["WebhookTest"];
            };
        };
        responses: {
            /** @description The delivery, on disk and due. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Delivery"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    getWebhookHealthV2: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The health. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookHealth"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    tryFilterV2: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FilterTrial"];
            };
        };
        responses: {
            /** @description What came of it. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FilterResult"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    getWebhookFilterV2: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Its filter and versions, and for which events the filter had no value. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookFilter"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    tryWebhookFilterV2: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookFilterTrial"];
            };
        };
        responses: {
            /** @description What came of it. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FilterResult"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    getWebhookLedgerV2: {
        parameters: {
            query?: {
                /**
                 * @description Only what was created at this time or later; a date is its beginning, in UTC.
                 * @example 2026-03-01
                 */
                from?: components["parameters"]["From"];
                /**
                 * @description Only what was created before this time; a date is the end of that day, in UTC.
                 * @example 2026-03-31
                 */
                to?: components["parameters"]["To"];
            };
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The account. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Ledger"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    recoverWebhookV2: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Makes a repeat of this request answer the first result. Unique in the store.
                 * @example order-1001-paid
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookRecover"];
            };
        };
        responses: {
            /** @description With `dryRun`: what would be found. Nothing is written. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecoveryCount"];
                };
            };
            /** @description The recovery, on disk; a node goes about it. A repeat with the same Idempotency-Key answers the first one as it is now. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Recovery"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    replayWebhookV2: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Makes a repeat of this request answer the first result. Unique in the store.
                 * @example order-1001-paid
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookReplay"];
            };
        };
        responses: {
            /** @description With `dryRun`: what would be found. Nothing is written. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecoveryCount"];
                };
            };
            /** @description The recovery, on disk; a node goes about it. A repeat with the same Idempotency-Key answers the first one as it is now. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Recovery"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
    listWebhookDeliveriesV2: {
        parameters: {
            query?: {
                /** @description Only deliveries of this event. */
                eventId?: components["parameters"]["EventIdFilter"];
                /**
                 * @description Only deliveries of events of this type.
                 * @example order.paid
                 */
                event?: components["parameters"]["EventFilter"];
                /** @description Only deliveries with this status. */
                status?: components["parameters"]["Status"];
                /**
                 * @description Only deliveries that this names, by their own id, their event's or that of its entity (an order number, say), which come first; and those whose type, reason or payload has the text, in capitals or not. The payload is looked through as it is sent, from the newest on, for a moment: then searchedTo says how far back, and nextCursor goes on from there.
                 * @example ord_1001
                 */
                search?: components["parameters"]["Search"];
                /**
                 * @description Only what was created at this time or later; a date is its beginning, in UTC.
                 * @example 2026-03-01
                 */
                from?: components["parameters"]["From"];
                /**
                 * @description Only what was created before this time; a date is the end of that day, in UTC.
                 * @example 2026-03-31
                 */
                to?: components["parameters"]["To"];
                /** @description The most items to answer. A page of large payloads may have fewer, at least one, and then has a `nextCursor` all the same. */
                limit?: components["parameters"]["Limit"];
                /** @description The `nextCursor` of the page before. */
                cursor?: components["parameters"]["Cursor"];
            };
            header?: {
                /**
                 * @description The store that the request is about, for a key that is for all stores.
                 * @example shop-42
                 */
                "x-store-id"?: components["parameters"]["StoreId"];
            };
            path: {
                id: components["parameters"]["Id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of deliveries. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryList"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["Failure"];
            503: components["responses"]["Unavailable"];
        };
    };
}
