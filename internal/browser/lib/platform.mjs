// A platform's own admin, of another origin than Billhook, that shows a portal.
import { createServer } from 'node:http'
import { writeFile } from 'node:fs/promises'
import { api, base } from './browser.mjs'

// The origin that the server was started with --portal-origin for. It serves what is
// written into the folder.
export const origin = process.env.BILLHOOK_PLATFORM
const folder = process.env.BILLHOOK_PLATFORM_PAGES

// merchant makes a store with a webhook, and the key of a platform for it.
export async function merchant(id, name) {
  await api('POST', '/api/stores', { id, name })
  await api('POST', '/api/webhooks', { name: `Hook of ${name}`, url: `http://127.0.0.1:9/${id}`, events: ['order.*'] }, { store: id })
  const key = await api('POST', '/api/keys', { name: 'platform', permissions: ['*'] }, { store: id })
  return {
    id, name, keyID: key.id,
    session: (request = {}) => api('POST', '/api/portal-sessions', { capabilities: ['read', 'manage', 'replay'], actor: { type: 'user', id: `owner-of-${id}` }, ...request }, { store: id, key: key.key }),
    revoke: () => api('DELETE', `/api/keys/${key.id}`, undefined, { store: id }),
  }
}

let written = 0

// admin writes a page of the platform's with the portal in it, and says where it is. Its
// policy, if it has one, lets in of Billhook's what docs/PORTAL.md says.
export async function admin({ token, attributes = '', style = '', src = base, lang = 'en', script = '', policy = true }) {
  const nonce = 'test'
  const name = `admin-${++written}.html`
  await writeFile(`${folder}/${name}`, `<!doctype html>
<html lang="${lang}"><head><meta charset="utf-8"><title>Shop admin</title>
${policy ? `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src ${src} ${base} 'nonce-${nonce}'; connect-src ${src} ${base}; style-src 'nonce-${nonce}'; img-src data:; require-trusted-types-for 'script'; trusted-types billhook-portal">` : ''}
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<style nonce="${nonce}">:root { color-scheme: light dark } body { font-family: serif; margin: 1rem } ${style}</style>
<script type="module" src="${src}/portal.js"></script></head>
<body><header><p>My shop</p></header><main><h1>Integrations</h1>
<billhook-portal src="${src}" ${token === undefined ? '' : `token="${token}"`} ${attributes}></billhook-portal></main>
<script nonce="${nonce}">
const portal = document.querySelector('billhook-portal')
let expired = 0
portal.addEventListener('billhook-expired', () => { expired++ })
${script}
</script></body></html>`)
  return `${origin}/${name}`
}

// standIn answers in Billhook's place with what a test wants: its handler gets the
// request and its body. Component and assets are Billhook's.
export async function standIn(t, handle) {
  const server = createServer(async (request, answer) => {
    const parts = []
    for await (const part of request) parts.push(part)
    answer.setHeader('access-control-allow-origin', request.headers.origin ?? '*')
    answer.setHeader('access-control-allow-headers', 'authorization, billhook-language')
    answer.setHeader('access-control-expose-headers', 'content-disposition')
    if (request.method === 'OPTIONS') return answer.writeHead(204).end()
    if (request.url.startsWith('/assets/') || request.url === '/portal.js') {
      const its = await fetch(base + request.url)
      return answer.writeHead(its.status, { 'content-type': its.headers.get('content-type') }).end(Buffer.from(await its.arrayBuffer()))
    }
    handle(request, answer, Buffer.concat(parts).toString())
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${server.address().port}`
}
