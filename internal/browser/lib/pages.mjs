// The one list of pages: each is looked at by axe, and has its pictures taken, in light
// and dark, at a desk and on a phone. Add yours.
import { createServer } from 'node:http'
import { api } from './browser.mjs'

// prepare makes what the pages show. What it answers is given to their paths.
export async function prepare() {
  await api('POST', '/api/stores', { id: 'empty', name: 'Nothing here yet' })
  await api('POST', '/api/stores', { id: 'berlin', name: 'Möbel & Söhne – Berlin', profile: 'elective-commerce' })
  // What a stranger may call themselves.
  await api('POST', '/api/stores', { id: 'strange', name: '<script>alert(1)</script> \u05d0\u05d1\u05d2 ' + 'long '.repeat(30) })
  for (const [name, url, events, isActive] of [
    ['Warehouse', 'http://127.0.0.1:9/warehouse', ['order.paid', 'order.cancelled'], true],
    ['Bookkeeping', 'http://127.0.0.1:9/books/of/a/very/long/path/that/does/not/end/where/one/would/expect/it', ['*'], true],
    ['', 'http://127.0.0.1:9/old', ['order.*'], false],
  ]) await api('POST', '/api/webhooks', { name, url, events, isActive })
  await use()
  const { id } = await api('POST', '/api/keys', { name: 'Checkout', permissions: ['events:emit'] }, { store: 'busy' })
  await api('PATCH', '/api/stores/busy', { limits: { concurrency: 20 }, retention: { payloadDays: 30, attemptDays: 90 } })
  return { key: id }
}

// use makes a shop that is in use: some deliveries arrive, others fail.
async function use() {
  await api('POST', '/api/stores', { id: 'busy', name: 'Kaufhaus am Markt' })
  const taker = createServer((request, answer) => request.resume().on('end', () => answer.end('ok')))
  await new Promise((resolve) => taker.listen(0, '127.0.0.1', resolve))
  taker.unref()
  const url = `http://127.0.0.1:${taker.address().port}`
  await api('POST', '/api/webhooks', { name: 'Warehouse', url: `${url}/warehouse`, events: ['*'] }, { store: 'busy' })
  await api('POST', '/api/webhooks', { name: 'Bookkeeping', url: 'http://127.0.0.1:9/books', events: ['order.*'] }, { store: 'busy' })
  for (let i = 1; i <= 12; i++) {
    await api('POST', '/api/events', { type: i % 4 ? 'order.paid' : 'customer.created', data: { id: `o-${i}`, total: 1000 + i } }, { store: 'busy' })
  }
  for (const end = Date.now() + 10_000; ;) {
    const { total } = await api('GET', '/api/activity', undefined, { store: 'busy' })
    if (total.delivered === 12 && total.failed > 0) return
    if (Date.now() > end) throw new Error(`the deliveries have not come: ${JSON.stringify(total)}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

// drawn waits for the charts.
async function drawn(page) {
  await page.locator('.chart canvas').nth(2).waitFor()
}

// Each: name; path, a string or a function of what prepare answered; open to those who
// have not signed in; status, if it is not 200; act, what is done before the look.
export const pages = [
  { name: 'signin', path: '/signin', open: true },
  { name: 'overview', path: '/overview', act: drawn },
  { name: 'overview-store', path: '/stores/busy/overview', act: drawn },
  { name: 'overview-numbers', path: '/stores/busy/overview', act: (page) => page.locator('.numbers summary').click() },
  { name: 'overview-empty', path: '/stores/empty/overview' },
  { name: 'nodes', path: '/nodes' },
  { name: 'audit-of-keys', path: '/audit' },
  { name: 'audit', path: '/stores/busy/audit', act: async (page) => {
    for (const more of await page.locator('.log-more summary').all()) await more.click()
  } },
  { name: 'audit-refused', path: '/stores/busy/audit?from=yesterday', status: 422 },
  { name: 'keys-of-all', path: '/keys' },
  { name: 'keys', path: '/stores/busy/keys' },
  { name: 'key-made', path: '/stores/empty/keys', act: async (page) => {
    await page.getByLabel('Name').fill('Nightly export')
    await page.getByLabel('audit:read', { exact: true }).check()
    await page.getByRole('button', { name: 'Create key' }).click()
    await page.locator('#secret').waitFor()
  } },
  { name: 'key-revoke', path: ({ key }) => `/stores/busy/keys/${key}/revoke` },
  { name: 'settings', path: '/stores/busy/settings' },
  { name: 'store-delete', path: '/stores/busy/delete' },
  { name: 'stores', path: '/stores' },
  { name: 'stores-refused', path: '/stores', status: 409, act: async (page) => {
    await page.getByLabel('ID', { exact: true }).fill('berlin')
    await page.getByRole('button', { name: 'Create store' }).click()
    await page.getByRole('alert').waitFor()
  } },
  { name: 'webhooks', path: '/stores/default/webhooks' },
  { name: 'webhooks-empty', path: '/stores/empty/webhooks' },
  { name: 'webhooks-of-a-stranger', path: '/stores/strange/webhooks' },
  { name: 'menu', path: '/stores/default/webhooks', act: (page) => page.locator('.menu-end summary').click() },
  { name: 'not-found', path: '/stores/none/webhooks', status: 404 },
]
