import type { EventMap, Verified } from "./message.js";
import { rawBody, type NodeRequest } from "./node.js";
import type { ProfileName } from "./profile.js";
import { Receiver, type Handler, type ReceiverOptions } from "./receiver.js";

declare global {
  namespace Express {
    interface Request {
      /** What was verified, behind `webhook(options)` without a handler. */
      webhook?: Verified<string, any>;
    }
  }
}

/** What is used of Node's ServerResponse. */
export interface NodeResponse {
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  end(body: string): unknown;
}

/** A handler of Express's. */
export type ExpressRoute = (request: NodeRequest, response: NodeResponse, next: (error?: unknown) => void) => Promise<void>;

/**
 * A handler for Express 4 and 5, and for all that have Node's request and response.
 *
 *     app.post("/hooks", webhook({ profile: "litestore", secrets }, async (message) => { … }));
 *
 * Put it before `app.use(express.json())`, or have `express.raw({ type: () => true })` read
 * the body: what is parsed need not be the bytes that were signed.
 *
 * Without a function for messages it lets verified requests through, with the message
 * as `request.webhook`.
 */
export function webhook<P extends ProfileName>(options: ReceiverOptions<P>, handler?: Handler<P>): ExpressRoute;
/** With a profile of your own, or events that are an interface of yours. */
export function webhook<E extends object = EventMap>(options: ReceiverOptions, handler?: Handler<E>): ExpressRoute;
export function webhook(options: ReceiverOptions, handler?: Handler<EventMap>): ExpressRoute {
  const receiver = new Receiver<EventMap>(options, handler);
  const remedy = 'put the route before app.use(express.json()), or have express.raw({ type: () => true }) read its body';
  return async (request, response, next) => {
    try {
      const result = await receiver.admit(request.rawHeaders, () => rawBody(request, receiver.verifier.maxBody, remedy));
      if ("message" in result) {
        (request as { webhook?: unknown }).webhook = result.message;
        next();
        return;
      }
      response.statusCode = result.status;
      for (const [name, value] of Object.entries(result.headers)) response.setHeader(name, value);
      response.end(result.body);
    } catch (error) {
      next(error);
    }
  };
}
