// The client: retries, waiting, time, paging and failures, against a server that
// misbehaves, and against a real one.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, beforeEach, test } from "node:test";
import { BillhookError, Client } from "billhook";
import { listening, serve } from "./lib/billhook.mjs";

const requests = [];
let answers = []; // functions, the last of which answers all that follows
const stub = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  requests.push({ method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(chunks).toString(), at: performance.now() });
  (answers.length > 1 ? answers.shift() : answers[0])(response, request);
});
const baseUrl = await listening(stub, after);
const client = new Client({ baseUrl, apiKey: "a-key" });

beforeEach(() => {
  requests.length = 0;
});

const json = (status, value, headers = {}) => (response) => response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
const problem = (status, code, headers) => json(status, { type: `urn:billhook:problem:${code}`, title: "T", status, code, detail: "D." }, headers);
const hangUp = (response) => response.destroy();
const hang = () => {};
const emitted = json(202, { id: "evt_1", type: "a", createdAt: "2026-01-01T00:00:00.000Z", deliveries: 1 });
const event = { body: { type: "a", data: {} } };

test("an emit is repeated with its key, whatever became of the first", async () => {
  for (const first of [hangUp, problem(503, "unavailable"), problem(429, "rate_limited"), (response) => response.writeHead(502).end("<html>")]) {
    requests.length = 0;
    answers = [first, emitted];
    assert.equal((await client.call("emitEvent", event)).id, "evt_1");
    assert.equal(requests.length, 2);
    const [one, two] = requests.map(({ headers }) => headers["idempotency-key"]);
    assert(one.length >= 32 && one === two, `${one} and ${two}`);
  }
  answers = [emitted];
  await client.call("emitEvent", event);
  assert.notEqual(requests[2].headers["idempotency-key"], requests[0].headers["idempotency-key"]);
});

test("making a webhook is repeated with its key", async () => {
  answers = [hangUp, json(201, { id: "wh_1" })];
  await client.call("createWebhook", { body: { url: "http://127.0.0.1", events: ["*"] } });
  const [one, two] = requests.map(({ headers }) => headers["idempotency-key"]);
  assert(requests.length === 2 && one.length >= 32 && one === two, `${one} and ${two}`);
});

test("a key that is given is the key", async () => {
  answers = [emitted];
  await client.call("emitEvent", { ...event, idempotencyKey: "mine" });
  await client.call("emitEvent", { body: { ...event.body, idempotencyKey: "in the body" } });
  assert.deepEqual(requests.map(({ headers }) => headers["idempotency-key"]), ["mine", undefined]);
});

test("each event of a batch has its key", async () => {
  answers = [hangUp, json(202, { data: [] })];
  const body = { events: [{ type: "a", data: 1 }, { type: "a", data: 2, idempotencyKey: "mine" }] };
  await client.call("emitEvents", { body });
  const keys = requests.map(({ body }) => JSON.parse(body).events.map((e) => e.idempotencyKey));
  assert.deepEqual(keys[0], keys[1]);
  assert(keys[0][0].length >= 32 && keys[0][1] === "mine");
  assert.deepEqual(Object.keys(body.events[0]), ["type", "data"]);
});

test("what might be done twice is not repeated", async () => {
  for (const [name, input] of [
    ["createKey", { body: { name: "a", permissions: ["events:emit"] } }],
    ["updateWebhook", { path: { id: "a" }, body: {} }],
    ["deleteWebhook", { path: { id: "a" } }],
    ["retryDelivery", { path: { id: "a" } }],
  ]) {
    for (const [answer, code] of [[hangUp, "unreachable"], [problem(503, "unavailable"), "unavailable"]]) {
      requests.length = 0;
      answers = [answer];
      await assert.rejects(client.call(name, input), { name: "BillhookError", code });
      assert.equal(requests.length, 1, name);
    }
    requests.length = 0;
    answers = [problem(429, "rate_limited", { "retry-after": "0" }), json(200, {})];
    await client.call(name, input); // it was refused, and not done
    assert.equal(requests.length, 2, name);
  }
});

test("what reads is repeated, and not for ever", async () => {
  answers = [hangUp, problem(503, "unavailable", { "retry-after": "0" }), json(200, { id: "a" })];
  assert.equal((await client.call("getWebhook", { path: { id: "a" } })).id, "a");
  requests.length = 0;
  answers = [problem(503, "unavailable", { "retry-after": "0" })];
  await assert.rejects(client.call("getWebhook", { path: { id: "a" } }), { status: 503, code: "unavailable" });
  assert.equal(requests.length, 4);
  requests.length = 0;
  await assert.rejects(client.call("getWebhook", { path: { id: "a" } }, { retries: 0 }), { status: 503 });
  answers = [problem(500, "internal")];
  await assert.rejects(client.call("getWebhook", { path: { id: "a" } }), { status: 500, code: "internal" });
  assert.equal(requests.length, 2);
});

