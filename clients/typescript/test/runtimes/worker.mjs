// For Workers: a request to /?from=VECTORS&baseUrl=BILLHOOK
import { check } from "check.mjs";

export default {
  async fetch(request) {
    const { searchParams } = new URL(request.url);
    try {
      return new Response(await check(searchParams.get("from"), searchParams.get("baseUrl")));
    } catch (error) {
      return new Response(error.stack ?? String(error), { status: 500 });
    }
  },
};
