// The same package for CommonJS. Compiled only.
import billhook = require("billhook");
import { webhook } from "billhook/web";

export const verifier = new billhook.Verifier("standard", { secrets: "a-secret" });
export const route: (request: Request) => Promise<Response> = webhook({ profile: "litestore", secrets: "a-secret" }, (message) => {
  if (message.type === "order.updated") message.data.previousStatus.toUpperCase();
});
