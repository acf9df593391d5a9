import { profiles, type ProfileEvents } from "./generated/profiles.js";

/** A profile that comes along. */
export type ProfileName = keyof ProfileEvents;

/**
 * What a receiver must know of a wire profile. A profile's whole file fits: read
 * yours with JSON.parse, or import it.
 */
export interface Profile {
  readonly name: string;
  /** The platform's own header; none where those of Standard Webhooks are the only ones. */
  readonly signature?: { readonly header: string; readonly encoding: string; readonly value?: string; readonly signs?: string; readonly key?: string };
  /** Further headers, of which a signature may need the time or the id. */
  readonly headers?: readonly { readonly name: string; readonly value?: string; readonly constant?: string }[];
  /** How the body is laid out. */
  readonly envelope: readonly ProfileMember[];
}

/** A member of an envelope: a value, further members, or what is always the same. */
export interface ProfileMember {
  readonly name: string;
  /** Such as `"event.id"`. */
  readonly value?: string;
  /** Of a time: `"unix"`, `"unixms"`, `"rfc3339"` or `"rfc3339ms"`. */
  readonly format?: string;
  /** The name under which an object holds the data, and nothing else. */
  readonly wrap?: string;
  readonly members?: readonly ProfileMember[];
  readonly constant?: unknown;
}

/** The profile of a name, or your own, looked through. */
export function findProfile(profile: string | Profile): Profile {
  if (typeof profile !== "string") {
    check(profile);
    return profile;
  }
  if (!Object.hasOwn(profiles, profile)) {
    throw new TypeError(`billhook: no profile is named ${JSON.stringify(profile)}; there are ${Object.keys(profiles).join(", ")}, or give one of your own as an object`);
  }
  return profiles[profile as ProfileName];
}

const times = ["unix", "unixms", "rfc3339", "rfc3339ms"];
const values = ["event.id", "event.type", "event.time", "event.data", "request.id", "request.idempotencyKey"];

const encodings = ["hex", "upper-hex", "base64"];

/** Says whether the body is the event's data alone, without an envelope. */
export function isBare({ envelope }: Profile): boolean {
  return Array.isArray(envelope) && envelope.length === 1 && envelope[0].name === "" && envelope[0].value === "event.data";
}

/** Says whether a text has the first place once, the others once at most, and no other brace. */
function hasPlaces(text: unknown, must: string, may: readonly string[]): boolean {
  if (typeof text !== "string" || text.length > 128 || text.split(must).length !== 2 || (must === "{signature}" && text.includes("}{"))) return false;
  const rest = may.reduce((left, place) => left.replace(place, ""), text.replace(must, ""));
  return /^[ -z|~]*$/.test(rest);
}

function check(profile: Profile): void {
  if (typeof profile !== "object" || profile === null) throw wrong("", "must be a profile's name or an object");
  if (typeof profile.name !== "string" || profile.name === "") throw wrong("/name", "must be a string that is not empty");
  const { signature, headers, envelope } = profile;
  if (signature !== undefined) {
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(signature?.header)) throw wrong("/signature/header", "must be a header's name");
    if (!encodings.includes(signature.encoding)) throw wrong("/signature/encoding", `must be one of ${encodings.join(", ")}`);
    if (!hasPlaces(signature.value ?? "{signature}", "{signature}", ["{timestamp}"])) throw wrong("/signature/value", "must have {signature} once, {timestamp} once at most, and no other brace");
    if (!hasPlaces(signature.signs ?? "{body}", "{body}", ["{timestamp}", "{id}"])) throw wrong("/signature/signs", "must have {body} once, {timestamp} and {id} once at most, and no other brace");
    if (!["text", "base64"].includes(signature.key ?? "text")) throw wrong("/signature/key", 'must be "text" or "base64"');
  }
  if (headers !== undefined && !Array.isArray(headers)) throw wrong("/headers", "must be an array of headers");
  if (isBare(profile)) return;
  const seen = new Set<string>();
  checkMembers(envelope, "/envelope", seen);
  for (const value of ["event.id", "event.type", "event.data"]) {
    if (!seen.has(value)) throw wrong("/envelope", `has no member with the value ${JSON.stringify(value)}`);
  }
}

function checkMembers(members: readonly ProfileMember[] | undefined, at: string, seen: Set<string>): void {
  if (!Array.isArray(members) || members.length === 0) throw wrong(at, "must be an array of members");
  members.forEach((member: ProfileMember, i) => {
    const here = `${at}/${i}`;
    if (typeof member?.name !== "string" || member.name === "") throw wrong(`${here}/name`, "must be a string that is not empty");
    const held = [member.value, member.members, member.constant].filter((it) => it !== undefined);
    if (held.length !== 1) throw wrong(here, "must have either a value, members or a constant");
    if (member.constant !== undefined) return;
    if (member.value === undefined) return checkMembers(member.members, `${here}/members`, seen);
    if (!values.includes(member.value)) throw wrong(`${here}/value`, `must be one of ${values.join(", ")}`);
    if (member.value === "event.time" && !times.includes(member.format as string)) throw wrong(`${here}/format`, `must be one of ${times.join(", ")}`);
    if (member.wrap !== undefined && typeof member.wrap !== "string") throw wrong(`${here}/wrap`, "must be a string");
    seen.add(member.value);
  });
}

function wrong(pointer: string, message: string): TypeError {
  return new TypeError(`billhook: profile${pointer && ` ${pointer}`} ${message}`);
}
