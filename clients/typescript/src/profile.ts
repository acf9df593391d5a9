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
  readonly signature?: { readonly header: string; readonly encoding: string };
  /** How the body is laid out. */
  readonly envelope: readonly ProfileMember[];
}

/** A member of an envelope: a value, or further members. */
export interface ProfileMember {
  readonly name: string;
  /** Such as `"event.id"`. */
  readonly value?: string;
  /** Of a time: `"unix"`, `"rfc3339"` or `"rfc3339ms"`. */
  readonly format?: string;
  /** The name under which an object holds the data, and nothing else. */
  readonly wrap?: string;
  readonly members?: readonly ProfileMember[];
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

const times = ["unix", "rfc3339", "rfc3339ms"];
const values = ["event.id", "event.type", "event.time", "event.data", "request.id", "request.idempotencyKey"];

function check(profile: Profile): void {
  if (typeof profile !== "object" || profile === null) throw wrong("", "must be a profile's name or an object");
  if (typeof profile.name !== "string" || profile.name === "") throw wrong("/name", "must be a string that is not empty");
  const { signature, envelope } = profile;
  if (signature !== undefined) {
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(signature?.header)) throw wrong("/signature/header", "must be a header's name");
    if (signature.encoding !== "hex") throw wrong("/signature/encoding", 'must be "hex"');
  }
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
    if ((member.value === undefined) === (member.members === undefined)) throw wrong(here, "must have either a value or members");
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
