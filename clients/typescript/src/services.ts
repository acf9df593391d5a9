import { Client, type Schemas } from "./client.js";
import type { EventData, EventMap, EventType } from "./message.js";
import type { CallOptions, ClientOptions } from "./transport.js";

/** A registered webhook. */
export type Webhook = Omit<Schemas["Webhook"], "createdAt"> & { createdAt: Date };

/** A webhook with what signs its deliveries, which is shown when it is registered, and in no list. */
export type RegisteredWebhook = Webhook & { secret: string };

/** What became of an event for one webhook. */
export type WebhookDelivery = Omit<Schemas["Delivery"], "lastAttemptAt" | "nextAttemptAt" | "createdAt"> & {
  lastAttemptAt: Date | null;
  nextAttemptAt: Date | null;
  createdAt: Date;
};

/** An accepted event: it is on disk, and how many webhooks it is for. */
export type Emitted = Omit<Schemas["Emitted"], "createdAt"> & { createdAt: Date };

export interface EmitOptions extends CallOptions, Partial<Omit<Schemas["NewEvent"], "type" | "data" | "idempotencyKey">> {
  /** A repeat with the same key answers the first result. Default: a new one for each call. */
  idempotencyKey?: string;
}

/** Webhooks as a shop's code speaks of them. */
export class WebhookService<P = EventMap> {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** Registers a webhook. */
  async register(webhook: Omit<Schemas["NewWebhook"], "events"> & { events: (EventType<P> | "*" | `${string}.*`)[] }, options?: CallOptions): Promise<RegisteredWebhook> {
    return registered(await this.#client.call("createWebhook", { body: webhook }, options));
  }

  /** Emits an event to all webhooks that are subscribed to its type. Once it returns, the event is on disk. */
  async emit<Type extends EventType<P>>(type: Type, data: EventData<P, Type>, options: EmitOptions = {}): Promise<Emitted> {
    const { idempotencyKey, signal, timeout, retries, storeId, headers, ...more } = options;
    const input = { body: { ...more, type, data }, ...(idempotencyKey === undefined ? {} : { idempotencyKey }) };
    const emitted = await this.#client.call("emitEvent", input, { signal, timeout, retries, storeId, headers });
    return { ...emitted, createdAt: new Date(emitted.createdAt) };
  }

  /** The newest deliveries of a webhook, 1,000 of them where `limit` does not say otherwise. */
  async getDeliveries(webhookId: string, { limit = 1000, ...options }: CallOptions & { limit?: number } = {}): Promise<WebhookDelivery[]> {
    const all: WebhookDelivery[] = [];
    const query = { limit: Math.min(limit, 100) };
    for await (const delivery of this.#client.list("listWebhookDeliveries", { path: { id: webhookId }, query }, options)) {
      all.push(delivered(delivery));
      if (all.length >= limit) break; // before another page is asked for
    }
    return all;
  }

  /** All registered webhooks. */
  async list(options?: CallOptions): Promise<Webhook[]> {
    const all: Webhook[] = [];
    for await (const webhook of this.#client.list("listWebhooks", {}, options)) all.push(registered(webhook));
    return all;
  }

  /** Deactivates a webhook: it gets no more events, and what became of those before stays on record. */
  async deactivate(webhookId: string, options?: CallOptions): Promise<Webhook> {
    return registered(await this.#client.call("updateWebhook", { path: { id: webhookId }, body: { isActive: false } }, options));
  }
}

/**
 * What a shop's code needs, made of an address and a key. The names of events and their
 * data are typed where a profile says which there are:
 *
 *     const { webhookService } = createServices<"commercio">({ baseUrl, apiKey });
 *     await webhookService.emit("ORDER_CREATED", { orderId, customerId, totalAmount });
 */
export function createServices<P = EventMap>(options?: ClientOptions): { webhookService: WebhookService<P>; client: Client } {
  const client = new Client(options);
  return { webhookService: new WebhookService<P>(client), client };
}

function registered<W extends { createdAt: string }>(webhook: W): Omit<W, "createdAt"> & { createdAt: Date } {
  return { ...webhook, createdAt: new Date(webhook.createdAt) };
}

function delivered(delivery: Schemas["Delivery"]): WebhookDelivery {
  return { ...delivery, lastAttemptAt: date(delivery.lastAttemptAt), nextAttemptAt: date(delivery.nextAttemptAt), createdAt: new Date(delivery.createdAt) };
}

function date(text: string | null): Date | null {
  return text === null ? null : new Date(text);
}
