// The code blocks of docs/TYPESCRIPT.md and README.md do what the text around them says.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, test } from "node:test";
import { createServices } from "billhook";
import { eventually, listening, serve } from "./lib/billhook.mjs";
import { install, root } from "./lib/folder.mjs";

const { folder } = install(after);
for (const name of ["express", "fastify", "hono", "@hono", "@types", "typescript"]) symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name));
const baseUrl = await serve(after);

const blocks = ["../../docs/TYPESCRIPT.md", "README.md"].flatMap((path) => {
  const text = readFileSync(join(root, path), "utf8");
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language, code]) => ({ path, language, code }));
});
assert(blocks.every(({ language }) => ["js", "ts", "text"].includes(language)));

/** Starts a block as a program; only the ports are free ones. */
function start(name, code, port, env = {}) {
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, code.replaceAll("http://127.0.0.1:4000", baseUrl).replaceAll("3000", port));
  const node = spawn(process.execPath, [file], { cwd: folder, env: { ...process.env, ...env } });
  const program = { node, said: "" };
  for (const stream of [node.stdout, node.stderr]) stream.on("data", (chunk) => (program.said += chunk));
  program.exited = new Promise((resolve) => node.once("close", resolve));
  return program;
}

async function freePort() {
  let end;
  const url = await listening(createServer(), (close) => (end = close));
  await end();
  return new URL(url).port;
}

const javascript = blocks.filter(({ language }) => language === "js");
const servers = javascript.filter(({ code }) => /\b(listen|serve)\(/.test(code));
const programs = javascript.filter((block) => !servers.includes(block));

test("there are blocks of each kind", () => assert(servers.length >= 4 && programs.length >= 4));

for (const [i, { path, code }] of programs.entries()) {
  test(`${path}: program ${i + 1}`, async () => {
    const program = start(`program-${i}`, code, await freePort());
    assert.equal(await program.exited, 0, program.said);
    if (code.includes("ftp://")) assert.match(program.said, /^422 url_refused \/url /m);
    if (code.includes("the-one-before")) assert.equal(program.said, "evt_1 order.updated order-777\nmissing\n");
    if (code.includes("for how many")) assert.match(program.said, /^wh_\w+ whsec_\S+\n1\norder\.paid: /);
  });
}

for (const [i, { path, code }] of servers.entries()) {
  test(`${path}: server ${i + 1}`, async (t) => {
    const port = await freePort();
    const { webhookService } = createServices({ baseUrl });
    const webhook = await webhookService.register({ url: `http://127.0.0.1:${port}/hooks`, events: ["order.refunded"] });
    const program = start(`server-${i}`, code, port, { WEBHOOK_SECRET: webhook.secret });
    t.after(async () => {
      program.node.kill("SIGKILL");
      await program.exited;
    });
    await eventually(`it listens: ${program.said}`, () => fetch(`http://127.0.0.1:${port}/hooks`, { method: "POST", body: "{}" }).then(({ status }) => status === 401, () => false));
    await webhookService.emit("order.refunded", { id: "ord_1001", amount: 1000 });
    await eventually("a delivery", async () => (await webhookService.getDeliveries(webhook.id))[0]?.success);
    assert.match(program.said, /^order\.refunded \{ id: 'ord_1001', amount: 1000 \}$/m);
    await webhookService.deactivate(webhook.id);
  });
}

test("the blocks in TypeScript are right", () => {
  const typescript = blocks.filter(({ language }) => language === "ts");
  assert(typescript.length >= 2);
  const files = typescript.map(({ code }, i) => {
    writeFileSync(join(folder, `block-${i}.ts`), code);
    return `block-${i}.ts`;
  });
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const { status, stdout } = spawnSync(process.execPath, [compiler, "--noEmit", "--strict", "--skipLibCheck", "--target", "ES2022", "--module", "node16", "--types", "node", ...files], { cwd: folder, encoding: "utf8" });
  assert.equal(status, 0, stdout);
});
