import { bodyIsGone, readAll } from "./receiver.js";

/** What is used of Node's IncomingMessage, as frameworks pass it on. */
export interface NodeRequest {
  readonly rawHeaders: string[];
  readonly headers: Record<string, string | string[] | undefined>;
  readonly readableDidRead: boolean;
  iterator(options: { destroyOnReturn: boolean }): AsyncIterable<Uint8Array>;
  body?: unknown;
  rawBody?: unknown;
}

/** Reads the body as it came, or takes it where something before has kept it so. */
export async function rawBody(request: NodeRequest, maxBody: number, remedy: string): Promise<Uint8Array> {
  if (!request.readableDidRead) {
    // Where reading ends before the body does, an answer must still find its way back.
    return readAll(request.iterator({ destroyOnReturn: false }), request.headers["content-length"] as string | undefined, maxBody);
  }
  for (const kept of [request.body, request.rawBody]) if (kept instanceof Uint8Array) return kept;
  throw bodyIsGone(remedy);
}
