const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** WebCrypto wants to be sure that nobody else can change what it reads. */
export type Bytes = Uint8Array<ArrayBuffer>;

export function utf8(text: string): Bytes {
  return encoder.encode(text);
}

export function text(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** A header's value as it was on the wire: runtimes make a character of each byte. */
export function headerBytes(value: string): Bytes {
  const bytes = new Uint8Array(value.length);
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code > 0xff) return utf8(value); // no runtime's doing
    bytes[i] = code;
  }
  return bytes;
}

export function concat(...parts: Uint8Array[]): Bytes {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)$/;

/** Reads standard base64 with its padding; undefined for anything else, nothing included. */
export function fromBase64(encoded: string): Bytes | undefined {
  if (!base64.test(encoded)) return undefined;
  return Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
}

/** fromBase64 that refuses what another text would be decoded to as well. */
export function fromStrictBase64(encoded: string): Bytes | undefined {
  const bytes = fromBase64(encoded);
  return bytes && btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")) === encoded ? bytes : undefined;
}

/** Reads hex of either case. */
export function fromHex(encoded: string): Bytes | undefined {
  if (encoded.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(encoded)) return undefined;
  const bytes = new Uint8Array(encoded.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(encoded.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** Compares in a time that depends on the lengths alone. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let differs = 0;
  for (let i = 0; i < a.length; i++) differs |= (a[i] as number) ^ (b[i] as number);
  return differs === 0;
}
