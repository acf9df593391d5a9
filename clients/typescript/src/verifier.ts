import { text, utf8, type Bytes } from "./bytes.js";
import type { HeadersLike } from "./headers.js";
import { elements } from "./json.js";
import { Layout, type Found, type Message } from "./message.js";
import { OwnHeader } from "./ownheader.js";
import { findProfile, isBare, type Profile, type ProfileName } from "./profile.js";
import { VerificationError } from "./reason.js";
import { readSecrets } from "./secret.js";
import { Keys } from "./signature.js";

/** Room for an event of 1 MiB, the most that Billhook sends where its operator does not say otherwise, and its envelope. */
export const DEFAULT_MAX_BODY = (1 << 20) + (64 << 10);

/** As in the reference libraries of Standard Webhooks, in seconds. */
export const DEFAULT_TOLERANCE = 300;

/** Whose webhooks are let in. */
export interface VerifierOptions {
  /**
   * The signing secrets, several while they rotate: shared ones as the sender gave
   * them (`whsec_…`), or public keys (`whpk_…`).
   */
  secrets: string | readonly string[];
  /**
   * Which signature counts. There is no falling back from one to the other: an attacker
   * would only have to leave a header out.
   *
   * - `"standard"`: `webhook-id`, `webhook-timestamp` and `webhook-signature`, which
   *   every delivery carries whatever its profile. They sign id and time beside the body.
   * - `"profile"`: the platform's own header. Where it signs the body only, who got hold
   *   of a request can send it again at any time: handle each event once.
   *
   * Default: `"standard"`.
   */
  scheme?: "standard" | "profile" | undefined;
  /** How far the time of signing may lie from this machine's clock, either way, in seconds. Default: 300. */
  tolerance?: number | undefined;
  /** Bounds the body, in bytes. Default: 1 MiB and 64 KiB. */
  maxBody?: number | undefined;
  /**
   * Lets in a body that is not the profile's envelope, for other senders of Standard
   * Webhooks; a message then has what can be found in it. Default: false.
   */
  anyBody?: boolean | undefined;
  /** The time, in milliseconds, for tests. Default: `Date.now`. */
  now?: (() => number) | undefined;
}

/** The bytes as they came: what is parsed and printed again need not be the same. */
export type Body = string | Uint8Array | ArrayBuffer;

/** Lets in what was signed with one of its secrets. Make it once, and use it for every request. */
export class Verifier<P extends ProfileName | object = object> {
  readonly maxBody: number;
  readonly #own: OwnHeader | undefined; // the profile's header, where it counts
  readonly #keys: Keys;
  readonly #layout: Layout;
  readonly #tolerance: number;
  readonly #anyBody: boolean;
  readonly #now: () => number;

  /** Throws a TypeError that says which option will not do. */
  constructor(profile: P & (ProfileName | Profile), options: VerifierOptions);
  /** For a profile whose events are those of an interface of yours. */
  constructor(profile: ProfileName | Profile, options: VerifierOptions);
  constructor(profile: ProfileName | Profile, options: VerifierOptions) {
    const { scheme = "standard", tolerance = DEFAULT_TOLERANCE, maxBody = DEFAULT_MAX_BODY, anyBody = false, now = Date.now } = options ?? {};
    const found = findProfile(profile);
    if (scheme !== "standard" && scheme !== "profile") throw new TypeError('billhook: scheme must be "standard" or "profile"');
    if (!(tolerance > 0)) throw new TypeError("billhook: tolerance must be more than 0 seconds");
    if (!(maxBody > 0)) throw new TypeError("billhook: maxBody must be more than 0 bytes");
    if (scheme === "profile") {
      if (!found.signature) throw new TypeError(`billhook: scheme: profile ${found.name} has no header of its own`);
      if (anyBody) throw new TypeError("billhook: anyBody: the platforms' own headers sign no id, so the body must have it");
      this.#own = new OwnHeader({ ...found, signature: found.signature });
    }
    if (isBare(found) && !anyBody) throw new TypeError(`billhook: profile ${found.name} has no envelope: the body is the data alone, so set anyBody`);
    this.maxBody = maxBody;
    this.#keys = new Keys(readSecrets(options?.secrets, scheme));
    this.#layout = new Layout(found);
    this.#tolerance = tolerance;
    this.#anyBody = anyBody;
    this.#now = now;
  }

