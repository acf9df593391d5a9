import { BillhookError, problemOf } from "./error.js";

/** Where Billhook is, and who asks. */
export interface ClientOptions {
  /** Default: the environment's BILLHOOK_URL, or else http://127.0.0.1:4000. */
  baseUrl?: string | undefined;
  /**
   * Default: the environment's BILLHOOK_API_KEY or, where the address is this machine's
   * own, the key of `billhook serve --dev`.
   */
  apiKey?: string | undefined;
  /** The store that calls are about, for a key that is for all stores. Default: the environment's BILLHOOK_STORE, or the key's. */
  storeId?: string | undefined;
  /** How long one request may take, in milliseconds; `Infinity` for no bound. Default: 30,000. */
  timeout?: number | undefined;
  /** How often a request is repeated, where that repeats nothing that it does. Default: 3. */
  retries?: number | undefined;
  /** What makes the requests. Default: the global `fetch`. */
  fetch?: typeof globalThis.fetch | undefined;
}

/** How one call differs from the others of its client. */
export interface CallOptions {
  /** Ends the call, its waiting included; it then throws the signal's reason. */
  signal?: AbortSignal | undefined;
  timeout?: number | undefined;
  retries?: number | undefined;
  storeId?: string | undefined;
  /** More headers, such as `traceparent`. */
  headers?: Record<string, string> | undefined;
}

export interface Exchange {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly body?: string | undefined;
  readonly headers: Record<string, string>;
  /** Whether a request of which nobody knows what became may be made again. */
  readonly repeatable: boolean;
}

export const DEV_KEY = "dev-staff-key";
const FIRST_WAIT = 250;
const LONGEST_WAIT = 60_000;
const LONGEST_TIMER = 2 ** 31 - 1; // setTimeout takes what is more for nothing

/** Makes requests, again where that is safe. */
export class Transport {
  readonly #base: URL;
  readonly #headers: Record<string, string>;
  readonly #timeout: number;
  readonly #retries: number;
  readonly #fetch: typeof globalThis.fetch;

  constructor(options: ClientOptions = {}) {
    this.#base = readBase(options.baseUrl ?? (setting("BILLHOOK_URL") || "http://127.0.0.1:4000"));
    const apiKey = options.apiKey ?? (setting("BILLHOOK_API_KEY") || (isLoopback(this.#base) ? DEV_KEY : undefined));
    if (!apiKey || !/^[!-~]+$/.test(apiKey)) {
      throw new TypeError("billhook: apiKey: give a key of Billhook's, or set BILLHOOK_API_KEY; `billhook keys` makes one");
    }
    this.#headers = { accept: "application/json", "x-api-key": apiKey };
    const storeId = options.storeId ?? setting("BILLHOOK_STORE");
    if (storeId) this.#headers["x-store-id"] = storeId;
    this.#timeout = readTimeout(options.timeout ?? 30_000);
    this.#retries = readRetries(options.retries ?? 3);
    this.#fetch = options.fetch ?? ((...request) => globalThis.fetch(...request));
  }

  /**
   * Makes a request until it succeeds, or throws. What was refused for too many
   * requests (429) was not done, and is made again after as long as the answer says. So
   * is what is `repeatable` where the answer is 502, 503, 504, or none.
   */
  async exchange(what: Exchange, options: CallOptions = {}): Promise<string> {
    const { signal } = options;
    const retries = readRetries(options.retries ?? this.#retries);
    for (let tries = 0; ; tries++) {
      signal?.throwIfAborted();
      const failure = await this.#once(what, options);
      if (typeof failure === "string") return failure;
      const again = failure.status === 429 || (what.repeatable && [0, 502, 503, 504].includes(failure.status));
      const wait = failure.retryAfter === undefined ? FIRST_WAIT * 2 ** tries * (0.5 + Math.random()) : failure.retryAfter * 1000;
      if (!again || tries >= retries || wait > LONGEST_WAIT) throw failure;
      await pause(wait, signal);
    }
  }

  async #once({ method, path, body, headers }: Exchange, options: CallOptions): Promise<string | BillhookError> {
    const { signal, storeId, headers: more } = options;
    const timeout = readTimeout(options.timeout ?? this.#timeout);
    const all: Record<string, string> = { ...this.#headers, ...headers, ...more };
    if (storeId) all["x-store-id"] = storeId;
    if (body !== undefined) all["content-type"] = "application/json";
    const sent = readHeaders(all);
    // AbortSignal.any is not in Node 18.
    const abort = new AbortController();
    const forward = () => abort.abort(signal?.reason);
    signal?.addEventListener("abort", forward, { once: true });
    let late = false;
    const timer = setTimeout(() => ((late = true), abort.abort()), Math.min(timeout, LONGEST_TIMER));
    try {
      // Who answers with a redirect elsewhere must not get the API key there.
      const answer = await this.#fetch(this.#base.href.replace(/\/+$/, "") + path, { method, headers: sent, body: body ?? null, redirect: "manual", signal: abort.signal });
      const text = await answer.text();
      return answer.ok ? text : new BillhookError({ ...problemOf(answer.status, text), retryAfter: retryAfter(answer.headers) });
    } catch (cause) {
      if (signal?.aborted) throw signal.reason;
      if (late) return new BillhookError({ status: 0, code: "timeout", title: "Timeout", detail: `no whole answer came within ${timeout} ms` }, { cause });
      return new BillhookError({ status: 0, code: "unreachable", title: "Unreachable", detail: `${this.#base.origin} cannot be reached`, hint: "check baseUrl, and that Billhook runs" }, { cause });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", forward);
    }
  }
}

/** Paths are put behind it, so that Billhook may be under a path of its own. */
function readBase(given: string): URL {
  let base: URL | undefined;
  try {
    base = new URL(given);
  } catch {
    // told of below
  }
  if (!base || !/^https?:$/.test(base.protocol) || base.username || base.password || base.search || base.hash) {
    throw new TypeError("billhook: baseUrl must be an http:// or https:// address alone, such as http://127.0.0.1:4000");
  }
  return base;
}

/** Not a number would be never late, or for ever made again. */
function readTimeout(given: number): number {
  if (!(given > 0)) throw new TypeError("billhook: timeout must be more than 0 milliseconds");
  return given;
}

function readRetries(given: number): number {
  if (!(given >= 0)) throw new TypeError("billhook: retries must be 0 or more");
  return given;
}

/** What no header can hold is the caller's mistake, and no failure of the network's. */
function readHeaders(given: Record<string, string>): Headers {
  try {
    return new Headers(given);
  } catch (cause) {
    throw new TypeError("billhook: headers, storeId and idempotencyKey must be what a header can hold: no line break, and no character above U+00FF", { cause });
  }
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

/** What the environment says, where there is one that may be read. */
function setting(name: string): string | undefined {
  try {
    return (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env?.[name];
  } catch {
    return undefined;
  }
}

/** Seconds, or a date. */
function retryAfter(headers: Headers): number | undefined {
  const said = headers.get("retry-after");
  if (said === null) return undefined;
  const seconds = /^\d+$/.test(said) ? Number(said) : (Date.parse(said) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(seconds, 0);
}

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
