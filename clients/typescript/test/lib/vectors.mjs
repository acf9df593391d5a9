// The golden deliveries that Go's tests read too.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

export const vectors = JSON.parse(readFileSync(new URL("../../../../profile/testdata/vectors.json", import.meta.url), "utf8"));
assert(vectors.length >= 100, `${vectors.length} vectors`);

export const names = [...new Set(vectors.map((v) => v.profile))].sort();

/** The schemes that a profile can be verified by. */
export const schemes = (profile) => (profile === "standard" ? ["standard"] : ["standard", "profile"]);

export const pairs = (v) => v.headers.map(({ name, value }) => [name, value]);

/** The clock of who gets the vector in time. */
export const clock = (v) => () => v.sentAt * 1000;
