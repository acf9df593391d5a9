// Answers each line of stdin, a case, with a line: why it is refused, or what was read.
// internal/typescript compares that with package receive's.
import { createInterface } from "node:readline";
import { VerificationError, Verifier } from "billhook";

async function answer({ profile, now, batch, headers, body, ...options }) {
  const verifier = new Verifier(profile, { ...options, now: () => now });
  const bytes = Buffer.from(body, "base64");
  // As Node has them: a character of each byte that came.
  const came = headers.map(([name, value]) => [name, Buffer.from(value).toString("latin1")]);
  try {
    const messages = batch ? await verifier.verifyBatch(came, bytes) : [await verifier.verify(came, bytes)];
    return { messages: messages.map(({ data, time, timestamp, ...m }) => ({ ...m, time: time?.getTime() ?? null, timestamp: timestamp?.getTime() ?? null, data: JSON.stringify(data) ?? "" })) };
  } catch (error) {
    if (!(error instanceof VerificationError)) throw error;
    return { reason: error.reason };
  }
}

for await (const line of createInterface({ input: process.stdin })) console.log(JSON.stringify(await answer(JSON.parse(line))));
