import { createHmac, timingSafeEqual } from 'node:crypto'

// body is the request's raw bytes, from before any JSON parser; headers are
// those of the request, their names in lower case as Node has them.
export function verify(body, headers, secret) {
  if (/^(whpk_.*)?$/.test(secret)) return false // missing, or public
  const want = createHmac('sha256', secret).update(body).digest()
  const given = Buffer.from(headers['{{.Lower}}'] ?? '', 'hex')
  return given.length === want.length && timingSafeEqual(given, want)
}

// With Express:
//   app.post('/hook', express.raw({ type: '*/*' }), (req, res) => {
//     if (!verify(req.body, req.headers, process.env.WEBHOOK_SECRET)) return res.sendStatus(401)
//     handle(JSON.parse(req.body))
//     res.sendStatus(204)
//   })
