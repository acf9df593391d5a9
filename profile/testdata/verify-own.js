// Checks own.json with code that shares nothing with Billhook: each made-up platform's
// receiver, as its document would have it.
"use strict";
const assert = require("node:assert");
const crypto = require("node:crypto");
const fs = require("node:fs");

const hmac = (key, encoding, ...parts) => {
  const h = crypto.createHmac("sha256", key);
  for (const part of parts) h.update(part, "utf8");
  return h.digest(encoding);
};
const verify = {
  // the body alone, in base64; what it is about is in headers
  shop: (h, body, secret) => {
    assert.strictEqual(h["x-shop-hmac-sha256"], hmac(secret, "base64", body));
    assert.strictEqual(h["x-shop-topic"], "orders/create");
    assert.strictEqual(h["x-shop-version"], "2024-01");
    assert.deepStrictEqual(Object.keys(JSON.parse(body)), ["id", "total"]);
  },
  hub: (h, body, secret) => assert.strictEqual(h["x-hub-signature-256"], "sha256=" + hmac(secret, "hex", body)),
  pay: (h, body, secret) => {
    const [, t, v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(h["pay-signature"]);
    assert.strictEqual(v1, hmac(secret, "hex", t, ".", body));
    const event = JSON.parse(body);
    assert.deepStrictEqual(Object.keys(event), ["id", "object", "livemode", "created", "data", "type"]);
    assert.deepStrictEqual([event.object, event.livemode], ["event", false]);
  },
  chat: (h, body, secret) =>
    assert.strictEqual(h["x-chat-signature"], "v0=" + hmac(secret, "hex", "v0:", h["x-chat-request-timestamp"], ":", body).toUpperCase()),
  named: (h, body, secret) => {
    const key = Buffer.from(secret.slice("whsec_".length), "base64");
    const head = `${h["named-id"]}.${h["named-timestamp"]}.`;
    assert.strictEqual(h["named-signature"], "v1," + hmac(key, "base64", head, body));
    assert.strictEqual(JSON.parse(body).sentAt, 1736611200123);
  },
};

const vectors = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
for (const v of vectors) {
  const header = Object.fromEntries(v.headers.map((h) => [h.name.toLowerCase(), h.value]));
  assert.strictEqual(JSON.stringify(JSON.parse(v.body)), v.body);
  verify[v.profile.name](header, v.body, v.secret);
  delete verify[v.profile.name];
}
assert.deepStrictEqual(Object.keys(verify), []);
console.log(`${vectors.length} own profiles hold`);
