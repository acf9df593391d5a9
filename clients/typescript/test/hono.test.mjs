import assert from "node:assert/strict";
import { test } from "node:test";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { webhook } from "billhook/hono";
import { contract } from "./lib/contract.mjs";
import { envelope, headers, secret } from "./lib/signed.mjs";

const options = { profile: "litestore", secrets: secret };
const body = envelope("evt_1", " ");

await contract("Hono", async (options, handler) => {
  const app = new Hono();
  app.post("/hooks", webhook(options, handler));
  const server = await new Promise((resolve) => {
    const starting = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, () => resolve(starting));
  });
  const end = () => new Promise((resolve) => (server.close(resolve), server.closeAllConnections()));
  return { url: `http://127.0.0.1:${server.address().port}/hooks`, end };
});

test("Hono: a body that was read before", async () => {
  const app = new Hono();
  let told = "";
  app.onError((error, c) => ((told = error.message), c.text("", 500)));
  app.use(async (c, next) => (await c.req.json(), next()));
  app.post("/hooks", webhook(options, () => assert.fail("handled")));
  assert.equal((await app.request("/hooks", { method: "POST", body, headers: headers(body, "evt_1") })).status, 500);
  assert.match(told, /^billhook: the body was read before .* put the route before/);
});

test("Hono: a message for what follows", async () => {
  const app = new Hono();
  app.post("/hooks", webhook(options), (c) => c.text(c.get("webhook").type));
  const answer = await app.request("/hooks", { method: "POST", body, headers: headers(body, "evt_1") });
  assert.equal(await answer.text(), "order.updated");
  assert.equal((await app.request("/hooks", { method: "POST", body })).status, 401);
});
