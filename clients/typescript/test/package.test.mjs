// The package as it is published: what is in it, and that it loads either way.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { install, root } from "./lib/folder.mjs";

const { folder, place, files } = install(after);
const about = JSON.parse(readFileSync(join(place, "package.json"), "utf8"));
const node = (...args) => execFileSync(process.execPath, args, { cwd: folder, encoding: "utf8" }).trim();

test("it depends on nothing", () => {
  for (const kind of ["dependencies", "peerDependencies", "optionalDependencies"]) assert.equal(about[kind], undefined);
  assert.equal(about.engines.node, ">=18");
});

test("it has what it needs, and no more", () => {
  for (const file of files) assert.match(file, /^(package\.json|README\.md|dist\/(esm|cjs)\/.+|src\/.+\.ts)$/);
  for (const kinds of Object.values(about.exports)) {
    if (typeof kinds === "string") continue;
    for (const path of Object.values(kinds).flatMap((kind) => Object.values(kind))) assert(files.includes(path.slice(2)), path);
  }
});

const ways = Object.keys(about.exports).filter((path) => path !== "./package.json").map((path) => path.replace(".", "billhook"));

test("ES modules and CommonJS have the same names", () => {
  assert(ways.length >= 6);
  for (const way of ways) {
    writeFileSync(join(folder, "names.mjs"), `console.log(Object.keys(await import("${way}")).sort().join());`);
    writeFileSync(join(folder, "names.cjs"), `console.log(Object.keys(require("${way}")).sort().join());`);
    const names = node("names.mjs");
    assert.equal(node("names.cjs"), names, way);
    assert(names.length > 5, way);
  }
});

test("CommonJS verifies", () => {
  const v = JSON.parse(readFileSync(join(root, "../../profile/testdata/vectors.json"), "utf8")).find((v) => v.profile === "litestore");
  writeFileSync(join(folder, "vector.json"), JSON.stringify(v));
  writeFileSync(
    join(folder, "verify.cjs"),
    `const { verify } = require("billhook");
const v = require("./vector.json");
verify(v.profile, v.headers.map(({ name, value }) => [name, value]), v.body, { secrets: v.secrets, now: () => v.sentAt * 1000 }).then(({ id }) => console.log(id));`,
  );
  assert.equal(node("verify.cjs"), v.id);
});

test("it names nothing of Node's but where it must, and lock files name no addresses", () => {
  for (const file of files.filter((path) => path.startsWith("src/"))) {
    const text = readFileSync(join(place, file), "utf8");
    if (file !== "src/webcrypto.ts") assert(!/from "node:|require\(|\bBuffer\b/.test(text), file);
  }
  for (const lock of ["package-lock.json", "test/runtimes/package-lock.json"]) {
    assert(!readFileSync(join(root, lock), "utf8").includes('"resolved"'), `${lock} holds download addresses`);
  }
});
