// Makes src/generated out of the API's document and the wire profiles:
//
//   npm run generate             writes the files
//   npm run generate -- --check  fails where one of them is not as it would be written
import { readFile, readdir, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";
import ts from "typescript";

const repository = new URL("../../../", import.meta.url);
const to = new URL("../src/generated/", import.meta.url);
const head = (of) => `// Made by "npm run generate" from ${of}; do not edit.\n\n`;

/** Any JSON value has all six types, for which the generator knows no better than an empty object. */
function anyJSON(schema) {
  return Array.isArray(schema.type) && schema.type.length === 6 ? ts.factory.createKeywordTypeNode(ts.SyntaxKind.UnknownKeyword) : undefined;
}

async function types(document) {
  return head("api/openapi.json") + astToString(await openapiTS(document, { transform: anyJSON, emptyObjectsUnknown: true }));
}

/** An answer without end is nothing that a call could return. */
const streams = ["text/event-stream", "application/x-ndjson"];

/** What the client must know of each operation while it runs. Those under /v2 are the same once more. */
function operations(document) {
  const resolve = (it) => (it.$ref ? it.$ref.slice(2).split("/").reduce((at, name) => at[name], document) : it);
  const lines = [];
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      if (path.startsWith("/v2/") || !operation.operationId) continue;
      const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])].map(resolve);
      const has = (where, name) => parameters.some((p) => p.in === where && p.name === name);
      const facts = [`method: "${method.toUpperCase()}"`, `path: "${path}"`];
      if (has("header", "Idempotency-Key")) facts.push("idempotencyKey: true");
      if (has("query", "cursor")) facts.push("pages: true");
      const media = Object.keys(resolve(operation.responses["200"] ?? {}).content ?? {});
      if (media.some((type) => streams.includes(type))) continue;
      if (media.length > 0 && !media.some((type) => type.endsWith("json"))) facts.push("text: true");
      lines.push(`  ${operation.operationId}: { ${facts.join(", ")} },\n`);
    }
  }
  return (
    head("api/openapi.json") +
    "/** idempotencyKey: a repeat with the same key answers the first result. pages: a list with a cursor. text: the answer is no JSON. */\n" +
    `export const operations = {\n${lines.join("")}} as const;\n`
  );
}

const quoted = (name) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));

/** The type of a value of which there is an example. */
function typeOf(example, indent) {
  if (example === null) return "unknown";
  if (Array.isArray(example)) {
    const of = [...new Set(example.map((element) => typeOf(element, indent)))];
    return of.length === 0 ? "unknown[]" : of.length === 1 ? `${of[0]}[]` : `(${of.join(" | ")})[]`;
  }
  if (typeof example !== "object") return typeof example;
  const inner = indent + "  ";
  const members = Object.entries(example).map(([name, value]) => `${inner}${quoted(name)}: ${typeOf(value, inner)};\n`);
  return members.length === 0 ? "Record<string, unknown>" : `{\n${members.join("")}${indent}}`;
}

const interfaceOf = (name) => name.replace(/(^|-)([a-z])/g, (_, __, letter) => letter.toUpperCase()) + "Events";

function profiles(all) {
  const events = all.map((p) => {
    const members = p.eventTypes.map((t) => `  /** ${t.description} */\n  ${quoted(t.name)}: ${typeOf(t.example, "  ")};\n`);
    return `/** The catalogue of ${p.title}: the data of each type of event, as its example has it. */\nexport interface ${interfaceOf(p.name)} {\n${members.join("")}}\n`;
  });
  const names = all.map((p) => `  "${p.name}": ${interfaceOf(p.name)};\n`);
  const layouts = all.map(({ name, signature, envelope }) => `  "${name}": ${JSON.stringify({ name, signature, envelope })},\n`);
  return (
    head("profile/profiles") +
    'import type { Profile } from "../profile.js";\n\n' +
    events.join("\n") +
    `\n/** The events of each profile that comes along. */\nexport interface ProfileEvents {\n${names.join("")}}\n\n` +
    `export const profiles: Readonly<Record<keyof ProfileEvents, Profile>> = {\n${layouts.join("")}};\n`
  );
}

const document = JSON.parse(await readFile(new URL("api/openapi.json", repository), "utf8"));
const folder = new URL("profile/profiles/", repository);
const files = (await readdir(folder)).filter((name) => name.endsWith(".json")).sort();
const catalogues = await Promise.all(files.map(async (name) => JSON.parse(await readFile(new URL(name, folder), "utf8"))));
const made = {
  "openapi.ts": await types(document),
  "operations.ts": operations(document),
  "profiles.ts": profiles(catalogues),
};

for (const [name, text] of Object.entries(made)) {
  const file = new URL(name, to);
  if (!process.argv.includes("--check")) {
    await writeFile(file, text);
  } else if ((await readFile(file, "utf8")) !== text) {
    console.error(`src/generated/${name} is not current: run npm run generate in clients/typescript, and commit what it writes`);
    process.exitCode = 1;
  }
}
