import type { Profile, ProfileName } from "./profile.js";
import { Receiver, type Handler, type ReceiverOptions } from "./receiver.js";
import { toResponse, webBody } from "./web.js";

/** What is used of Hono's context. */
export interface HonoContext {
  readonly req: { readonly raw: Request };
  set(name: any, value: unknown): void;
}

/**
 * A handler for Hono.
 *
 *     app.post("/hooks", webhook({ profile: "litestore", secrets }, async (message) => { … }));
 *
 * Without a function for messages it lets verified requests through, with the message
 * as `c.get("webhook")`.
 */
export function webhook<P extends ProfileName | object = Profile>(options: ReceiverOptions<P>, handler?: Handler<P>) {
  const receiver = new Receiver<P>(options, handler);
  return async (c: HonoContext, next: () => Promise<void>): Promise<Response | void> => {
    const { raw } = c.req;
    const result = await receiver.admit(raw.headers, () => webBody(raw, receiver.verifier.maxBody, "put the route before what reads bodies, such as a validator or c.req.json()"));
    if (!("message" in result)) return toResponse(result);
    c.set("webhook", result.message);
    await next();
  };
}
