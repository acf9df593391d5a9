// Every golden delivery verifies and is read as what was emitted, and nothing that was
// changed on the way does.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { VerificationError, Verifier } from "billhook";
import { clock, names, pairs, schemes, vectors } from "./lib/vectors.mjs";

const verifier = (v, scheme, secrets) => new Verifier(v.profile, { secrets, scheme, now: clock(v) });

function emitted(v) {
  const data = JSON.parse(v.data, (_, value) => (Object.is(value, -0) ? 0 : value)); // as it is sent
  // What was emitted as {"object": {…}} is not wrapped again.
  return v.profile === "etail-depot" && v.name.endsWith("data named object") ? data.object : data;
}

test("the profiles are those that there are", () => {
  const files = readdirSync(new URL("../../../profile/profiles/", import.meta.url));
  assert.deepEqual(names, files.map((name) => name.replace(".json", "")).sort());
});

for (const name of names) {
  for (const scheme of schemes(name)) {
    test(`${name}, ${scheme}: every vector`, async () => {
      const ours = vectors.filter((v) => v.profile === name);
      assert(ours.length >= 10);
      for (const v of ours) {
        for (const [i, secret] of v.secrets.entries()) {
          const verify = () => verifier(v, scheme, ["another", secret]).verify(pairs(v), v.body);
          if (scheme === "profile" && i > 0) {
            await assert.rejects(verify, { reason: "mismatch" }, `${v.name}: an older secret`); // it has room for one signature
            continue;
          }
          const m = await verify();
          assert.deepEqual({ id: m.id, type: m.type, data: m.data, body: m.body }, { id: v.id, type: v.type, data: emitted(v), body: v.body }, v.name);
          const off = Date.parse(v.time) - m.time.getTime();
          assert(off >= 0 && off < 1000, `${v.name}: time ${m.time.toISOString()}`);
          assert.equal(m.timestamp?.getTime(), scheme === "standard" ? v.sentAt * 1000 : undefined);
        }
      }
    });

    test(`${name}, ${scheme}: one bit of every byte`, async () => {
      const v = vectors.find((v) => v.profile === name);
      const ours = verifier(v, scheme, v.secrets);
      const body = new TextEncoder().encode(v.body);
      for (let i = 0; i < body.length; i++) {
        const changed = body.slice();
        changed[i] ^= 1;
        await assert.rejects(ours.verify(pairs(v), changed), { reason: "mismatch" });
      }
      for (const other of [body.slice(1), body.slice(0, -1), v.body + "\n", "", vectors.find((o) => o.profile === name && o.id !== v.id).body]) {
        await assert.rejects(ours.verify(pairs(v), other), { reason: "mismatch" });
      }
    });

    test(`${name}, ${scheme}: every header that counts`, async () => {
      const v = vectors.find((v) => v.profile === name);
      const ours = verifier(v, scheme, v.secrets);
      const counts = pairs(v).filter(([header]) => header.startsWith("webhook-") === (scheme === "standard"));
      assert.equal(counts.length, scheme === "standard" ? 3 : 1);
      for (const [header, value] of counts) {
        const without = pairs(v).filter(([other]) => other !== header);
        const refused = (reason, ...values) => assert.rejects(ours.verify([...without, ...values.map((value) => [header.toUpperCase(), value])], v.body), { reason }, `${header}: ${JSON.stringify(values)}`);
        await ours.verify([...without, [header.toUpperCase(), value]], v.body);
        await refused("missing");
        await refused("missing", "");
        await refused("malformed", value, value);
        await refused("malformed", value, "");
        for (let i = 0; i < value.length; i++) {
          const changed = value.slice(0, i) + String.fromCharCode(value.charCodeAt(i) ^ 1) + value.slice(i + 1);
          await assert.rejects(ours.verify([...without, [header, changed]], v.body), (error) => error instanceof VerificationError && ["mismatch", "malformed", "stale", "future"].includes(error.reason));
        }
      }
    });
  }
}

test("headers in each of their forms", async () => {
  const v = vectors.find((v) => v.profile === "litestore");
  const ours = verifier(v, "standard", v.secrets);
  const object = Object.fromEntries(pairs(v));
  for (const headers of [new Headers(object), object, pairs(v), pairs(v).flat(), Object.fromEntries(pairs(v).map(([name, value]) => [name, [value]]))]) {
    assert.equal((await ours.verify(headers, v.body)).id, v.id);
  }
  const twice = new Headers(object);
  twice.append("webhook-signature", object["webhook-signature"]);
  await assert.rejects(ours.verify(twice, v.body), { reason: "malformed" });
  await assert.rejects(ours.verify({ ...object, "webhook-id": [v.id, v.id] }, v.body), { reason: "malformed" });
});
