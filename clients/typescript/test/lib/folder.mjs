// A folder of somebody who has installed the package.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** Packs the package and unpacks it there, as npm would. The package must be built. */
export function install(after) {
  const folder = mkdtempSync(join(tmpdir(), "billhook-installed-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const [{ filename, files }] = JSON.parse(execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
  const place = join(folder, "node_modules", "billhook");
  mkdirSync(place, { recursive: true });
  execFileSync("tar", ["-xzf", join(folder, filename), "-C", place, "--strip-components=1"]);
  writeFileSync(join(folder, "package.json"), '{"private":true,"type":"module","dependencies":{"billhook":"*"}}');
  return { folder, place, files: files.map(({ path }) => path) };
}