test("Retry-After is heard, and nobody waits for an hour", async () => {
  answers = [problem(429, "rate_limited", { "retry-after": "1" }), json(200, {})];
  await client.call("getWebhook", { path: { id: "a" } });
  assert(requests[1].at - requests[0].at >= 990);
  const date = new Date(Math.ceil(Date.now() / 1000) * 1000 + 1000);
  answers = [problem(429, "rate_limited", { "retry-after": date.toUTCString() }), json(200, {})];
  await client.call("getWebhook", { path: { id: "a" } });
  assert(Date.now() >= date.getTime() - 10);
  requests.length = 0;
  answers = [problem(429, "rate_limited", { "retry-after": "3600" })];
  await assert.rejects(client.call("getWebhook", { path: { id: "a" } }), { code: "rate_limited", retryAfter: 3600 });
  assert.equal(requests.length, 1);
});

test("a request that takes too long, and one that is called off", async () => {
  answers = [hang];
  await assert.rejects(client.call("getWebhook", { path: { id: "a" } }, { timeout: 50, retries: 1 }), { code: "timeout", status: 0, message: /50 ms/ });
  assert.equal(requests.length, 2);
  answers = [(response) => response.writeHead(200, { "content-type": "application/json" }).write('{"id"')]; // and no more
  await assert.rejects(client.call("getWebhook", { path: { id: "a" } }, { timeout: 50, retries: 0 }), { code: "timeout" });

  const off = new Error("called off");
  const under = new AbortController();
  answers = [() => under.abort(off)];
  await assert.rejects(client.call("getWebhook", { path: { id: "a" } }, { signal: under.signal }), off);
  await assert.rejects(client.call("getWebhook", { path: { id: "a" } }, { signal: under.signal }), off);
  const waiting = new AbortController();
  answers = [(response) => (problem(429, "rate_limited", { "retry-after": "50" })(response), setTimeout(() => waiting.abort(off), 20))];
  await assert.rejects(client.call("getWebhook", { path: { id: "a" } }, { signal: waiting.signal }), off);
});

test("a success that is none of the API's", async () => {
  for (const name of ["listWebhooks", "getWebhook"]) {
    answers = [(response) => response.writeHead(200, { "content-type": "text/html" }).end("<html>")];
    await assert.rejects(client.call(name, { path: { id: "a" } }), { name: "BillhookError", code: "unexpected_answer", hint: /baseUrl/ });
  }
  answers = [json(200, { data: [{ id: "a" }] })]; // which has no cursor
  const ids = [];
  for await (const { id } of client.list("listWebhooks")) ids.push(id);
  assert.deepEqual(ids, ["a"]);
});

test("what no request can have is told at once", async () => {
  answers = [json(200, {})];
  for (const [input, options, message] of [
    [{ ...event, idempotencyKey: "order-5€" }, {}, /idempotencyKey/],
    [event, { headers: { traceparent: "a\nb" } }, /headers/],
    [event, { timeout: NaN }, /timeout/],
    [event, { timeout: 0 }, /timeout/],
    [event, { retries: NaN }, /retries/],
    [event, { retries: -1 }, /retries/],
  ]) {
    await assert.rejects(client.call("emitEvent", input, options), { name: "TypeError", message });
  }
  for (const options of [{ timeout: "soon" }, { retries: NaN }]) assert.throws(() => new Client({ baseUrl, apiKey: "a-key", ...options }), TypeError);
  assert.equal(requests.length, 0);
  await client.call("getWebhook", { path: { id: "a" } }, { timeout: Infinity, retries: 0 });
  assert.equal(requests.length, 1);
});

test("who redirects does not get the key", async () => {
  answers = [(response) => response.writeHead(307, { location: "/elsewhere" }).end()];
  await assert.rejects(client.call("listWebhooks"), { status: 307, code: "unexpected_answer", hint: /baseUrl/ });
  assert.equal(requests.length, 1);
});

