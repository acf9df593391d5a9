/** What lets each event be handled once, although it may be delivered again. */
export interface Once {
  /**
   * Calls `work`, unless the event was handled before; then it does nothing. Where work
   * throws, so does this, and the event is not handled. While another is at work on the
   * event it throws a `BusyError`: a repeat must neither be handled too nor be confirmed.
   *
   * In a database: note the id in the same transaction in which `work` does what it does.
   */
  do(id: string, work: () => Promise<void>): Promise<void>;
}

/** The event cannot be handled now, and nothing has failed: the sender is told to come again. */
export class BusyError extends Error {
  override readonly name = "BusyError";
}

/**
 * Remembers events as long as this process lives; other processes do not know of them.
 * Ids are told apart within one sender: use one for each.
 */
export class MemoryOnce implements Once {
  readonly #capacity: number;
  readonly #ttl: number;
  readonly #now: () => number;
  readonly #inWork = new Set<string>();
  readonly #done = new Map<string, number>(); // until when; the longest done first

  /**
   * Remembers up to `capacity` events (100,000), each for `ttl` milliseconds (72 hours)
   * after it was handled, which should be longer than the sender goes on trying. When it
   * is full it forgets the longest handled first.
   */
  constructor({ capacity = 100_000, ttl = 72 * 60 * 60 * 1000, now = Date.now }: { capacity?: number; ttl?: number; now?: () => number } = {}) {
    this.#capacity = capacity;
    this.#ttl = ttl;
    this.#now = now;
  }

  async do(id: string, work: () => Promise<void>): Promise<void> {
    if (id === "") throw new TypeError("billhook: an event without an id cannot be told from others");
    for (const [first, until] of this.#done) {
      if (until > this.#now()) break;
      this.#done.delete(first);
    }
    if (this.#done.has(id)) return;
    if (this.#inWork.has(id)) throw new BusyError("the event is being handled");
    if (this.#inWork.size + this.#done.size >= this.#capacity) {
      const first = this.#done.keys().next();
      if (first.done) throw new BusyError("too many events are being handled");
      this.#done.delete(first.value);
    }
    this.#inWork.add(id);
    try {
      await work();
      this.#done.set(id, this.#now() + this.#ttl);
    } finally {
      this.#inWork.delete(id);
    }
  }
}
