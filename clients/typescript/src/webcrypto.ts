let found: Promise<Crypto> | undefined;

/** WebCrypto, which Node 18 does not have as a global. */
export function webCrypto(): Promise<Crypto> {
  return (found ??= find());
}

async function find(): Promise<Crypto> {
  if (globalThis.crypto?.subtle) return globalThis.crypto;
  const name = "node:crypto"; // not where a bundler looks
  return ((await import(name)) as { webcrypto: Crypto }).webcrypto;
}
