import { VerificationError } from "./reason.js";

/**
 * Headers of a request: a `Headers`, Node's `rawHeaders` (name, value, name, value),
 * pairs, or an object with names in any case, such as Node's `headers`.
 */
export type HeadersLike =
  | { get(name: string): string | null; forEach(each: (value: string, name: string) => void): void }
  | readonly string[]
  | readonly (readonly [string, string])[]
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/** The one value of a header. What is there twice is refused: which one did the programs on the way look at? */
export function one(headers: HeadersLike, name: string): string {
  const values = all(headers, name);
  if (values.length > 1) throw new VerificationError("malformed", `${name} is there twice`);
  if (!values[0]) throw new VerificationError("missing", name);
  return values[0];
}

function all(headers: HeadersLike, name: string): string[] {
  if ("get" in headers && typeof headers.get === "function") return joined(headers.get(name));
  const values: string[] = [];
  const add = (key: string, value: string | readonly string[] | undefined) => {
    if (key.toLowerCase() !== name.toLowerCase() || value === undefined) return;
    values.push(...(typeof value === "string" ? [value] : value));
  };
  if (!Array.isArray(headers)) {
    for (const [key, value] of Object.entries(headers as Readonly<Record<string, string | readonly string[] | undefined>>)) {
      add(key, typeof value === "string" ? joined(value) : value);
    }
  } else if (typeof headers[0] === "string") {
    for (let i = 0; i + 1 < headers.length; i += 2) add(headers[i], headers[i + 1]);
  } else {
    for (const [key, value] of headers) add(key, value);
  }
  return values;
}

/** Several headers of a name become one in such objects. None of those that count has a comma before a space in it. */
function joined(value: string | null): string[] {
  return value === null ? [] : value.split(", ");
}
