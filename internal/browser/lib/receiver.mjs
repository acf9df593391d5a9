// A merchant's receiver: it verifies what it gets by Standard Webhooks, and answers as
// it is told.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'

// receive starts a receiver on this machine; it is gone when the test is over.
export async function receive(t) {
  const receiver = {
    url: '',
    secret: '', // with it, verified says whether a request is signed by it
    status: 200, // what it answers
    body: 'ok',
    requests: [], // { headers, body, verified }
    // next waits for the request after the first n.
    async next(n = 0, within = 15_000) {
      const end = Date.now() + within
      while (receiver.requests.length <= n) {
        if (Date.now() > end) throw new Error(`${receiver.requests.length} requests came in ${within} ms, not ${n + 1}`)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      return receiver.requests[n]
    },
  }
  const server = createServer(async (request, answer) => {
    const parts = []
    for await (const part of request) parts.push(part)
    const body = Buffer.concat(parts)
    receiver.requests.push({ headers: request.headers, body: body.toString(), verified: verified(receiver.secret, request.headers, body) })
    answer.writeHead(receiver.status, { 'content-type': 'text/plain' }).end(receiver.body)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  receiver.url = `http://127.0.0.1:${server.address().port}/hook`
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return receiver
}

function verified(secret, headers, body) {
  if (!secret) return false
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret)
  const want = createHmac('sha256', key).update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.`).update(body).digest()
  return String(headers['webhook-signature']).split(' ').some((one) => {
    const got = Buffer.from(one.replace(/^v1,/, ''), 'base64')
    return one.startsWith('v1,') && got.length === want.length && timingSafeEqual(got, want)
  })
}
