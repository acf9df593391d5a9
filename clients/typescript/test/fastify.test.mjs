import assert from "node:assert/strict";
import { test } from "node:test";
import Fastify from "fastify";
import { webhook } from "billhook/fastify";
import { contract } from "./lib/contract.mjs";
import { envelope, headers, secret } from "./lib/signed.mjs";

async function start(app) {
  const url = await app.listen({ port: 0, host: "127.0.0.1" });
  return { url: `${url}/in/hooks`, end: () => app.close() };
}

await contract("Fastify", (options, handler) => {
  const app = Fastify({ forceCloseConnections: true });
  app.register(webhook("/hooks", options, handler), { prefix: "/in" });
  return start(app);
});

test("Fastify: other routes stay as they are, and their parsers do not matter", async (t) => {
  const app = Fastify({ forceCloseConnections: true, bodyLimit: 100 });
  app.addContentTypeParser("application/json", { parseAs: "string" }, (_request, _body, done) => done(null, { parsed: "elsewhere" }));
  const got = [];
  app.register(webhook("/hooks", { profile: "litestore", secrets: secret }, (message) => got.push(message.body)), { prefix: "/in" });
  app.post("/other", async (request) => request.body);
  const { url, end } = await start(app);
  t.after(end);
  const body = envelope("evt_1", ` "x":"${"x".repeat(200)}",`);
  assert.equal((await fetch(url, { method: "POST", body, headers: headers(body, "evt_1") })).status, 204);
  assert.deepEqual(got, [body]);
  const other = await fetch(new URL("/other", url), { method: "POST", body: "{}", headers: { "content-type": "application/json" } });
  assert.deepEqual(await other.json(), { parsed: "elsewhere" });
});

test("Fastify: what cannot be", () => {
  assert.throws(() => webhook("/hooks", { profile: "litestore", secrets: secret }), /function that handles messages/);
  assert.throws(() => webhook("/hooks", { profile: "litestore" }, () => {}), /secrets/);
});
