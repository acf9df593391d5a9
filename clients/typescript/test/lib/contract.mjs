// What every framework's route must do, with deliveries that Billhook sends and with
// requests that it would never send.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, test } from "node:test";
import { BusyError, createServices, MemoryOnce } from "billhook";
import { eventually, serve } from "./billhook.mjs";
import { names, vectors } from "./vectors.mjs";
import { envelope, headers, secret } from "./signed.mjs";

/** `start(options, handler)` gives the address of a route, and `end` closes it. */
export async function contract(name, start) {
  const billhook = await serve(after);
  const log = [];
  const begin = async (t, options, handler) => {
    log.length = 0;
    const { url, end } = await start({ profile: "litestore", secrets: secret, log: (what, error) => log.push({ what, error }), ...options }, handler);
    t.after(end);
    return url;
  };
  const post = (url, body, more) => fetch(url, { method: "POST", body, headers: more, duplex: "half" });
  const answered = async (promise, status, code) => {
    const answer = await promise;
    const text = await answer.text();
    assert.equal(answer.status, status, text);
    if (code === undefined) {
      assert.equal(text, "");
      return answer;
    }
    assert.equal(answer.headers.get("content-type"), "application/problem+json");
    const said = JSON.parse(text);
    assert.deepEqual([said.status, said.code, said.type], [status, code, `urn:billhook:problem:${code}`]);
    return answer;
  };

  for (const profile of names) {
    for (const scheme of profile === "standard" ? ["standard"] : ["standard", "profile"]) {
      test(`${name}: a delivery of ${profile}, ${scheme}`, async (t) => {
        const storeId = `${profile}-${scheme}`;
        const { webhookService, client } = createServices({ baseUrl: billhook, storeId });
        await client.call("createStore", { body: { id: storeId, profile } });
        const got = [];
        const url = await begin(t, { profile, scheme, secrets: secret }, (message) => got.push(message));
        const webhook = await webhookService.register({ url, events: ["*"], secret });
        const { type } = vectors.find((v) => v.profile === profile);
        const data = { id: "Zoë 😀", nested: [{ 2: null, 1: "\u2028<&>" }], n: 1.5e-9 };
        const { id } = await webhookService.emit(type, data);
        await eventually("success", async () => (await webhookService.getDeliveries(webhook.id))[0]?.success);
        assert.deepEqual(got.map((m) => [m.id, m.type, m.data]), [[id, type, data]]);
        assert.equal(log.length, 0);
      });
    }
  }

  test(`${name}: the body's bytes are as they came`, async (t) => {
    const got = [];
    const url = await begin(t, {}, (message) => got.push(message));
    const body = envelope("evt_1", ' \t"big" : 12345678901234567890,\n "n":1.0,') + " ";
    for (const more of [{}, { "content-type": "text/plain" }, { "content-type": "application/json; charset=latin1" }]) {
      await answered(post(url, body, { ...headers(body, "evt_1"), ...more }), 204);
    }
    assert.deepEqual(got.map((m) => m.body), [body, body, body]);
    assert.equal(got[0].data.orderId, "Zoë 😀");
  });

  test(`${name}: who cannot sign is refused, and not told why`, async (t) => {
    const url = await begin(t, {}, () => assert.fail("handled"));
    const body = envelope("evt_1");
    const signed = headers(body, "evt_1");
    const { "webhook-id": _, ...without } = signed;
    for (const [headers, sent, reason] of [
      [{}, body, "missing"],
      [without, body, "missing"],
      [signed, body + " ", "mismatch"],
      [signed, "", "mismatch"],
      [{ ...signed, "webhook-timestamp": "1" }, body, "stale"],
      [{ ...signed, "webhook-signature": "v1,abc" }, body, "malformed"],
    ]) {
      log.length = 0;
      const answer = await answered(post(url, sent, headers), 401, "invalid_signature");
      assert.deepEqual(log.map(({ what, error }) => [what, error.reason]), [["refused", reason]]);
      assert(![...answer.headers.values()].join().includes(reason));
    }
    await answered(post(url, "{}", headers("{}", "evt_1")), 422, "invalid_envelope");
  });

  test(`${name}: a body that is too large, said and unsaid`, async (t) => {
    const url = await begin(t, { maxBody: 1000 }, () => {});
    const fits = envelope("evt_1", `"x":"${"x".repeat(1000 - envelope("evt_1", '"x":"",').length - 3)}",`); // three are of more than a byte
    const fitting = fits.padEnd(1000 - (Buffer.byteLength(fits) - fits.length));
    assert.equal(Buffer.byteLength(fitting), 1000);
    await answered(post(url, fitting, headers(fitting, "evt_1")), 204);
    const body = fitting + " ";
    await answered(post(url, body, headers(body, "evt_1")), 413, "body_too_large");
    const chunks = new ReadableStream({
      start(controller) {
        for (const chunk of [body.slice(0, 500), body.slice(500)]) controller.enqueue(new TextEncoder().encode(chunk));
        controller.close();
      },
    });
    await answered(post(url, chunks, headers(body, "evt_1")), 413, "body_too_large");
    assert.deepEqual(log.map(({ error }) => error.reason), ["too_large", "too_large"]);
    await answered(post(url, fitting, headers(fitting, "evt_2")), 422, "invalid_envelope"); // and it goes on
  });

  test(`${name}: a body that breaks off`, async (t) => {
    const url = new URL(await begin(t, {}, () => assert.fail("handled")));
    const body = envelope("evt_1");
    const socket = connect(url.port, url.hostname);
    const head = Object.entries({ ...headers(body, "evt_1"), host: url.host, "content-length": body.length + 10 }).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`POST ${url.pathname} HTTP/1.1\r\n${head.join("")}\r\n${body}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    await eventually("that it was noticed", () => log.length > 0);
    assert.deepEqual(log.map(({ error }) => error.reason), ["unreadable"]);
  });

  test(`${name}: a handler that fails`, async (t) => {
    const failures = [new Error("no database"), new BusyError("later")];
    const url = await begin(t, {}, async () => {
      const failure = failures.shift();
      if (failure) throw failure;
    });
    const body = envelope("evt_1");
    const again = () => post(url, body, headers(body, "evt_1"));
    await answered(again(), 500, "internal");
    assert.deepEqual(log.map(({ what, error }) => [what, error.message]), [["failed", "no database"]]);
    assert.equal((await answered(again(), 503, "busy")).headers.get("retry-after"), "5");
    await answered(again(), 204);
    assert.equal(log.length, 1);
  });

  test(`${name}: once, though it is sent again`, async (t) => {
    const handled = [];
    const url = await begin(t, { once: new MemoryOnce() }, async ({ id }) => {
      handled.push(id);
      if (handled.length === 1) throw new Error("at first");
    });
    for (const [id, status, code] of [["evt_1", 500, "internal"], ["evt_1", 204], ["evt_1", 204], ["evt_2", 204]]) {
      await answered(post(url, envelope(id), headers(envelope(id), id)), status, code);
    }
    assert.deepEqual(handled, ["evt_1", "evt_1", "evt_2"]);
  });

  test(`${name}: a batch`, async (t) => {
    const handled = [];
    const url = await begin(t, { batch: true, once: new MemoryOnce() }, async ({ id }) => {
      handled.push(id);
      if (id === "evt_2" && handled.length < 4) throw new Error("at first");
    });
    const body = `[${["evt_1", "evt_2", "evt_3"].map((id) => envelope(id)).join()}]`;
    await answered(post(url, body, headers(body, "batch_1")), 500, "internal");
    await answered(post(url, body, headers(body, "batch_1")), 204);
    assert.deepEqual(handled, ["evt_1", "evt_2", "evt_3", "evt_2"]);
  });

  test(`${name}: a batch of which one is busy and another fails has failed`, async (t) => {
    const url = await begin(t, { batch: true }, ({ id }) => {
      throw id === "evt_1" ? new BusyError("later") : new Error("no database");
    });
    const body = `[${envelope("evt_1")},${envelope("evt_2")}]`;
    await answered(post(url, body, headers(body, "batch_1")), 500, "internal");
  });
}
