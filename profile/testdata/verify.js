// Checks vectors.json the way the platforms' own receivers would: it lays out
// each body anew, then verifies the signature with the code that each
// platform's document gives its readers, and the Standard Webhooks scheme by
// its specification. Shares no code with the Go package, on purpose.
"use strict";
const crypto = require("crypto");
const fs = require("fs");
const assert = require("assert");

const seconds = (v) => Math.floor(Date.parse(v.time) / 1000);
const millis = (v) => new Date(v.time).toISOString();
const wholeSeconds = (v) => millis(v).replace(/\.\d{3}Z$/, "Z");
const hex = (secret, text) => crypto.createHmac("sha256", secret).update(text, "utf8").digest("hex");

function sameHex(signature, expected) {
  return crypto.timingSafeEqual(Buffer.from(signature, "hex"), Buffer.from(expected, "hex"));
}

function wrapped(data) {
  const isObject = (x) => typeof x === "object" && x !== null && !Array.isArray(x);
  const already = isObject(data) && Object.keys(data).length === 1 && isObject(data.object);
  return already ? data : { object: data };
}

// Per profile: the envelope, the header, and the document's verification.
const profiles = {
  "elective-commerce": {
    header: "X-E-Commerce-Signature",
    envelope: (v, data) => ({ id: v.id, event: v.type, created_at: seconds(v), data }),
    verify: (body, signature, secret) => {
      const payload = JSON.stringify(JSON.parse(body)); // JSON.stringify(req.body)
      return signature === crypto.createHmac("sha256", secret).update(payload).digest("hex");
    },
  },
  "commerce-engine": {
    header: "x-commerce-signature",
    envelope: (v, data) => ({ id: v.id, type: v.type, timestamp: millis(v), data }),
    verify: (body, signature, secret) => sameHex(signature, hex(secret, body)),
  },
  commercio: {
    header: "x-commercio-signature",
    envelope: (v, data) => ({ id: v.id, event: v.type, createdAt: millis(v), data }),
    verify: (body, signature, secret) => sameHex(signature, hex(secret, body)),
  },
  "etail-depot": {
    header: "etail-signature",
    envelope: (v, data) => ({
      id: v.id,
      type: v.type,
      created: seconds(v),
      data: wrapped(data),
      request: { id: "req_" + v.id.replace(/^evt_/, ""), idempotency_key: v.idempotencyKey || null },
    }),
    verify: (body, signature, secret) => sameHex(signature, hex(secret, body)),
  },
  litestore: {
    header: "x-litestore-signature",
    envelope: (v, data) => ({ event: v.type, id: v.id, timestamp: wholeSeconds(v), data }),
    verify: (body, signature, secret) => {
      const payload = JSON.stringify(JSON.parse(body)); // JSON.stringify(req.body)
      return crypto.timingSafeEqual(Buffer.from(signature), Buffer.from(hex(secret, payload)));
    },
  },
  standard: {
    envelope: (v, data) => ({ id: v.id, type: v.type, timestamp: millis(v), data }),
  },
};

// The key of a secret in Standard Webhooks; not base64 means the raw format.
function standardKey(secret) {
  const text = secret.replace(/^whsec_/, "");
  const base64 = /^(?:[A-Za-z0-9+/]{4})+$|^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)$/;
  return base64.test(text) ? Buffer.from(text, "base64") : Buffer.from(secret, "utf8");
}

function expectedBody(v, layout) {
  if (v.exact) return JSON.stringify(layout.envelope(v, JSON.parse(v.data)));
  const mark = "\u0001the data\u0001"; // JSON.parse cannot hold it
  return JSON.stringify(layout.envelope(v, mark)).replace(JSON.stringify(mark), () => v.data);
}

function check(v) {
  const layout = profiles[v.profile];
  assert.strictEqual(v.body, expectedBody(v, layout));
  if (v.exact) assert.strictEqual(JSON.stringify(JSON.parse(v.body)), v.body);

  const names = v.headers.map((h) => h.name);
  const standard = ["webhook-id", "webhook-timestamp", "webhook-signature"];
  assert.deepStrictEqual(names, layout.header ? [layout.header, ...standard] : standard);
  const header = Object.fromEntries(v.headers.map((h) => [h.name, h.value]));
  if (layout.header) assert(layout.verify(v.body, header[layout.header], v.secrets[0]), "the document's verification");

  assert.strictEqual(header["webhook-id"], v.id);
  assert.strictEqual(header["webhook-timestamp"], String(v.sentAt));
  const signed = `${v.id}.${v.sentAt}.${v.body}`;
  const signatures = v.secrets.map((s) => "v1," + crypto.createHmac("sha256", standardKey(s)).update(signed, "utf8").digest("base64"));
  assert.strictEqual(header["webhook-signature"], signatures.join(" "));
}

const vectors = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
for (const v of vectors) {
  try {
    check(v);
  } catch (err) {
    console.error(`${v.name}: ${err.message}`);
    process.exitCode = 1;
  }
}
if (!process.exitCode) console.log(`${vectors.length} vectors hold`);
