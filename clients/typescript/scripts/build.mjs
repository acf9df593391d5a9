// Builds the package: ES modules into dist/esm, CommonJS into dist/cjs.
import { spawnSync } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const compiler = createRequire(import.meta.url).resolve("typescript/bin/tsc");

await rm(`${root}/dist`, { recursive: true, force: true });
await mkdir(`${root}/dist/cjs`, { recursive: true });
await writeFile(`${root}/dist/cjs/package.json`, '{"type":"commonjs"}\n');
// What is the same again need not be checked again.
for (const args of [["-p", "tsconfig.json"], ["-p", "tsconfig.cjs.json", "--noCheck"]]) {
  const { status } = spawnSync(process.execPath, [compiler, ...args], { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
