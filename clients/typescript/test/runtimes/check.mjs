// What a runtime must be able to do, asked by its own fetch. `from` has the golden
// vectors, and `baseUrl` is Billhook's. Says how much it has verified.
import { Client, createServices, verify } from "billhook";
import { webhook } from "billhook/web";

export async function check(from, baseUrl) {
  const { vectors, ed25519 } = await (await fetch(from)).json();
  let verified = 0;
  for (const v of vectors) {
    for (const scheme of v.profile === "standard" ? ["standard"] : ["standard", "profile"]) {
      const options = { secrets: v.secrets, scheme, now: () => v.sentAt * 1000 };
      const headers = new Headers(v.headers.map(({ name, value }) => [name, value]));
      const message = await verify(v.profile, headers, v.body, options);
      if (message.id !== v.id || message.type !== v.type) throw new Error(`${v.name}: read as ${message.id} ${message.type}`);
      await refused("mismatch", verify(v.profile, headers, v.body + " ", options));
      verified++;
    }
  }
  const { key, headers, body, at } = ed25519;
  const then = { secrets: key, anyBody: true, now: () => at * 1000 };
  await verify("standard", headers, body, then);
  await refused("mismatch", verify("standard", headers, body + " ", then));

  const got = [];
  const route = webhook({ profile: vectors[0].profile, secrets: vectors[0].secrets, now: () => vectors[0].sentAt * 1000, log: () => {} }, ({ type }) => got.push(type));
  const request = (body) => new Request("http://127.0.0.1/hooks", { method: "POST", body, headers: vectors[0].headers.map(({ name, value }) => [name, value]) });
  for (const [sent, status] of [[vectors[0].body, 204], [vectors[0].body + " ", 401], ["x".repeat(2 << 20), 413]]) {
    const answer = await route(request(sent));
    if (answer.status !== status) throw new Error(`answers ${answer.status}, not ${status}`);
  }
  if (got.join() !== vectors[0].type) throw new Error(`got ${got}`);

  const { webhookService } = createServices({ baseUrl, apiKey: "dev-staff-key" });
  const { id } = await webhookService.emit("order.paid", { id: "o_1" });
  const event = await new Client({ baseUrl, apiKey: "dev-staff-key" }).call("getEvent", { path: { id } });
  if (event.data.id !== "o_1") throw new Error(`emitted ${JSON.stringify(event)}`);
  return `${verified} vectors verified, ${id} emitted`;
}

async function refused(reason, verifying) {
  const said = await verifying.then(
    () => "verified",
    (error) => error.reason ?? String(error),
  );
  if (said !== reason) throw new Error(`${said}, not ${reason}`);
}
