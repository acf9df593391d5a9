import type { EventMap } from "./message.js";
import type { ProfileName } from "./profile.js";
import { bodyIsGone, needed, readAll, Receiver, type Answer, type Handler, type ReceiverOptions } from "./receiver.js";

/** A function from a Request to a Response. */
export type WebRoute = (request: Request) => Promise<Response>;

/**
 * A function from a Request to a Response: a route handler of Next's app router, and
 * what Deno.serve, Bun.serve and Workers call.
 *
 *     export const POST = webhook({ profile: "litestore", secrets }, async (message) => { … });
 */
export function webhook<P extends ProfileName>(options: ReceiverOptions<P>, handler: Handler<P>): WebRoute;
/** With a profile of your own, or events that are an interface of yours. */
export function webhook<E extends object = EventMap>(options: ReceiverOptions, handler: Handler<E>): WebRoute;
export function webhook(options: ReceiverOptions, handler: Handler<EventMap>): WebRoute {
  const receiver = new Receiver<EventMap>(options, needed(handler));
  return async (request) => {
    const answer = await receiver.answer(request.headers, () => webBody(request, receiver.verifier.maxBody, "give this function the Request itself, before its body is read, or a clone() from before"));
    return toResponse(answer);
  };
}

/** Reads a Request's body as it came. */
export async function webBody(request: Request, maxBody: number, remedy: string): Promise<Uint8Array> {
  if (request.bodyUsed) throw bodyIsGone(remedy);
  return readAll(chunksOf(request.body), request.headers.get("content-length"), maxBody);
}

/** Not every runtime's streams can be gone through by for await. */
async function* chunksOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader();
  if (!reader) return;
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      yield value;
    }
    ended = true;
  } finally {
    if (!ended) reader.cancel().catch(() => {}); // nobody reads the rest
  }
}

export function toResponse({ status, headers, body }: Answer): Response {
  return new Response(body || null, { status, headers });
}
