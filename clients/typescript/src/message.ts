import type { ProfileEvents } from "./generated/profiles.js";
import type { Profile, ProfileMember, ProfileName } from "./profile.js";
import { VerificationError } from "./reason.js";

/** A delivery that was verified. All of it is signed. */
export interface Verified<Type extends string, Data> {
  /** The event's id, the same whenever it is delivered. */
  readonly id: string;
  readonly type: Type;
  /** The event's data, out of the envelope and, where the profile wraps it, what is inside. */
  readonly data: Data;
  /** When the event happened; null where the envelope does not say. */
  readonly time: Date | null;
  /** When this delivery was signed; null with the scheme "profile", which signs no time. */
  readonly timestamp: Date | null;
  /** The whole body as it came: numbers that JavaScript cannot hold are exact here. */
  readonly body: string;
}

/** Which events there are: the data of each type. */
export type EventMap = Record<string, unknown>;

/** The events of a profile's name; of your own profile, or of an interface of yours, that very thing. */
export type EventsOf<P> = P extends ProfileName ? ProfileEvents[P] : P extends Profile ? EventMap : P;

/** The names of a profile's event types. */
export type EventType<P = EventMap> = keyof EventsOf<P> & string;

/** The data of an event. */
export type EventData<P, Type extends string> = Type extends keyof EventsOf<P> ? EventsOf<P>[Type] : unknown;

/**
 * A verified delivery of a profile: compare its `type`, and TypeScript knows its
 * `data`. The types come of the catalogue's examples. A store may have event types of
 * its own beside those: keep a default branch.
 */
export type Message<P = EventMap> = { [Type in EventType<P>]: Verified<Type, EventsOf<P>[Type]> }[EventType<P>];

/** Where the body has a value, and how it is written. */
interface Place {
  readonly path: readonly string[];
  readonly format?: string | undefined;
  readonly wrap?: string | undefined;
}

/** What an envelope says. Empty and undefined where nothing usable was found. */
export interface Found {
  id: string;
  type: string;
  time: Date | null;
  data: unknown;
}

/** Where an envelope has what a message needs. */
export class Layout {
  readonly #places = new Map<string, Place>();

  constructor(profile: Profile) {
    this.#add(profile.envelope, []);
  }

  #add(members: readonly ProfileMember[], path: readonly string[]): void {
    for (const { name, value, format, wrap, members: inner } of members) {
      const at = [...path, name];
      if (value === undefined) this.#add(inner ?? [], at);
      else this.#places.set(value, { path: at, format, wrap });
    }
  }

  /** Takes an envelope apart, and says what it lacks. */
  read(body: unknown): { found: Found; error?: VerificationError } {
    const found: Found = { id: "", type: "", time: null, data: undefined };
    if (!isObject(body)) return { found, error: new VerificationError("envelope", "not a JSON object") };
    const lacks: string[] = [];
    const want = (value: string, use: (value: unknown, place: Place) => boolean) => {
      const place = this.#places.get(value);
      if (place && !use(valueAt(body, place.path), place)) lacks.push(place.path[place.path.length - 1] as string);
    };
    want("event.id", (value) => isText(value) && ((found.id = value), true));
    want("event.type", (value) => isText(value) && ((found.type = value), true));
    want("event.time", (value, { format }) => (found.time = readTime(value, format)) !== null);
    want("event.data", (value, { wrap }) => (found.data = wrap === undefined ? value : valueAt(value, [wrap])) !== undefined);
    if (lacks.length > 0) return { found, error: new VerificationError("envelope", `no usable ${lacks.map((name) => JSON.stringify(name)).join(", ")}`) };
    return { found };
  }
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  for (const name of path) {
    if (!isObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

const rfc3339 = /^(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

function readTime(value: unknown, format: string | undefined): Date | null {
  if (format === "unix" || format === "unixms") return Number.isSafeInteger(value) ? valid(new Date((value as number) * (format === "unix" ? 1000 : 1))) : null;
  const [, day] = typeof value === "string" ? (rfc3339.exec(value) ?? []) : [];
  // Date makes the 1st of March of the 30th of February.
  if (day === undefined || valid(new Date(`${day}T00:00:00Z`))?.toISOString().slice(0, 10) !== day) return null;
  return valid(new Date(value as string));
}

function valid(time: Date): Date | null {
  return Number.isNaN(time.getTime()) ? null : time;
}
