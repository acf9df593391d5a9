import { BillhookError, unexpected } from "./error.js";
import type { components, operations as Operations } from "./generated/openapi.js";
import { operations } from "./generated/operations.js";
import { Transport, type CallOptions, type ClientOptions } from "./transport.js";
import { webCrypto } from "./webcrypto.js";

/** The shapes of the API's document, by name: `Schemas["Webhook"]`. */
export type Schemas = components["schemas"];

/** The name of an operation of the API (its operationId). */
export type OperationName = keyof typeof operations;

/** The operations that answer page by page. */
export type ListName = { [O in OperationName]: (typeof operations)[O] extends { pages: true } ? O : never }[OperationName];

type Part<O extends OperationName, Where extends "path" | "query"> = NonNullable<NonNullable<Operations[O]["parameters"]>[Where]>;
type Body<O extends OperationName> = Operations[O] extends { requestBody?: { content: { "application/json": infer B } } } ? B : never;

/** What a call needs: `path` and `query` parameters, and the `body`. */
export type Input<O extends OperationName> = ([Part<O, "path">] extends [never] ? unknown : { path: Part<O, "path"> }) &
  ([Part<O, "query">] extends [never] ? unknown : Partial<Part<O, "query">> extends Part<O, "query"> ? { query?: Part<O, "query"> } : { query: Part<O, "query"> }) &
  ([Body<O>] extends [never] ? unknown : Operations[O] extends { requestBody: object } ? { body: Body<O> } : { body?: Body<O> }) &
  ((typeof operations)[O] extends { idempotencyKey: true } ? { idempotencyKey?: string } : unknown);

type Content<R> = R extends { content: infer C } ? C[keyof C] : undefined;
type Success<R> = R extends object ? { [Status in keyof R & (200 | 201 | 202 | 204)]: Content<R[Status]> }[keyof R & (200 | 201 | 202 | 204)] : never;

/** What a call answers. */
export type Output<O extends OperationName> = Success<Operations[O]["responses"]>;

/** What a list is of. */
export type Item<O extends ListName> = Output<O> extends { data: (infer T)[] } ? T : never;

type Rest<I> = Partial<I> extends I ? [input?: I, options?: CallOptions] : [input: I, options?: CallOptions];

interface AnyInput {
  path?: Record<string, unknown>;
  query?: Record<string, unknown>;
  body?: unknown;
  idempotencyKey?: string;
}

/**
 * A client of Billhook's API, with all of its operations: those of the OpenAPI document,
 * by their names.
 *
 *     const client = new Client({ baseUrl, apiKey });
 *     const webhook = await client.call("createWebhook", { body: { url, events: ["order.paid"] } });
 *     for await (const delivery of client.list("listDeliveries", { query: { webhookId: webhook.id } })) …
 *
 * Failures throw a `BillhookError`.
 */
export class Client {
  readonly #transport: Transport;

  constructor(options?: ClientOptions) {
    this.#transport = new Transport(options);
  }

  /**
   * Calls an operation.
   *
   * A request is repeated only where that does nothing twice: what reads; what was
   * refused as too much; and what takes an idempotency key, which is made up where you
   * give none, so that a repeat answers what the first request did.
   */
  async call<O extends OperationName>(name: O, ...[input, options]: Rest<Input<O>>): Promise<Output<O>> {
    const operation: { method: string; path: string; idempotencyKey?: boolean; text?: boolean } = operations[name];
    const { path, query, body, idempotencyKey } = await withKeys(name, (input ?? {}) as AnyInput);
    const text = await this.#transport.exchange(
      {
        method: operation.method,
        path: fill(operation.path, path ?? {}) + search(query ?? {}),
        body: body === undefined ? undefined : JSON.stringify(body),
        headers: idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey },
        repeatable: operation.method === "GET" || operation.idempotencyKey === true || name === "emitEvents",
      },
      options,
    );
    return (text === "" ? undefined : operation.text ? text : readJSON(text)) as Output<O>;
  }

  /** Goes through a list from its first page to its last, and asks for a page when it is needed. */
  async *list<O extends ListName>(name: O, ...[input, options]: Rest<Input<O>>): AsyncGenerator<Item<O>, void, undefined> {
    const given = (input ?? {}) as AnyInput;
    for (let cursor: unknown = given.query?.cursor, more = true; more; ) {
      const query = { ...given.query, ...(cursor === undefined ? {} : { cursor }) };
      const page = (await this.call(name, ...([{ ...given, query }, options] as unknown as Rest<Input<O>>))) as unknown as { data: Item<O>[]; nextCursor: string | null };
      yield* page.data;
      cursor = page.nextCursor;
      more = typeof cursor === "string"; // without one it would begin again
    }
  }
}

/** A success that is no JSON is somebody else's, such as a proxy's page. */
function readJSON(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BillhookError(unexpected(200), { cause });
  }
}

/** Gives what can be emitted twice a key by which it is not. */
async function withKeys(name: OperationName, input: AnyInput): Promise<AnyInput> {
  const made = async () => (await webCrypto()).randomUUID();
  if (name === "emitEvents") {
    const { events } = input.body as Schemas["EventBatch"];
    return { ...input, body: { ...(input.body as object), events: await Promise.all(events.map(async (event) => ({ ...event, idempotencyKey: event.idempotencyKey ?? (await made()) }))) } };
  }
  if (!("idempotencyKey" in operations[name]) || input.idempotencyKey !== undefined) return input;
  if ((input.body as { idempotencyKey?: string | null } | undefined)?.idempotencyKey) return input;
  return { ...input, idempotencyKey: await made() };
}

function fill(path: string, values: Record<string, unknown>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    // Nothing and dots would make another path of it.
    if (typeof value !== "string" || /^\.{0,2}$/.test(value)) throw new TypeError(`billhook: path.${name}: want a string that is not empty, "." or ".."`);
    return encodeURIComponent(value);
  });
}

function search(query: Record<string, unknown>): string {
  const parts = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null) parts.append(name, value instanceof Date ? value.toISOString() : String(value));
  }
  const text = parts.toString();
  return text && `?${text}`;
}
