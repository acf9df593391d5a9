// For runtimes that are a command: run.mjs VECTORS BILLHOOK
import process from "node:process";
import { check } from "./check.mjs";

console.log(await check(process.argv[2], process.argv[3]));
