import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { generateKeyPairSync, sign } from "node:crypto";
import { test } from "node:test";
import { BusyError, MemoryOnce, VerificationError, Verifier, verify } from "billhook";
import { clock, pairs, vectors } from "./lib/vectors.mjs";

const v = vectors.find((v) => v.name === "litestore content.submitted") ?? vectors.find((v) => v.profile === "litestore");
const secrets = v.secrets;

test("the time of signing", async () => {
  const at = (seconds, tolerance) => verify("litestore", pairs(v), v.body, { secrets, tolerance, now: () => (v.sentAt + seconds) * 1000 });
  await at(300);
  await at(-300);
  await assert.rejects(at(300.001), { reason: "stale" });
  await assert.rejects(at(NaN), { reason: "stale" });
  await assert.rejects(at(-300.001), { reason: "future" });
  await at(3600, 3600);
  await assert.rejects(at(11, 10), { reason: "stale", message: "webhook-timestamp too old: by 11 s, where 10 s are let through" });
});

test("a size beyond the bound", async () => {
  const at = (maxBody) => verify("litestore", pairs(v), v.body, { secrets, maxBody, now: clock(v) });
  await at(Buffer.byteLength(v.body));
  await assert.rejects(at(Buffer.byteLength(v.body) - 1), { reason: "too_large" });
});

test("another profile's body", async () => {
  await assert.rejects(verify("etail-depot", pairs(v), v.body, { secrets, now: clock(v) }), { reason: "envelope", message: /"type"/ });
  const any = await verify("etail-depot", pairs(v), v.body, { secrets, now: clock(v), anyBody: true });
  assert.deepEqual([any.id, any.type, any.body], [v.id, "", v.body]);
});

test("what cannot be an option", () => {
  const wrong = (options, message, profile = "litestore") => assert.throws(() => new Verifier(profile, options), (error) => error instanceof TypeError && error.message.includes(message) && !error.message.includes("c2VjcmV0"));
  wrong(undefined, "secrets");
  wrong({}, "environment variable");
  wrong({ secrets: undefined }, "environment variable");
  wrong({ secrets: [] }, "want 1 to 16");
  wrong({ secrets: Array(17).fill("a-secret-of-some-length") }, "want 1 to 16");
  wrong({ secrets: [undefined] }, "secrets[0]");
  wrong({ secrets: "" }, "is empty");
  wrong({ secrets: ["good-enough", "whsec_"] }, "secrets[1] is empty");
  wrong({ secrets: "whsk_c2VjcmV0" }, "private key");
  wrong({ secrets: "whpk_c2VjcmV0" }, "Ed25519");
  wrong({ secrets: "x".repeat(257) }, "longer");
  wrong({ secrets: "c2VjcmV0\n" }, "printable");
  wrong({ secrets: " c2VjcmV0" }, "space");
  wrong({ secrets, scheme: "both" }, "scheme");
  wrong({ secrets, scheme: "profile" }, "no header", "standard");
  wrong({ secrets: "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=", scheme: "profile" }, "public key");
  wrong({ secrets, scheme: "profile", anyBody: true }, "anyBody");
  wrong({ secrets, tolerance: -1 }, "tolerance");
  wrong({ secrets, maxBody: NaN }, "maxBody");
  wrong({ secrets }, "there are commerce-engine", "toString");
  wrong({ secrets }, "/envelope", { name: "mine" });
});

test("a parsed body", async () => {
  await assert.rejects(verify("litestore", pairs(v), JSON.parse(v.body), { secrets, now: clock(v) }), { name: "TypeError", message: /was it parsed/ });
});

