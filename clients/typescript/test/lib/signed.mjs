// A sender of our own, for requests that Billhook does not send.
import { createHmac } from "node:crypto";

export const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/** A body of the profile litestore; `odd` is laid out as no JSON.stringify would. */
export const envelope = (id, odd = "") => `{"event":"order.updated",${odd}"id":"${id}","timestamp":"2026-01-15T10:30:00Z","data":{"orderId":"Zoë 😀"}}`;

/** The headers that sign a body, now. */
export function headers(body, id, at = Math.floor(Date.now() / 1000)) {
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  const signature = createHmac("sha256", key).update(`${id}.${at}.`).update(body).digest("base64");
  return { "content-type": "application/json", "webhook-id": id, "webhook-timestamp": String(at), "webhook-signature": `v1,${signature}` };
}
