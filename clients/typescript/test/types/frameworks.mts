// The routes fit into the frameworks' own types. Compiled only.
import express from "express";
import Fastify from "fastify";
import { Hono } from "hono";
import type { Profile } from "billhook";
import { webhook as expressWebhook } from "billhook/express";
import { webhook as fastifyWebhook } from "billhook/fastify";
import { webhook as honoWebhook } from "billhook/hono";
import { webhook as nextWebhook } from "billhook/next";

const options = { profile: "litestore", secrets: "a-secret" } as const;

express().post("/hooks", expressWebhook(options, async (message) => void (message.type === "review.created" && message.data.reviewId)));
express().post("/hooks", expressWebhook(options), (request, response) => {
  response.json(request.webhook?.type);
});
// @ts-expect-error no such event
express().post("/hooks", expressWebhook(options, (message) => message.type === "review.eaten"));

Fastify().register(fastifyWebhook("/hooks", options, (message) => message.id), { prefix: "/in" });

new Hono().post("/hooks", honoWebhook(options, (message) => message.id));
new Hono<{ Variables: { webhook: import("billhook").Message<"litestore"> } }>().post("/hooks", honoWebhook(options), (c) => c.text(c.get("webhook").type));

export const POST: (request: Request) => Promise<Response> = nextWebhook(options, (message) => message.id);

declare const own: Profile;
nextWebhook({ profile: own, secrets: "a-secret" }, ({ type, data }) => console.log(type, data));
interface Gifts {
  "gift.sent": { orderId: string };
}
nextWebhook<Gifts>({ profile: own, secrets: "a-secret" }, ({ data }) => data.orderId);
nextWebhook<Gifts>({ profile: "standard", secrets: "a-secret" }, ({ data }) => data.orderId);
