// Answers each line of stdin, a JSON case, with a line of JSON: by the
// reference library of Standard Webhooks for shared secrets, and by Node's own
// Ed25519 for key pairs, which that library does not have.
"use strict";
const crypto = require("node:crypto");
const { Webhook, WebhookVerificationError } = require("standardwebhooks");

const { Buffer } = globalThis;
const base64 = (text) => Buffer.from(text, "base64");

// The DER of an Ed25519 key (RFC 8410) is a fixed head and its 32 bytes.
const privateKey = (whsk) =>
  crypto.createPrivateKey({
    key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), base64(whsk.slice("whsk_".length))]),
    format: "der",
    type: "pkcs8",
  });
const publicKey = (whpk) =>
  crypto.createPublicKey({
    key: Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), base64(whpk.slice("whpk_".length))]),
    format: "der",
    type: "spki",
  });

function answer(c) {
  const body = base64(c.body).toString("utf8");
  Date.now = () => c.now * 1000; // both sides go by one clock
  if (c.private) {
    const message = Buffer.from(`${c.id}.${c.at}.${body}`);
    const right = [...c.signature.matchAll(/(?:^| )v1a,(\S+)/g)].some((m) => crypto.verify(null, message, publicKey(c.public), base64(m[1])));
    return { signature: "v1a," + crypto.sign(null, message, privateKey(c.private)).toString("base64"), verified: right };
  }
  const webhook = new Webhook(c.secret, c.raw ? { format: "raw" } : {});
  const signature = webhook.sign(c.id, new Date(c.at * 1000), body);
  const headers = { "webhook-id": c.id, "webhook-timestamp": String(c.at), "webhook-signature": c.signature };
  try {
    webhook.verify(body, headers);
    return { signature, verified: true };
  } catch (err) {
    if (!(err instanceof WebhookVerificationError)) throw err;
    return { signature, verified: false, reason: err.message };
  }
}

let input = "";
process.stdin.on("data", (chunk) => (input += chunk));
process.stdin.on("end", () => {
  for (const line of input.split("\n").filter(Boolean)) console.log(JSON.stringify(answer(JSON.parse(line))));
});
