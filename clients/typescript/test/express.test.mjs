import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import express4 from "express4";
import express5 from "express";
import { webhook } from "billhook/express";
import { contract } from "./lib/contract.mjs";
import { listening } from "./lib/billhook.mjs";
import { envelope, headers, secret } from "./lib/signed.mjs";

const body = envelope("evt_1", " ");
const signed = () => headers(body, "evt_1");
const options = { profile: "litestore", secrets: secret };

async function start(app) {
  let end;
  const url = await listening(createServer(app), (close) => (end = close));
  return { url: `${url}/hooks`, end };
}

for (const [name, express] of Object.entries({ "Express 4": express4, "Express 5": express5 })) {
  await contract(name, (options, handler) => {
    const app = express();
    app.post("/hooks", webhook(options, handler));
    app.use(express.json());
    return start(app);
  });

  /** Posts the signed body to a route, and says what came back and what the application's error handler was told. */
  async function ask(t, build) {
    const app = express();
    build(app);
    let told = "";
    app.use((error, _request, response, _next) => {
      told = error.message;
      response.status(500).end();
    });
    const { url, end } = await start(app);
    t.after(end);
    const { status } = await fetch(url, { method: "POST", body, headers: signed() });
    return { status, told };
  }

  test(`${name}: a body parser before the route`, async (t) => {
    for (const parser of [express.json(), express.text({ type: () => true }), express.urlencoded({ extended: false, type: () => true })]) {
      const { status, told } = await ask(t, (app) => app.use(parser).post("/hooks", webhook(options, () => assert.fail("handled"))));
      assert.equal(status, 500);
      assert.match(told, /^billhook: the body was read before .* put the route before app\.use\(express\.json\(\)\)/);
    }
  });

  test(`${name}: parsers that keep the bytes`, async (t) => {
    const verify = (request, _response, bytes) => (request.rawBody = bytes);
    for (const parser of [express.raw({ type: () => true }), express.json({ verify }), express.json({ type: "text/plain" })]) {
      const got = [];
      assert.equal((await ask(t, (app) => app.use(parser).post("/hooks", webhook(options, (message) => got.push(message.body))))).status, 204);
      assert.deepEqual(got, [body]);
    }
  });

  test(`${name}: a message for what follows`, async (t) => {
    const got = [];
    const route = (app) =>
      app.post("/hooks", webhook(options), (request, response) => {
        got.push(request.webhook.type);
        response.status(202).end();
      });
    assert.equal((await ask(t, route)).status, 202);
    assert.equal((await ask(t, (app) => app.post("/hooks", webhook({ ...options, secrets: "another-secret" }), () => assert.fail("let through")))).status, 401);
    assert.deepEqual(got, ["order.updated"]);
  });
}

test("what cannot be", () => {
  assert.throws(() => webhook({ ...options, batch: true }), /handler/);
  assert.throws(() => webhook({ secrets: secret }), /profile/);
  assert.throws(() => webhook(), /profile/);
});
