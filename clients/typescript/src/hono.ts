import type { EventMap } from "./message.js";
import type { ProfileName } from "./profile.js";
import { Receiver, type Handler, type ReceiverOptions } from "./receiver.js";
import { toResponse, webBody } from "./web.js";

/** What is used of Hono's context. */
export interface HonoContext {
  readonly req: { readonly raw: Request };
  set(name: any, value: unknown): void;
}

/** A handler of Hono's. */
export type HonoRoute = (c: HonoContext, next: () => Promise<void>) => Promise<Response | void>;

/**
 * A handler for Hono.
 *
 *     app.post("/hooks", webhook({ profile: "litestore", secrets }, async (message) => { … }));
 *
 * Without a function for messages it lets verified requests through, with the message
 * as `c.get("webhook")`.
 */
export function webhook<P extends ProfileName>(options: ReceiverOptions<P>, handler?: Handler<P>): HonoRoute;
/** With a profile of your own, or events that are an interface of yours. */
export function webhook<E extends object = EventMap>(options: ReceiverOptions, handler?: Handler<E>): HonoRoute;
export function webhook(options: ReceiverOptions, handler?: Handler<EventMap>): HonoRoute {
  const receiver = new Receiver<EventMap>(options, handler);
  return async (c, next) => {
    const { raw } = c.req;
    const result = await receiver.admit(raw.headers, () => webBody(raw, receiver.verifier.maxBody, "put the route before what reads bodies, such as a validator or c.req.json()"));
    if (!("message" in result)) return toResponse(result);
    c.set("webhook", result.message);
    await next();
  };
}
