import { utf8 } from "./bytes.js";
import type { NodeRequest } from "./node.js";
import type { EventMap } from "./message.js";
import type { ProfileName } from "./profile.js";
import { needed, readAll, Receiver, type Handler, type ReceiverOptions } from "./receiver.js";

/** What is used of a Fastify instance. */
export interface FastifyLike {
  removeAllContentTypeParsers(): unknown;
  addContentTypeParser(type: string, parser: (request: unknown, payload: any, done: (error: Error | null, body?: unknown) => void) => void): unknown;
  post(path: string, handler: (request: any, reply: any) => Promise<unknown>): unknown;
}

interface Request {
  readonly raw: Pick<NodeRequest, "rawHeaders" | "headers">;
  readonly body: { iterator(options: { destroyOnReturn: boolean }): AsyncIterable<Uint8Array> } | undefined;
}

interface Reply {
  code(status: number): Reply;
  headers(values: Record<string, string>): Reply;
  send(body?: Uint8Array): Reply;
}

/** A plugin of Fastify's. */
export type FastifyRoute = (app: FastifyLike) => Promise<void>;

/**
 * A plugin for Fastify 5 with one route. It reads the body by itself, whatever parsers
 * there are elsewhere, and touches no other route.
 *
 *     app.register(webhook("/hooks", { profile: "litestore", secrets }, async (message) => { … }));
 */
export function webhook<P extends ProfileName>(path: string, options: ReceiverOptions<P>, handler: Handler<P>): FastifyRoute;
/** With a profile of your own, or events that are an interface of yours. */
export function webhook<E extends object = EventMap>(path: string, options: ReceiverOptions, handler: Handler<E>): FastifyRoute;
export function webhook(path: string, options: ReceiverOptions, handler: Handler<EventMap>): FastifyRoute {
  const receiver = new Receiver<EventMap>(options, needed(handler));
  return async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", (_request, payload, done) => done(null, payload)); // unread
    app.post(path, async ({ raw, body }: Request, reply: Reply) => {
      const read = async () => (body ? readAll(body.iterator({ destroyOnReturn: false }), raw.headers["content-length"] as string, receiver.verifier.maxBody) : new Uint8Array());
      const answer = await receiver.answer(raw.rawHeaders, read);
      return reply.code(answer.status).headers(answer.headers).send(answer.body === "" ? undefined : utf8(answer.body));
    });
  };
}
