import { fromBase64, utf8, type Bytes } from "./bytes.js";

const SECRET = "whsec_";
const PUBLIC_KEY = "whpk_";
const PRIVATE_KEY = "whsk_";
const MOST_SECRETS = 16; // bounds the work that one request can cause
const LONGEST = 256;

/** How a secret verifies: as the key of an HMAC in either scheme, or as an Ed25519 public key. */
export interface Secret {
  /** The key of the platform's own header: the whole secret, prefix included. */
  readonly whole: Bytes;
  /** The key in Standard Webhooks: what the base64 says or, where it is none, the whole secret. */
  readonly standard: Bytes;
  readonly publicKey?: Bytes;
}

/** Refuses what would let anybody in, or nobody: above all the empty secret that a missing environment variable is. */
export function readSecrets(given: string | readonly string[], scheme: "standard" | "profile"): Secret[] {
  const secrets = typeof given === "string" ? [given] : given;
  if (!Array.isArray(secrets)) {
    throw new TypeError("billhook: secrets: want a secret or an array of them; is an environment variable missing?");
  }
  if (secrets.length === 0 || secrets.length > MOST_SECRETS) {
    throw new TypeError(`billhook: secrets: want 1 to ${MOST_SECRETS}, have ${secrets.length}`);
  }
  return secrets.map((secret: unknown, i) => {
    const wrong = typeof secret === "string" ? whatIsWrong(secret, scheme) : "is not a string; is an environment variable missing?";
    if (wrong) throw new TypeError(`billhook: secrets[${i}] ${wrong}`);
    return readSecret(secret as string);
  });
}

/** The texts do not repeat the secret. */
function whatIsWrong(secret: string, scheme: "standard" | "profile"): string | undefined {
  if (secret === "" || secret === SECRET) return "is empty";
  if (secret.startsWith(PRIVATE_KEY)) return "is the sender's private key; receivers need the public one, whpk_…";
  if (secret.startsWith(PUBLIC_KEY)) {
    if (scheme === "profile") return 'is a public key, which is for the scheme "standard" only';
    if (fromBase64(secret.slice(PUBLIC_KEY.length))?.length !== 32) return "is no Ed25519 key: want whpk_ and the base64 of 32 bytes";
    return undefined;
  }
  if (secret.length > LONGEST) return `is longer than ${LONGEST} bytes`;
  if (!/^[ -~]*$/.test(secret)) return "may hold printable ASCII only";
  if (secret.startsWith(" ") || secret.endsWith(" ")) return "begins or ends with a space";
  return undefined;
}

function readSecret(secret: string): Secret {
  const whole = utf8(secret);
  const publicKey = secret.startsWith(PUBLIC_KEY) ? fromBase64(secret.slice(PUBLIC_KEY.length)) : undefined;
  if (publicKey) return { whole, standard: whole, publicKey };
  return { whole, standard: fromBase64(secret.startsWith(SECRET) ? secret.slice(SECRET.length) : secret) ?? whole };
}
