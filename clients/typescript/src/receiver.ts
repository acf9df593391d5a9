import { concat } from "./bytes.js";
import type { HeadersLike } from "./headers.js";
import type { Message } from "./message.js";
import { BusyError, type Once } from "./once.js";
import type { Profile, ProfileName } from "./profile.js";
import { VerificationError } from "./reason.js";
import { tooLarge, Verifier, type VerifierOptions } from "./verifier.js";

/** Whose webhooks a route takes, and how. */
export interface ReceiverOptions<Of extends ProfileName | Profile = ProfileName | Profile> extends VerifierOptions {
  /** A profile that comes along, or your own. */
  profile: Of;
  /** Lets each event be handled once: `new MemoryOnce()`, or yours on a database. Default: none, and repeats come too. */
  once?: Once | undefined;
  /** For a webhook with batches: the handler is called for each event of a request, in their order. Default: false. */
  batch?: boolean | undefined;
  /** Gets why a request was refused, which the sender is not told, and of what the handler failed. Default: the console. */
  log?: ((what: "refused" | "failed", error: unknown) => void) | undefined;
}

/** Handles an event. Where it throws, the sender tries again later. */
export type Handler<P> = (message: Message<P>) => unknown;

/** What a sender is told. */
export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

const RETRY_AFTER = "5"; // seconds: long enough for most handlers

/** Verifies requests and has their events handled, for whatever framework they come by. */
export class Receiver<P extends ProfileName | object> {
  readonly verifier: Verifier<P>;
  readonly #options: ReceiverOptions;
  readonly #handler: Handler<P> | undefined;

  constructor(options: ReceiverOptions, handler?: Handler<P>) {
    this.verifier = new Verifier<P>(options?.profile, options);
    this.#options = options;
    this.#handler = handler;
    if (!handler && (options.once || options.batch)) throw new TypeError("billhook: once and batch are for a route with a handler");
  }

  /** Answers a request, once its events are handled. */
  async answer(headers: HeadersLike, read: () => Promise<Uint8Array>): Promise<Answer> {
    const messages = await this.#verified(headers, read);
    return Array.isArray(messages) ? this.#confirm(messages) : messages;
  }

  /** Answers a request or, where there is no handler, lets its message through. */
  async admit(headers: HeadersLike, read: () => Promise<Uint8Array>): Promise<Answer | { message: Message<P> }> {
    if (this.#handler) return this.answer(headers, read);
    const messages = await this.#verified(headers, read);
    return Array.isArray(messages) ? { message: messages[0] as Message<P> } : messages;
  }

  /** The messages of a request, or how it is refused. */
  async #verified(headers: HeadersLike, read: () => Promise<Uint8Array>): Promise<Message<P>[] | Answer> {
    try {
      const body = await read();
      return this.#options.batch ? await this.verifier.verifyBatch(headers, body) : [await this.verifier.verify(headers, body)];
    } catch (error) {
      if (!(error instanceof VerificationError)) throw error;
      this.#log("refused", error);
      return refusal(error);
    }
  }

  /**
   * Has each message handled, also when another has failed. The answer is for all of
   * them, so that where one failed those that went well come again too.
   */
  async #confirm(messages: Message<P>[]): Promise<Answer> {
    let failed = false;
    let busy = false;
    for (const message of messages) {
      try {
        await this.#handle(message);
      } catch (error) {
        if (error instanceof BusyError) {
          busy = true;
          continue;
        }
        failed = true;
        this.#log("failed", error);
      }
    }
    if (failed) return problem(500, "internal", "Internal Server Error", "The event was not handled.");
    if (busy) return problem(503, "busy", "Service Unavailable", "The event cannot be handled now.", { "retry-after": RETRY_AFTER });
    return { status: 204, headers: {}, body: "" };
  }

  async #handle(message: Message<P>): Promise<void> {
    const work = async () => void (await this.#handler?.(message));
    const { once } = this.#options;
    await (once ? once.do((message as { id: string }).id, work) : work());
  }

  #log(what: "refused" | "failed", error: unknown): void {
    const { log } = this.#options;
    if (log) log(what, error);
    else if (what === "refused") console.warn(`billhook: webhook refused: ${(error as Error).message}`);
    else console.error("billhook: webhook not handled:", error);
  }
}

/** Which header was wrong, and how, is not for who cannot sign. */
function refusal({ reason }: VerificationError): Answer {
  switch (reason) {
    case "too_large":
      // What is left of the body will not be read.
      return problem(413, "body_too_large", "Request Entity Too Large", "The body is larger than is let in here.", { connection: "close" });
    case "unreadable":
      return problem(400, "body_unreadable", "Bad Request", "The body could not be read to its end.");
    case "envelope":
      return problem(422, "invalid_envelope", "Unprocessable Entity", "The body is signed, but not laid out as is expected here.");
    default:
      return problem(401, "invalid_signature", "Unauthorized", "The request is not signed as is expected here.");
  }
}

function problem(status: number, code: string, title: string, detail: string, headers: Record<string, string> = {}): Answer {
  const body = JSON.stringify({ type: `urn:billhook:problem:${code}`, title, status, code, detail });
  return { status, headers: { "content-type": "application/problem+json", ...headers }, body };
}

/** A route that answers by itself cannot do without a function for messages. */
export function needed<P>(handler: Handler<P> | undefined): Handler<P> {
  if (typeof handler !== "function") throw new TypeError("billhook: give the route a function that handles messages");
  return handler;
}

/** The programmer's mistake, and no sender's. */
export function bodyIsGone(remedy: string): Error {
  return new Error(`billhook: the body was read before it came to the webhook's route, and what was made of it need not be the bytes that were signed: ${remedy}`);
}

/** Reads a body up to a bound. */
export async function readAll(chunks: AsyncIterable<Uint8Array>, length: string | null | undefined, maxBody: number): Promise<Uint8Array> {
  if (Number(length ?? 0) > maxBody) throw tooLarge(maxBody);
  const all: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of chunks) {
      size += chunk.length;
      if (size > maxBody) throw tooLarge(maxBody);
      all.push(chunk);
    }
  } catch (cause) {
    throw cause instanceof VerificationError ? cause : new VerificationError("unreadable", undefined, { cause });
  }
  return concat(...all);
}
