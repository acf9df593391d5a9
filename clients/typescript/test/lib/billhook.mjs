// Starts `billhook serve --dev` as a process, on a new data folder and a free port.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const patience = 60_000;

/** Ends the process with the test that asks for it: `after` is the test's. */
export async function serve(after, ...flags) {
  const binary = process.env.BILLHOOK_BINARY;
  if (!binary) throw new Error("BILLHOOK_BINARY is not set: run npm test");
  const data = await mkdtemp(join(tmpdir(), "billhook-data-"));
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("BILLHOOK_")));
  const server = spawn(binary, ["serve", "--dev", "--addr", "127.0.0.1:0", "--data", data, ...flags], { env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  const url = new Promise((resolve, reject) => {
    const listen = (chunk) => {
      said += chunk;
      const found = /^ {2}Web +(http:\/\/\S+)\/$/m.exec(said);
      if (found) resolve(found[1]);
    };
    server.stdout.on("data", listen);
    server.stderr.on("data", listen);
    server.on("exit", () => reject(new Error(`the server ends at its start:\n${said}`)));
    setTimeout(() => reject(new Error(`the server does not say where it is:\n${said}`)), patience).unref();
  });
  after(async () => {
    if (server.exitCode === null) {
      const exited = new Promise((resolve) => server.once("exit", resolve));
      server.kill("SIGKILL");
      await exited;
    }
    await rm(data, { recursive: true, force: true });
  });
  return url;
}

/** Asks again and again until there is something. */
export async function eventually(what, ask) {
  for (const end = Date.now() + patience; ; ) {
    const found = await ask();
    if (found) return found;
    if (Date.now() > end) throw new Error(`not within ${patience} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A server of Node's on a free port of this machine. */
export async function listening(server, after) {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  }));
  return `http://127.0.0.1:${server.address().port}`;
}