test("a profile of one's own, as its file has it", async () => {
  const file = JSON.parse(readFileSync(new URL("../../../profile/profiles/litestore.json", import.meta.url), "utf8"));
  const own = { ...file, name: "mine", signature: { header: "X-Mine", encoding: "hex" } };
  const headers = { "x-mine": v.headers.find(({ name }) => name === "x-litestore-signature").value };
  const message = await verify(own, headers, v.body, { secrets, scheme: "profile" });
  assert.deepEqual([message.id, message.type, message.timestamp], [v.id, v.type, null]);
  await assert.rejects(verify(own, pairs(v), v.body, { secrets, scheme: "profile" }), { reason: "missing", message: "signature header missing: X-Mine" });
  for (const [change, pointer] of [
    [{ signature: { header: "X-Mine", encoding: "base32" } }, "/signature/encoding"],
    [{ signature: { header: "X-Mine", encoding: "hex", value: "sha256=" } }, "/signature/value"],
    [{ signature: { header: "X-Mine", encoding: "hex", value: "{timestamp}{signature}" } }, "/signature/value"],
    [{ signature: { header: "X-Mine", encoding: "hex", signs: "{body}{url}" } }, "/signature/signs"],
    [{ signature: { header: "X-Mine", encoding: "hex", key: "hex" } }, "/signature/key"],
    [{ headers: "X-Topic" }, "/headers"],
    [{ envelope: [...file.envelope, { name: "x", value: "event.id", constant: 1 }] }, "/envelope/4 must have either"],
    [{ envelope: [{ name: "id", value: "event.id" }] }, '"event.type"'],
    [{ envelope: [...file.envelope, { name: "x", value: "event.color" }] }, "/envelope/4/value"],
    [{ envelope: [...file.envelope, { name: "x", members: [{ name: "at", value: "event.time", format: "iso" }] }] }, "/envelope/4/members/0/format"],
  ]) {
    assert.throws(() => new Verifier({ ...own, ...change }, { secrets }), (error) => error.message.includes(pointer));
  }
});

// Golden deliveries of profiles that use all of the file's format, which Go's tests read too.
test("profiles with signatures of other forms", async () => {
  const all = JSON.parse(readFileSync(new URL("../../../profile/testdata/own.json", import.meta.url), "utf8"));
  assert(all.length >= 5);
  for (const { profile, secret, headers, body, sentAt, id, type, data } of all) {
    const bare = profile.envelope[0].name === "";
    const timed = profile.signature.signs?.includes("{timestamp}") ?? false;
    const options = (scheme) => ({ secrets: ["another-secret", secret], scheme, anyBody: bare, now: () => sentAt * 1000 });
    const sent = headers.map(({ name, value }) => [name, value]);
    if (bare) {
      assert.throws(() => new Verifier(profile, { secrets: secret }), { name: "TypeError", message: /anyBody/ });
      assert.equal((await verify(profile, sent, body, options("standard"))).id, id);
      continue;
    }
    for (const scheme of ["standard", "profile"]) {
      const message = await verify(profile, sent, body, options(scheme));
      assert.deepEqual([message.id, message.type, JSON.stringify(message.data), Math.floor(message.time / 1000)], [id, type, data, 1736611200], profile.name);
      assert.equal(message.timestamp?.getTime(), timed || scheme === "standard" ? sentAt * 1000 : undefined);
    }
    const own = (changed, at = sentAt, text = body, secrets = secret) => verify(profile, changed, text, { secrets, scheme: "profile", now: () => at * 1000 });
    const name = profile.signature.header;
    const signature = sent.find(([header]) => header === name)[1];
    const others = sent.filter(([header]) => header !== name);
    await assert.rejects(own(sent, sentAt, body + " "), { reason: "mismatch" });
    await assert.rejects(own(sent, sentAt, body, "another-secret"), { reason: "mismatch" });
    await assert.rejects(own(others), { reason: "missing" });
    await assert.rejects(own([...sent, [name, signature]]), { reason: "malformed" });
    for (const bad of [signature + "x", "x" + signature, signature.slice(0, -2), signature.replaceAll("=", ":"), "t,".repeat(20_000)]) {
      await assert.rejects(own([...others, [name, bad]]), { reason: "malformed" }, `${profile.name}: ${bad.slice(0, 100)}`);
    }
    if (!timed) continue;
    await assert.rejects(own(sent, sentAt + 301), { reason: "stale" });
    await assert.rejects(own(sent, sentAt - 301), { reason: "future" });
    const stamp = profile.headers?.find(({ value }) => value === "attempt.time")?.name;
    const later = (value) => value.replace(String(sentAt), String(sentAt + 1));
    await assert.rejects(own(sent.map(([header, value]) => [header, header === (stamp ?? name) ? later(value) : value])), { reason: "mismatch" });
    if (!stamp) continue;
    await assert.rejects(own(sent.filter(([header]) => header !== stamp)), { reason: "missing" });
    await assert.rejects(own([...sent, [stamp, String(sentAt)]]), { reason: "malformed" });
  }
});

// Published by others: see sign/ed25519_test.go.
const known = {
  key: "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=",
  headers: {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==",
  },
  body: '{"test": 2432232314}',
};
const then = { anyBody: true, now: () => 1614265330_000 };

