// createServices: the calls of Commercio's document, against a real server.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { BillhookError, createServices, verify } from "billhook";
import { eventually, listening, serve } from "./lib/billhook.mjs";

// The document's webhook is at example.com: nothing of it leaves this machine.
const connects = [];
const proxy = createServer().on("connect", (request, socket) => {
  connects.push(request.url);
  socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
});
const baseUrl = await serve(after, "--egress-proxy", await listening(proxy, after));
const direct = await serve(after);
for (const url of [baseUrl, direct]) await createServices({ baseUrl: url }).client.call("createStore", { body: { id: "shop", profile: "commercio" } });
const storeId = "shop";

const document = readFileSync(new URL("testdata/commercio.txt", import.meta.url), "utf8");

/** The document's three code examples, from the text around them. */
function examples() {
  const parts = document.split(/Code Examples\n|Register a webhook:\n|Emit an event:\n|Track deliveries:\n/).filter(Boolean);
  assert.equal(parts.length, 3);
  return parts;
}

test("the examples are the document's", () => {
  const original = new URL("../../../../shared/seeds/002_a693f74c63e3453c.txt", import.meta.url);
  if (existsSync(original)) assert(readFileSync(original, "utf8").endsWith(document)); // beside a clone it need not be
  assert.match(document, /import \{ createServices \} from "commercio";/);
});

test("the document's three examples run, but for the import line", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "billhook-shop-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, "node_modules"));
  await symlink(fileURLToPath(new URL("..", import.meta.url)), join(folder, "node_modules", "billhook"));
  const [register, emit, track] = examples();
  const changed = register.replace('from "commercio"', 'from "billhook"');
  assert.notEqual(changed, register);
  const order = 'const order = { id: "o_1", customerId: "c_1", totalAmount: 129.9 };\n'; // the shop's own
  await writeFile(join(folder, "shop.mjs"), changed + "\n" + order + emit + "\n" + track);
  const lines = await run("shop.mjs", folder, { BILLHOOK_URL: baseUrl, BILLHOOK_STORE: storeId });

  const [id, secret] = lines;
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
  assert.match(secret, /^whsec_\S{40,}$/);
  const rest = lines.slice(2).join("\n");
  assert.match(rest, /^\[ 'ORDER_CREATED', 'ORDER_STATUS_CHANGED' \]\nORDER_CREATED: FAILED \(null\)\nAttempts: \d\nhttps:\/\/example\.com\/hooks\/orders -> ORDER_CREATED, ORDER_STATUS_CHANGED$/);

  const { client } = createServices({ baseUrl, storeId });
  assert.equal((await client.call("getWebhook", { path: { id } })).isActive, false);
  const [event] = await collect(client.list("listEvents"));
  assert.deepEqual([event.type, event.data, event.deliveries], ["ORDER_CREATED", { orderId: "o_1", customerId: "c_1", totalAmount: 129.9 }, 1]);
  const [delivery] = await collect(client.list("listDeliveries", { query: { eventId: event.id } }));
  assert.deepEqual([delivery.webhookId, delivery.success], [id, false]);
  assert(connects.every((to) => to === "example.com:443"), String(connects));
});

