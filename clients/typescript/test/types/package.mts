// What TypeScript must know of the package, and what it must refuse. Compiled only.
import { Client, createServices, MemoryOnce, verify, Verifier, type EventData, type EventType, type Message, type Profile, type ProfileName } from "billhook";

declare const headers: Headers;
declare const body: Uint8Array;
const secrets = ["a-secret", "another-secret"];

// The type of an event says what its data is.
const message = await verify("etail-depot", headers, body, { secrets });
if (message.type === "payment.succeeded") {
  const amount: number = message.data.amount;
  const email: string = message.data.customer.email;
  // @ts-expect-error there is no such member
  message.data.carrier;
  void [amount, email];
}
// @ts-expect-error there is no such event
if (message.type === "payment.eaten") void 0;
switch (message.type) {
  case "card.issued": {
    const last4: string = message.data.last4;
    void last4;
    break;
  }
  default: {
    const id: string = message.id;
    void id;
  }
}
const explicit = await verify<"etail-depot">("etail-depot", headers, body, { secrets });
if (explicit.type === "order.fulfilled") explicit.data.tracking_number.toUpperCase();
const standard: EventData<"standard", "order.paid">["total"] = 4999;
const names: EventType<"commercio">[] = ["ORDER_CREATED", "INVENTORY_LOW"];
// @ts-expect-error no such type
const wrong: EventType<"commercio"> = "ORDER_EATEN";
const all: ProfileName[] = ["commerce-engine", "commercio", "elective-commerce", "etail-depot", "litestore", "standard"];
// @ts-expect-error no such profile
await verify("no-such", headers, body, { secrets });
// @ts-expect-error no secrets
await verify("standard", headers, body, {});

// A profile of one's own, and one's own events.
declare const own: Profile;
const any = await verify(own, headers, body, { secrets });
const anyData: unknown = any.data;
interface MyEvents {
  "gift.wrapped": { orderId: string; paper: string };
  "gift.sent": { orderId: string };
}
const mine = await verify<MyEvents>("standard", headers, body, { secrets });
if (mine.type === "gift.wrapped") mine.data.paper.toUpperCase();
const both = new Verifier<MyEvents & import("billhook").StandardEvents>("standard", { secrets });
const one = await both.verify(headers, body);
if (one.type === "order.paid") one.data.total.toFixed();
if (one.type === "gift.sent") one.data.orderId.toUpperCase();
const inferred = new Verifier("litestore", { secrets });
const lite = await inferred.verify(headers, body);
if (lite.type === "product.purchased") lite.data.price.amount.toFixed();
function handle(m: Message<"litestore">): void {
  if (m.type === "content.submitted") m.data.media[0]?.url.toUpperCase();
}
handle(lite);
for (const m of await inferred.verifyBatch(headers, body)) handle(m);

// The client knows each operation's parameters, body and answer.
const client = new Client({ baseUrl: "http://127.0.0.1:4000", apiKey: "a-key" });
const webhook = await client.call("createWebhook", { body: { url: "https://example.com", events: ["*"] } });
webhook.secret.toUpperCase();
const nothing: undefined = await client.call("deleteWebhook", { path: { id: webhook.id } });
const text: string = await client.call("getMetrics");
await client.call("listWebhooks");
await client.call("emitEvent", { body: { type: "a", data: { any: ["thing"] } }, idempotencyKey: "key" }, { signal: AbortSignal.abort() });
const outcome = await client.call("retryDeliveries", { body: { webhookId: webhook.id, status: "dead" } as never });
void outcome;
for await (const delivery of client.list("listDeliveries", { query: { webhookId: webhook.id, status: "dead" } })) delivery.attempts.toFixed();
// @ts-expect-error the path is needed
await client.call("getWebhook");
// @ts-expect-error no such parameter
await client.call("listDeliveries", { query: { color: "red" } });
// @ts-expect-error no such member
await client.call("createWebhook", { body: { uri: "https://example.com", events: ["*"] } });
// @ts-expect-error it has no pages
client.list("getWebhook", { path: { id: "a" } });
await client.call("createWebhook", { body: { url: "https://example.com", events: ["*"] }, idempotencyKey: "key" });
// @ts-expect-error it takes no key
await client.call("createStore", { body: { id: "shop" }, idempotencyKey: "key" });

// createServices, with the events of any profile or of one.
const { webhookService } = createServices();
await webhookService.emit("ANYTHING", { orderId: "o_1" });
const shop = createServices<"commercio">({ storeId: "shop" }).webhookService;
const registered = await shop.register({ url: "https://example.com", events: ["ORDER_CREATED", "*"] });
const created: Date = registered.createdAt;
await shop.emit("ORDER_CREATED", { orderId: "o_1", customerId: "c_1", totalAmount: 1 }, { idempotencyKey: "order-1" });
// @ts-expect-error no such type
await shop.emit("ORDER_EATEN", {});
// @ts-expect-error not its data
await shop.emit("ORDER_CREATED", { orderId: 1 });
// @ts-expect-error no such type
await shop.register({ url: "https://example.com", events: ["ORDER_EATEN"] });
for (const { lastAttemptAt } of await shop.getDeliveries(registered.id)) lastAttemptAt?.toISOString();
// @ts-expect-error a list has no secrets
(await shop.list())[0]?.secret;

new MemoryOnce({ capacity: 10 }).do("evt_1", async () => {});
void [standard, names, wrong, all, anyData, nothing, text, created];
