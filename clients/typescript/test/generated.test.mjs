import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { root } from "./lib/folder.mjs";

const run = (...args) => spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });

test("what is made of the API's document and the profiles is current", () => {
  const { status, stderr } = run("scripts/generate.mjs", "--check");
  assert.equal(status, 0, stderr);
});

for (const project of ["tsconfig.json", "tsconfig.frameworks.json"]) {
  test(`TypeScript knows and refuses what it must: ${project}`, () => {
    const { status, stdout } = run("node_modules/typescript/bin/tsc", "-p", `test/types/${project}`);
    assert.equal(status, 0, stdout);
  });
}