test("a shop and its receiver", async (t) => {
  const got = [];
  const receiver = await listening(
    createServer(async (request, response) => {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      got.push({ headers: request.headers, body: Buffer.concat(chunks) });
      response.end();
    }),
    (end) => t.after(end),
  );
  const { webhookService } = createServices({ baseUrl: direct, apiKey: "dev-staff-key", storeId });
  const webhook = await webhookService.register({ url: receiver, events: ["CUSTOMER_CREATED"] });
  assert(webhook.isActive && webhook.createdAt instanceof Date);

  const emitted = await webhookService.emit("CUSTOMER_CREATED", { customerId: "c_1", email: "jonas@example.com", name: "Jonas" });
  assert.equal(emitted.deliveries, 1);
  const [delivery] = await eventually("a delivery", async () => {
    const all = await webhookService.getDeliveries(webhook.id);
    return all[0]?.success && all;
  });
  assert.deepEqual([delivery.event, delivery.statusCode, delivery.attempts, delivery.webhookId], ["CUSTOMER_CREATED", 200, 1, webhook.id]);
  assert(delivery.lastAttemptAt instanceof Date && delivery.nextAttemptAt === null);
  for (const scheme of ["standard", "profile"]) {
    const message = await verify("commercio", got[0].headers, got[0].body, { secrets: webhook.secret, scheme });
    assert.deepEqual([message.id, message.type, message.data.name], [emitted.id, "CUSTOMER_CREATED", "Jonas"]);
  }

  for (let i = 0; i < 5; i++) await webhookService.emit("CUSTOMER_CREATED", { customerId: `c_${i}`, email: "", name: "" });
  assert.equal((await webhookService.getDeliveries(webhook.id, { limit: 3 })).length, 3);
  const asked = [];
  const counting = createServices({ baseUrl: direct, storeId, fetch: (...request) => (asked.push(request[0]), fetch(...request)) });
  assert.equal((await counting.webhookService.getDeliveries(webhook.id, { limit: 3 })).length, 3);
  assert.equal(asked.length, 1); // and no page that nobody wanted
  assert.equal((await webhookService.getDeliveries(webhook.id)).length, 6);

  assert.equal((await webhookService.deactivate(webhook.id)).isActive, false);
  assert.equal((await webhookService.list()).find(({ id }) => id === webhook.id).isActive, false);
  assert.equal((await webhookService.emit("CUSTOMER_CREATED", {})).deliveries, 0);
});

test("emitting twice with one key is emitting once", async () => {
  const { webhookService, client } = createServices({ baseUrl: direct, storeId });
  const first = await webhookService.emit("ORDER_CREATED", { orderId: "o_2" }, { idempotencyKey: "order-2", occurredAt: "2026-01-02T03:04:05Z" });
  const second = await webhookService.emit("ORDER_CREATED", { orderId: "o_2" }, { idempotencyKey: "order-2", occurredAt: "2026-01-02T03:04:05Z" });
  assert.equal(second.id, first.id);
  assert.equal((await client.call("getEvent", { path: { id: first.id } })).occurredAt, "2026-01-02T03:04:05.000Z");
  const other = await webhookService.emit("ORDER_CREATED", { orderId: "o_2" });
  assert.notEqual(other.id, first.id);
});

test("what is refused says so", async () => {
  const { webhookService } = createServices({ baseUrl: direct, storeId });
  const refused = async (promise) => {
    const error = await promise.then(() => assert.fail("not refused"), (error) => error);
    assert(error instanceof BillhookError, String(error));
    assert(!`${error.stack}${JSON.stringify(error)}`.includes("dev-staff-key"));
    return error;
  };
  const type = await refused(webhookService.emit("ORDER_EATEN", {}));
  assert.deepEqual([type.status, type.code, type.pointer], [422, "unknown_event_type", "/type"]);
  assert.match(type.message, /^unknown_event_type: .*ORDER_EATEN.*; its types are ORDER_CREATED/);
  const url = await refused(webhookService.register({ url: "ftp://example.com", events: ["*"] }));
  assert.deepEqual([url.status, url.pointer], [422, "/url"]);
  const gone = await refused(webhookService.deactivate("nothing"));
  assert.deepEqual([gone.status, gone.code], [404, "not_found"]);
});

async function collect(list) {
  const all = [];
  for await (const item of list) all.push(item);
  return all;
}

/** Runs a file in Node, and returns the lines that it prints. */
function run(file, folder, env) {
  return new Promise((resolve, reject) => {
    const node = spawn(process.execPath, [file], { cwd: folder, env: { ...process.env, ...env, BILLHOOK_API_KEY: "" } });
    let out = "";
    let wrong = "";
    node.stdout.on("data", (chunk) => (out += chunk));
    node.stderr.on("data", (chunk) => (wrong += chunk));
    node.on("close", (code) => (code === 0 ? resolve(out.trim().split("\n")) : reject(new Error(`${file} exits with ${code}:\n${wrong}`))));
  });
}
