import { concat, equal, fromStrictBase64, headerBytes, text, utf8, type Bytes } from "./bytes.js";
import { one, type HeadersLike } from "./headers.js";
import { VerificationError } from "./reason.js";
import type { Secret } from "./secret.js";
import { webCrypto } from "./webcrypto.js";

// Bounds of the work that a header full of signatures can cause. Ed25519 costs more.
const MOST_SIGNATURES = 32;
const MOST_ED25519 = 8;
const LAST_SECOND = 253402300799; // of the year 9999

/** What a request says of itself, once one of the secrets is known to have signed it. */
export interface Signed {
  readonly id: string;
  readonly at: Date;
}

/** Secrets as keys of WebCrypto, made once. */
export class Keys {
  readonly #secrets: readonly Secret[];
  readonly #made = new Map<Bytes, Promise<CryptoKey>>();

  constructor(secrets: readonly Secret[]) {
    this.#secrets = secrets;
  }

  /**
   * Checks the three headers of Standard Webhooks, in constant time: every secret is
   * tried with every signature, whichever match.
   */
  async verifyStandard(headers: HeadersLike, body: Bytes, now: number, tolerance: number): Promise<Signed> {
    const id = one(headers, "webhook-id");
    const stamp = one(headers, "webhook-timestamp");
    const list = one(headers, "webhook-signature");
    const at = readTimestamp(stamp);
    const given = readSignatures(list);
    checkTime(at, now, tolerance);
    const message = concat(headerBytes(id), utf8(`.${stamp}.`), body);
    let matched = false;
    for (const secret of this.#secrets) {
      if (secret.publicKey) {
        for (const signature of given.ed25519) matched = (await this.#isOf(secret.publicKey, signature, message)) || matched;
      } else {
        const want = await this.#mac(secret.standard, message);
        for (const mac of given.macs) matched = equal(mac, want) || matched;
      }
    }
    if (!matched) throw new VerificationError("mismatch");
    return { id: text(headerBytes(id)), at: new Date(at * 1000) };
  }

  /** Says whether one of the secrets made this HMAC-SHA256. All are tried, whichever did. */
  async made(given: Bytes, message: Bytes, key: "whole" | "standard"): Promise<boolean> {
    let matched = false;
    for (const secret of this.#secrets) matched = equal(given, await this.#mac(secret[key], message)) || matched;
    return matched;
  }

  async #mac(secret: Bytes, message: Bytes): Promise<Uint8Array> {
    const key = await this.#key(secret, { name: "HMAC", hash: "SHA-256" }, "sign");
    return new Uint8Array(await (await webCrypto()).subtle.sign("HMAC", key, message));
  }

  async #isOf(publicKey: Bytes, signature: Bytes, message: Bytes): Promise<boolean> {
    let key: CryptoKey;
    try {
      key = await this.#key(publicKey, { name: "Ed25519" }, "verify");
    } catch (cause) {
      throw new Error("billhook: this runtime's WebCrypto takes no Ed25519 key: verify with a shared secret (whsec_…) here", { cause });
    }
    return (await webCrypto()).subtle.verify("Ed25519", key, signature, message);
  }

  #key(bytes: Bytes, algorithm: Algorithm | HmacImportParams, use: KeyUsage): Promise<CryptoKey> {
    let key = this.#made.get(bytes);
    if (!key) this.#made.set(bytes, (key = webCrypto().then(({ subtle }) => subtle.importKey("raw", bytes, algorithm, false, [use]))));
    return key;
  }
}

/** Reads unix seconds: decimal digits and nothing else. */
export function readTimestamp(stamp: string, header = "webhook-timestamp"): number {
  const at = /^\d+$/.test(stamp) ? Number(stamp) : Infinity;
  if (at > LAST_SECOND) throw new VerificationError("malformed", `the timestamp in ${header} is not in unix seconds`);
  return at;
}

/** Says whether a signature is of now, give or take the tolerance. Seconds, but for now. */
export function checkTime(at: number, now: number, tolerance: number): void {
  const age = now / 1000 - at;
  const by = `by ${Math.abs(age)} s, where ${tolerance} s are let through`;
  if (age < -tolerance) throw new VerificationError("future", by);
  if (!(age <= tolerance)) throw new VerificationError("stale", by); // a clock that says nothing lets nobody in
}

/** One broken entry does not spoil the others; signatures of other versions are passed over. */
function readSignatures(list: string): { macs: Bytes[]; ed25519: Bytes[] } {
  const macs: Bytes[] = [];
  const ed25519: Bytes[] = [];
  for (const entry of list.split(" ")) {
    const comma = entry.indexOf(",");
    const version = entry.slice(0, Math.max(comma, 0));
    if (version !== "v1" && version !== "v1a") continue;
    const raw = fromStrictBase64(entry.slice(comma + 1));
    if (version === "v1" && raw?.length === 32) macs.push(raw);
    if (version === "v1a" && raw?.length === 64) ed25519.push(raw);
    if (macs.length > MOST_SIGNATURES || ed25519.length > MOST_ED25519) {
      throw new VerificationError("malformed", `webhook-signature holds more than ${MOST_SIGNATURES} v1 or ${MOST_ED25519} v1a signatures`);
    }
  }
  if (macs.length + ed25519.length === 0) throw new VerificationError("malformed", "webhook-signature holds no v1 and no v1a signature");
  return { macs, ed25519 };
}