  /**
   * Says whether one of the secrets signed the request, and reads it. Throws a
   * `VerificationError`, whose `reason` is for programs.
   */
  async verify(headers: HeadersLike, body: Body): Promise<Message<P>> {
    const bytes = this.#bytes(body);
    const signed = await this.#signed(headers, bytes);
    const raw = text(bytes);
    const { found, error } = this.#layout.read(parse(raw));
    if (signed.id === undefined) {
      if (error) throw error;
    } else if (this.#anyBody) {
      refuseDot(signed.id);
      found.id = signed.id;
    } else if (error) {
      throw error;
    } else if (found.id !== signed.id) {
      throw new VerificationError("envelope", "its id is not that of webhook-id");
    }
    return message(found, signed.at, raw);
  }

  /**
   * `verify` for a webhook with batches, whose body is an array of envelopes that is
   * signed once. Each message has its event's own id, by which repeats are found: what
   * was sent before may come again in other company. A single envelope, from before the
   * webhook had batches, is a batch of one.
   */
  async verifyBatch(headers: HeadersLike, body: Body): Promise<Message<P>[]> {
    const bytes = this.#bytes(body);
    if (bytes[0] !== "[".charCodeAt(0)) return [await this.verify(headers, bytes)];
    const signed = await this.#signed(headers, bytes);
    if (signed.id !== undefined) refuseDot(signed.id);
    const raw = text(bytes);
    const envelopes = parse(raw);
    if (!Array.isArray(envelopes) || envelopes.length === 0) throw new VerificationError("envelope", "not an array with something in it");
    const texts = elements(raw);
    return envelopes.map((envelope, i) => {
      const { found, error } = this.#layout.read(envelope);
      if (error && !(this.#anyBody && found.id)) throw new VerificationError("envelope", `number ${i + 1}: ${error.message}`);
      return message(found, signed.at, texts[i] as string);
    });
  }

  #bytes(body: Body): Bytes {
    let bytes: Bytes;
    if (typeof body === "string") bytes = utf8(body);
    else if (body instanceof Uint8Array) bytes = body as Bytes;
    else if (body instanceof ArrayBuffer) bytes = new Uint8Array(body);
    else throw new TypeError("billhook: the body must be a string or the bytes as they came; was it parsed already?");
    if (bytes.length > this.maxBody) throw tooLarge(this.maxBody);
    return bytes;
  }

  /** Without an id for the platform's own header: what a message has is in the body then. */
  async #signed(headers: HeadersLike, body: Bytes): Promise<{ id?: string; at: Date | null }> {
    if (!this.#own) return this.#keys.verifyStandard(headers, body, this.#now(), this.#tolerance);
    return { at: await this.#own.verify(this.#keys, headers, body, this.#now(), this.#tolerance) };
  }
}

/**
 * Verifies one delivery: what `new Verifier(profile, options).verify(headers, body)` does.
 *
 *     const message = await verify("etail-depot", request.headers, await request.text(), { secrets });
 *     if (message.type === "payment.succeeded") message.data.amount; // a number
 */
export function verify<P extends ProfileName>(profile: P, headers: HeadersLike, body: Body, options: VerifierOptions): Promise<Message<P>>;
/** With a profile of your own; its events may be an interface of yours. */
export function verify<E extends object = Record<string, unknown>>(profile: Profile | ProfileName, headers: HeadersLike, body: Body, options: VerifierOptions): Promise<Message<E>>;
export async function verify(profile: ProfileName | Profile, headers: HeadersLike, body: Body, options: VerifierOptions): Promise<unknown> {
  return new Verifier(profile as ProfileName, options).verify(headers, body);
}

export function tooLarge(maxBody: number): VerificationError {
  return new VerificationError("too_large", `more than ${maxBody} bytes`);
}

/** "id.time.body" can be cut at another dot where the id has one, and nothing in the body could tell. */
function refuseDot(id: string): void {
  if (id.includes(".")) throw new VerificationError("malformed", "webhook-id holds a dot");
}

function parse(raw: string): unknown {
  try {
    return JSON.parse(raw);
  } catch {
    return undefined;
  }
}

function message<P>({ id, type, data, time }: Found, timestamp: Date | null, body: string): Message<P> {
  return { id, type, data, time, timestamp, body } as Message<P>;
}