test("an Ed25519 public key", async () => {
  const ok = (secrets, signature = known.headers["webhook-signature"], body = known.body) => verify("standard", { ...known.headers, "webhook-signature": signature }, body, { secrets, ...then });
  assert.equal((await ok(known.key)).id, known.headers["webhook-id"]);
  await ok(["a-shared-secret", known.key]);
  await ok(known.key, `v1,${"A".repeat(43)}= v1a,${"A".repeat(86)}== ${known.headers["webhook-signature"]}`);
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const other = "whpk_" + publicKey.export({ type: "spki", format: "der" }).subarray(-32).toString("base64");
  await assert.rejects(ok(other), { reason: "mismatch" });
  await assert.rejects(ok("a-shared-secret"), { reason: "mismatch" });
  await assert.rejects(ok(known.key, undefined, known.body + " "), { reason: "mismatch" });
  await assert.rejects(ok(known.key, known.headers["webhook-signature"].replace("v1a", "v1")), { reason: "malformed" });
  const spoiled = `v1a,${"A".repeat(86)}== `;
  await ok(known.key, spoiled.repeat(7) + known.headers["webhook-signature"]);
  await assert.rejects(ok(known.key, spoiled.repeat(8) + known.headers["webhook-signature"]), { reason: "malformed" });
  const own = sign(null, Buffer.from(`${known.headers["webhook-id"]}.1614265330.{}`), privateKey).toString("base64");
  await ok([known.key, other], `v1a,${own}`, "{}");
});

test("batches", async () => {
  const { createHmac } = await import("node:crypto");
  const envelope = (id, data = '"a, b] \\" {"') => `{"event":"content.submitted","id":"${id}","timestamp":"2024-01-15T10:30:00Z","data":${data}}`;
  const signed = (body, id = "batch_1") => ({
    "webhook-id": id,
    "webhook-timestamp": "1700000000",
    "webhook-signature": "v1," + createHmac("sha256", "not-base64!").update(`${id}.1700000000.${body}`).digest("base64"),
  });
  const ours = new Verifier("litestore", { secrets: "not-base64!", now: () => 1700000000_000 });
  const body = `[${envelope("evt_1")},\n ${envelope("evt_2", '{"n": [1, [2]], "big": 12345678901234567890}')} ]`;
  const all = await ours.verifyBatch(signed(body), body);
  assert.deepEqual(all.map(({ id }) => id), ["evt_1", "evt_2"]);
  assert.deepEqual(all.map(({ body }) => body), [envelope("evt_1"), envelope("evt_2", '{"n": [1, [2]], "big": 12345678901234567890}')]);
  assert.equal(all[0].timestamp.getTime(), 1700000000_000);
  assert.equal((await ours.verifyBatch(signed(envelope("evt_3"), "evt_3"), envelope("evt_3"))).length, 1);
  for (const bad of ["[]", "[1]", "[", `[${envelope("evt_1")},{}]`]) await assert.rejects(ours.verifyBatch(signed(bad), bad), { reason: "envelope" }, bad);
  await assert.rejects(ours.verify(signed(body), body), { reason: "envelope" });
  await assert.rejects(ours.verifyBatch(signed(body, "a.b"), body), { reason: "malformed" });
  await assert.rejects(ours.verifyBatch(signed(body), body + " "), { reason: "mismatch" });
});

test("once, in memory", async () => {
  let now = 0;
  const once = new MemoryOnce({ capacity: 2, ttl: 100, now: () => now });
  const handled = [];
  const work = (id) => async () => void handled.push(id);
  await once.do("a", work("a"));
  await once.do("a", work("a"));
  await assert.rejects(once.do("b", async () => Promise.reject(new Error("no"))), { message: "no" });
  await once.do("b", work("b"));
  assert.deepEqual(handled, ["a", "b"]);

  await once.do("c", work("c")); // a is forgotten: it was handled longest ago
  await once.do("b", work("b"));
  await once.do("a", work("a"));
  assert.deepEqual(handled, ["a", "b", "c", "a"]);

  now = 100;
  let finish;
  const slow = once.do("a", () => new Promise((resolve) => (finish = resolve)));
  await assert.rejects(once.do("a", work("a")), BusyError);
  const other = once.do("d", () => new Promise(() => {}));
  await assert.rejects(once.do("e", work("e")), BusyError); // both places are in work
  finish();
  await slow;
  await once.do("a", work("a"));
  assert.deepEqual(handled, ["a", "b", "c", "a"]);
  await assert.rejects(once.do("", work("")), TypeError);
  void other;
});

test("an error is what it says", async () => {
  const error = await verify("litestore", {}, "", { secrets }).catch((error) => error);
  assert(error instanceof VerificationError && error instanceof Error);
  assert.deepEqual([error.name, error.reason, error.message], ["VerificationError", "missing", "signature header missing: webhook-id"]);
});