test("paths, queries and headers", async () => {
  answers = [json(200, { data: [], nextCursor: null })];
  const under = new Client({ baseUrl: `${baseUrl}/billhook/`, apiKey: "a-key", storeId: "shop" });
  await under.call("listEntityAudit", { path: { entityType: "order", entityId: "a/b ?#" }, query: { limit: 5, from: "2026-01-01T00:00:00+01:00" } }, { headers: { traceparent: "00-x" } });
  const [{ url, headers }] = requests;
  assert.equal(url, "/billhook/api/audit/order/a%2Fb%20%3F%23?limit=5&from=2026-01-01T00%3A00%3A00%2B01%3A00");
  assert.deepEqual([headers["x-api-key"], headers["x-store-id"], headers.traceparent], ["a-key", "shop", "00-x"]);
  await under.call("listWebhooks", {}, { storeId: "other" });
  assert.equal(requests[1].headers["x-store-id"], "other");
  for (const id of ["", ".", "..", undefined]) await assert.rejects(under.call("getWebhook", { path: { id } }), TypeError);
  assert.equal(requests.length, 2);
});

test("what cannot be an option", () => {
  for (const baseUrl of ["", "billhook.example.com", "ftp://billhook.example.com", "https://user:pass@billhook.example.com", "https://billhook.example.com/?a=b"]) {
    assert.throws(() => new Client({ baseUrl, apiKey: "a-key" }), /baseUrl/);
  }
  for (const apiKey of ["", "with space", "line\nbreak", undefined]) {
    assert.throws(() => new Client({ baseUrl: "https://billhook.example.com", apiKey }), (error) => error.message.includes("apiKey") && !error.message.includes("break"));
  }
  new Client({ baseUrl: "http://localhost:4000" }); // that of billhook serve --dev
});

test("lists, page by page", async () => {
  const page = (ids, nextCursor) => json(200, { data: ids.map((id) => ({ id })), nextCursor });
  const ids = [];
  answers = [page(["a", "b"], "c1"), page([], "c2"), page(["c"], null)];
  for await (const { id } of client.list("listWebhooks", { query: { limit: 2 } })) ids.push(id);
  assert.deepEqual(ids, ["a", "b", "c"]);
  assert.deepEqual(requests.map(({ url }) => url), ["/api/webhooks?limit=2", "/api/webhooks?limit=2&cursor=c1", "/api/webhooks?limit=2&cursor=c2"]);
  requests.length = 0;
  answers = [page(["a"], "c1"), page(["b"], "c2")];
  for await (const { id } of client.list("listWebhooks")) if (id === "a") break;
  assert.equal(requests.length, 1); // no page before it is needed
});

test("all of it on a real server", async () => {
  const url = await serve(after);
  const real = new Client({ baseUrl: url });
  const store = await real.call("createStore", { body: { id: "shop-1", profile: "etail-depot" } });
  assert.equal(store.profile, "etail-depot");
  const key = await real.call("createKey", { body: { name: "shop", permissions: ["*"] } }, { storeId: "shop-1" });
  const shop = new Client({ baseUrl: url, apiKey: key.key });

  for (let i = 0; i < 5; i++) await shop.call("createWebhook", { body: { url: `http://127.0.0.1:1/${i}`, events: ["order.*"], isActive: false } });
  const urls = [];
  for await (const { url } of shop.list("listWebhooks", { query: { limit: 2 } })) urls.push(url.at(-1));
  assert.deepEqual(urls.sort(), ["0", "1", "2", "3", "4"]);

  const event = (id, idempotencyKey) => ({ type: "order.created", data: { id }, idempotencyKey });
  const batch = await shop.call("emitEvents", { body: { events: [event("o_1"), event("o_2", "mine")] } });
  assert.deepEqual(batch.data.map(({ deliveries }) => deliveries), [0, 0]);
  const again = await shop.call("emitEvents", { body: { events: [event("o_2", "mine"), event("o_3", "mine")] } });
  assert.equal(again.data[0].id, batch.data[1].id);
  assert.equal(again.data[1].error.code, "idempotency_key_reuse");

  const { id } = await shop.call("createWebhook", { body: { url: "http://127.0.0.1:1/gone", events: ["*"] } });
  assert.equal(await shop.call("deleteWebhook", { path: { id } }), undefined);
  await assert.rejects(shop.call("getWebhook", { path: { id } }), { name: "BillhookError", status: 404, code: "not_found" });
  const refused = await shop.call("createWebhook", { body: { url: "http://127.0.0.1:1/", events: ["order.eaten"] } }).catch((error) => error);
  assert(refused instanceof BillhookError && refused.pointer.startsWith("/events"), String(refused));
  assert.match(await real.call("getMetrics"), /^# HELP/m);
  assert.equal((await real.call("getHealth")).status, "ok");
  await assert.rejects(new Client({ baseUrl: url, apiKey: "not-a-key" }).call("listWebhooks"), { status: 401, code: "unauthorized" });
});
