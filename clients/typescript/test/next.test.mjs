// Route handlers of Next are functions from a Request to a Response, as are those of
// Deno, Bun and Workers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { serve } from "@hono/node-server";
import { webhook } from "billhook/next";
import { webhook as web } from "billhook/web";
import { contract } from "./lib/contract.mjs";
import { envelope, headers, secret } from "./lib/signed.mjs";

const options = { profile: "litestore", secrets: secret };
const body = envelope("evt_1", " ");
const request = () => new Request("http://127.0.0.1/hooks", { method: "POST", body, headers: headers(body, "evt_1") });

await contract("Request and Response", async (options, handler) => {
  const server = await new Promise((resolve) => {
    const starting = serve({ fetch: webhook(options, handler), port: 0, hostname: "127.0.0.1" }, () => resolve(starting));
  });
  const end = () => new Promise((resolve) => (server.close(resolve), server.closeAllConnections()));
  return { url: `http://127.0.0.1:${server.address().port}/hooks`, end };
});

test("a route handler of Next", async () => {
  const got = [];
  const POST = webhook(options, (message) => got.push(message.type));
  assert.equal((await POST(request(), { params: Promise.resolve({}) })).status, 204);
  assert.deepEqual(got, ["order.updated"]);
  assert.equal(web, webhook);
});

test("a body that was read before", async () => {
  const POST = webhook(options, () => assert.fail("handled"));
  const read = request();
  await read.json();
  await assert.rejects(POST(read), { message: /^billhook: the body was read before .* clone\(\)/ });
  const cloned = request();
  await cloned.clone().json();
  assert.equal((await webhook(options, () => {})(cloned)).status, 204);
});

test("a body that breaks off is a 400", async () => {
  const broken = new ReadableStream({ pull: (controller) => controller.error(new Error("gone")) });
  const POST = webhook({ ...options, log: () => {} }, () => assert.fail("handled"));
  const answer = await POST(new Request("http://127.0.0.1/", { method: "POST", body: broken, headers: headers(body, "evt_1"), duplex: "half" }));
  assert.deepEqual([answer.status, (await answer.json()).code], [400, "body_unreadable"]);
  assert.throws(() => webhook(options), /function that handles messages/);
});
