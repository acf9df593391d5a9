import { createHmac, timingSafeEqual } from 'node:crypto'

// body is the request's raw bytes, from before any JSON parser; headers are
// those of the request, their names in lower case as Node has them.
export function verify(body, headers, secret, now = Date.now() / 1000) {
  const id = headers['webhook-id'] ?? ''
  const sent = headers['webhook-timestamp'] ?? ''
  if (!/^\d+$/.test(sent) || Math.abs(now - Number(sent)) > 300) return false
  const text = secret.replace(/^whsec_/, '')
  if (/^(whpk_.*)?$/.test(text)) return false // missing, or public
  const base64 = /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
  const key = base64.test(text) ? Buffer.from(text, 'base64') : secret
  const want = createHmac('sha256', key).update(`${id}.${sent}.`).update(body).digest()
  // While a secret is changed there is a signature of the old and one of the new.
  return (headers['webhook-signature'] ?? '').split(' ').some((signature) => {
    const given = Buffer.from(signature.replace(/^v1,/, ''), 'base64')
    return signature.startsWith('v1,') && given.length === want.length && timingSafeEqual(given, want)
  })
}

// With Express:
//   app.post('/hook', express.raw({ type: '*/*' }), (req, res) => {
//     if (!verify(req.body, req.headers, process.env.WEBHOOK_SECRET)) return res.sendStatus(401)
//     handle(JSON.parse(req.body))
//     res.sendStatus(204)
//   })
