// Reads lines of base64, one JSON text each, and answers each with a line:
// "+" and the base64 of JSON.stringify(JSON.parse(text)), or "-" where
// JSON.parse refuses it.
"use strict";
const lines = require("fs").readFileSync(0, "latin1").split("\n");
lines.pop();
const answers = lines.map((line) => {
  let value;
  try {
    value = JSON.parse(Buffer.from(line, "base64").toString("utf8"));
  } catch {
    return "-";
  }
  return "+" + Buffer.from(JSON.stringify(value), "utf8").toString("base64");
});
process.stdout.write(answers.join("\n") + "\n");
