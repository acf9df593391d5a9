// Builds the package and the command, and runs the tests:
//
//   npm test                     all of them
//   npm test -- express client   test/express.test.mjs and test/client.test.mjs
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "billhook-typescript-"));
const binary = join(folder, "billhook");

function run(command, args, options) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit", ...options });
  if (error) console.error(`${command}: ${error.message}`);
  return status ?? 1;
}

function test() {
  const wanted = process.argv.slice(2);
  const files = readdirSync(join(root, "test")).filter((name) => name.endsWith(".test.mjs") && (wanted.length === 0 || wanted.includes(name.replace(".test.mjs", ""))));
  if (files.length === 0) {
    console.error(`no test is named ${wanted.join(", ")}`);
    return 1;
  }
  return (
    run(process.execPath, ["scripts/build.mjs"]) ||
    run("go", ["build", "-buildvcs=false", "-o", binary, "./cmd/billhook"], { cwd: join(root, "../..") }) ||
    run(process.execPath, ["--test", "--test-reporter=spec", "--test-timeout=300000", ...files.map((name) => `test/${name}`)], { env: { ...process.env, BILLHOOK_BINARY: binary } })
  );
}

try {
  process.exitCode = test();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
