/**
 * Why a request is refused:
 *
 * - `missing`: a header of the signature is not there
 * - `malformed`: such a header is there twice, or not of its form
 * - `stale`: signed longer ago than the tolerance
 * - `future`: signed further ahead than that
 * - `mismatch`: no secret made one of the signatures
 * - `too_large`: the body is larger than is let in
 * - `unreadable`: the body broke off
 * - `envelope`: rightly signed, but not the profile's body: somebody who has the secret sends another's
 */
export type Reason = "missing" | "malformed" | "stale" | "future" | "mismatch" | "too_large" | "unreadable" | "envelope";

const words: Record<Reason, string> = {
  missing: "signature header missing",
  malformed: "signature header malformed",
  stale: "webhook-timestamp too old",
  future: "webhook-timestamp in the future",
  mismatch: "signature does not match",
  too_large: "body too large",
  unreadable: "body cannot be read",
  envelope: "body is not the profile's envelope",
};

/** A request that is refused. The message says more than a sender may be told, and never what would have been right. */
export class VerificationError extends Error {
  override readonly name = "VerificationError";

  constructor(
    readonly reason: Reason,
    detail?: string,
    options?: ErrorOptions,
  ) {
    super(detail ? `${words[reason]}: ${detail}` : words[reason], options);
  }
}
