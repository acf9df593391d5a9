import { concat, fromHex, fromStrictBase64, headerBytes, utf8, type Bytes } from "./bytes.js";
import { one, type HeadersLike } from "./headers.js";
import type { Profile } from "./profile.js";
import { VerificationError } from "./reason.js";
import { checkTime, readTimestamp, type Keys } from "./signature.js";

/** The platform's own header, as the profile's file lays it out: always an HMAC-SHA256. */
export class OwnHeader {
  readonly #name: string;
  readonly #base64: boolean;
  readonly #key: "whole" | "standard";
  readonly #form: string;
  readonly #reads: RegExp;
  readonly #signs: readonly string[]; // texts and places, in their order
  readonly #stampIn: string | undefined; // where the header itself does not tell the time
  readonly #idIn: string;

  constructor({ signature, headers = [] }: Profile & { readonly signature: NonNullable<Profile["signature"]> }) {
    const { header, encoding, value = "{signature}", signs = "{body}", key = "text" } = signature;
    const nameOf = (held: string, otherwise: string) => headers.find((h) => h.value === held)?.name ?? otherwise;
    this.#name = header;
    this.#base64 = encoding === "base64";
    this.#key = key === "base64" ? "standard" : "whole";
    this.#form = `${value}, with 32 bytes in ${encoding}`;
    this.#reads = patternOf(value);
    this.#signs = signs.split(/(\{timestamp\}|\{id\}|\{body\})/);
    this.#stampIn = value.includes("{timestamp}") ? undefined : nameOf("attempt.time", "webhook-timestamp");
    this.#idIn = nameOf("event.id", "webhook-id");
  }

  /** When the request was signed, by one of the secrets; null where the time is not signed. */
  async verify(keys: Keys, headers: HeadersLike, body: Bytes, now: number, tolerance: number): Promise<Date | null> {
    const found = this.#reads.exec(one(headers, this.#name))?.groups;
    const given = found && (this.#base64 ? fromStrictBase64 : fromHex)(found.signature as string);
    if (given?.length !== 32) throw new VerificationError("malformed", `${this.#name}: want ${this.#form}`);
    let stamp = "";
    let at: Date | null = null;
    if (this.#signs.includes("{timestamp}")) {
      stamp = this.#stampIn === undefined ? (found?.timestamp ?? "") : one(headers, this.#stampIn);
      if (stamp === "") throw new VerificationError("missing", `the timestamp in ${this.#name}`);
      const seconds = readTimestamp(stamp, this.#stampIn ?? this.#name);
      checkTime(seconds, now, tolerance);
      at = new Date(seconds * 1000);
    }
    const id = this.#signs.includes("{id}") ? headerBytes(one(headers, this.#idIn)) : utf8("");
    const places: Record<string, Bytes> = { "{timestamp}": utf8(stamp), "{id}": id, "{body}": body };
    const message = concat(...this.#signs.map((part) => places[part] ?? utf8(part)));
    if (!(await keys.made(given, message, this.#key))) throw new VerificationError("mismatch");
    return at;
  }
}

/** What reads a header of that form. What a place holds is bounded, and so is the work. */
function patternOf(value: string): RegExp {
  const places: Record<string, string> = { "{signature}": "(?<signature>[0-9A-Za-z+/=]{1,88})", "{timestamp}": "(?<timestamp>[0-9]{0,20})" };
  const parts = value.split(/(\{signature\}|\{timestamp\})/).map((part) => places[part] ?? part.replace(/[^0-9A-Za-z]/g, "\\$&"));
  return new RegExp(`^${parts.join("")}$`);
}
