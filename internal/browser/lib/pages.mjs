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
  await api('POST', '/api/stores', { id: 'catalogue', name: 'Kontor' })
  await api('POST', '/api/event-types', {
    name: 'invoice.paid', description: 'The money for an order has come.', entity: { type: 'order', id: '/id' }, examples: [{ id: 'HH-20311', total: 12990 }],
    schema: { type: 'object', required: ['id', 'total'], properties: { id: { type: 'string' }, total: { type: 'integer' } } },
  }, { store: 'catalogue' })
  return { ...(await deliveries()), ...(await webhookWorld()), ...(await shop()) }
}

// deliveries makes a store with one of each kind: delivered, dead, with a payload that
// nobody would wish for, waiting for its next attempt, and held.
async function deliveries() {
  const store = 'hamburg'
  await api('POST', '/api/stores', { id: store, name: 'Hamburg Hafen' })
  const at = await receiver()
  const hook = (name, path, more) => api('POST', '/api/webhooks', { name, url: `${at.url}/${path}`, events: ['*'], ...more }, { store })
  const emit = (type, data, more) => api('POST', '/api/events', { type, data, ...more }, { store })
  const one = async (status, event) => {
    for (let tries = 0; tries < 500; tries++) {
      const { data } = await api('GET', `/api/deliveries?status=${status}&eventId=${event.id}`, undefined, { store })
      if (data.length) return data[0].id
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    throw new Error(`no delivery of ${event.id} is ${status}`)
  }
  const off = (w) => api('PATCH', `/api/webhooks/${w.id}`, { isActive: false }, { store })
  const order = (id) => ({ id, total: '129.90', currency: 'EUR', items: [{ sku: 'ANKER-7', quantity: 2 }, { sku: 'TAU-12', quantity: 1 }] })
  const world = { store }

  let w = await hook('Warehouse', 'ok')
  let event = await emit('order.paid', order('HH-20311'), { entity: { type: 'order', id: 'HH-20311' }, actor: { type: 'user', id: 'anna' } })
  world.event = event.id
  world.delivered = await one('delivered', event)
  event = await emit('order.cancelled', order('HH-20312'))
  await one('delivered', event)
  await off(w)

  w = await hook('Bookkeeping', 'broken', { retryPolicy: { maxAttempts: 3, initialDelay: 10, backoffMultiplier: 1, maxDelay: 10 }, headers: { 'X-Api-Token': 'secret-token-of-the-shop' } })
  world.dead = await one('dead', await emit('order.paid', order('HH-20313'), { entity: { type: 'order', id: 'HH-20313' } }))
  world.hostile = await one('dead', await emit('customer.note', { note: "<script>alert('1')</script> \u001b[31mred\u001b[0m \u202egnp.exe $(touch x) `id` it's" }))
  world.large = await one('dead', await emit('catalogue.export', { text: 'long '.repeat(180_000) }))

  w = await hook('', 'broken/of/a/very/long/path/that/does/not/end/where/one/would/expect/it', { retryPolicy: { maxAttempts: 3, initialDelay: 600_000, backoffMultiplier: 1, maxDelay: 600_000 } })
  event = await emit('order.refunded', order('HH-20309'))
  world.waiting = await one('pending', event)
  await off(w)
  world.held = await one('held', event)
  world.recovery = (await api('POST', '/api/deliveries/retry', { status: 'dead', event: 'catalogue.export' }, { store })).id
  return world
}

// receiver is on this machine until the tests are over: it takes what comes to /ok.
async function receiver() {
  const server = createServer((request, answer) => {
    request.resume()
    const ok = request.url.startsWith('/ok')
    answer.writeHead(ok ? 200 : 500, { 'content-type': 'text/html' }).end(ok ? 'thanks' : '<h1>Fatal error</h1>\n\u001b[31mno such table: orders\u001b[0m <script>alert(2)</script>')
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  server.unref()
  return { url: `http://127.0.0.1:${server.address().port}` }
}

// A store with a webhook that works, one that fails, one that was given up, and what
// was tried with them.
async function webhookWorld() {
  const receiver = createServer((request, answer) => {
    request.resume()
    const status = { '/ok': 200, '/broken': 500, '/gone': 410 }[request.url] ?? 404
    answer.writeHead(status, { 'content-type': 'text/plain' }).end(status === 200 ? 'thank you' : 'no: \u001b[31mthe database <b>is away</b>')
  }).listen(0, '127.0.0.1')
  receiver.unref()
  await new Promise((resolve) => receiver.once('listening', resolve))
  const address = `http://127.0.0.1:${receiver.address().port}`
  const shop = { store: 'shop' }
  await api('POST', '/api/stores', { id: 'shop', name: 'Corner Shop', profile: 'commerce-engine' })
  const made = {}
  for (const [id, body] of Object.entries({
    works: { url: `${address}/ok`, name: 'Shop system', description: 'Keeps the warehouse informed', events: ['orders.*'], headers: { 'x-tenant': 'corner' } },
    fails: { url: `${address}/broken`, name: 'Bookkeeping', events: ['*'] },
    gone: { url: `${address}/gone`, events: ['orders.create'] },
  })) made[id] = (await api('POST', '/api/webhooks', body, shop)).id
  const sent = {}
  for (const [name, id] of Object.entries(made)) sent[name] = (await api('POST', `/api/webhooks/${id}/test`, { type: 'orders.create' }, shop)).id
  for (let n = 0; n < 12; n++) await api('POST', '/api/events', { type: n % 3 ? 'orders.statusChange' : 'orders.create', data: { id: `order-${n}`, orderNumber: `ORD-${n}` } }, shop)
  for (const until = Date.now() + 15_000; ;) {
    const tried = await Promise.all(Object.values(sent).map((id) => api('GET', `/api/deliveries/${id}`, undefined, shop)))
    if (tried.every((d) => d.attempts > 0)) break
    if (Date.now() > until) throw new Error('the test events were not tried')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  await api('POST', `/api/webhooks/${made.works}/rotate-secret`, { gracePeriodSeconds: 3600 }, shop)
  const { id: recovery } = await api('POST', `/api/webhooks/${made.works}/replay`, { since: '2026-01-01T00:00:00Z' }, shop)
  // It was not there when all that was emitted.
  made.late = (await api('POST', '/api/webhooks', { url: `${address}/ok`, name: 'Newsletter', events: ['orders.statusChange'] }, shop)).id
  const webhook = (name, ...rest) => ['/stores/shop/webhooks', made[name], ...rest].join('/')
  return { sent, replayed: recovery, webhook }
}

// shop makes one that is in use, with a key and settings.
async function shop() {
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
  { name: 'webhooks-failing', path: '/stores/shop/webhooks' },
  { name: 'webhook', path: (w) => w.webhook('works') },
  { name: 'webhook-failing', path: (w) => w.webhook('fails') },
  { name: 'webhook-gone', path: (w) => w.webhook('gone') },
  { name: 'webhook-new', path: '/stores/shop/webhooks/+new' },
  { name: 'webhook-new-refused', path: '/stores/shop/webhooks/+new', act: async (page) => {
    await page.getByLabel('URL', { exact: true }).fill('ftp://example.com')
    await page.locator('#url-verdict .verdict-bad').waitFor()
    await page.getByRole('button', { name: 'Add webhook' }).click()
    await page.getByRole('alert').waitFor()
  } },
  { name: 'webhook-added', path: '/stores/berlin/webhooks/+new', act: async (page) => {
    await page.getByLabel('URL', { exact: true }).fill('https://93.184.216.34/hook')
    await page.locator('#url-verdict .verdict-good').waitFor()
    await page.getByRole('checkbox', { name: /^All events/ }).check()
    await page.getByRole('button', { name: 'Add webhook' }).click()
    await page.locator('#secret-value').waitFor()
  } },
  { name: 'webhook-edit', path: (w) => w.webhook('works', 'edit') },
  { name: 'webhook-receiver', path: (w) => w.webhook('works', 'receiver') },
  { name: 'webhook-rotate', path: (w) => w.webhook('works', 'rotate') },
  { name: 'webhook-delete', path: (w) => w.webhook('fails', 'delete') },
  { name: 'webhook-test', path: (w) => w.webhook('works', 'test') },
  { name: 'webhook-test-inactive', path: (w) => w.webhook('gone', 'test') },
  { name: 'webhook-tested', path: (w) => w.webhook('works', 'tests', w.sent.works) },
  { name: 'webhook-tested-failed', path: (w) => w.webhook('fails', 'tests', w.sent.fails) },
  { name: 'missed', path: (w) => w.webhook('works', 'missed') },
  { name: 'missed-counted', path: (w) => w.webhook('late', 'missed?kind=replay&since=2026-01-01T00:00') },
  { name: 'missed-refused', path: (w) => w.webhook('works', 'missed?since=2026-01-02T00:00&until=2026-01-01T00:00'), status: 422 },
  { name: 'missed-list', path: (w) => w.webhook('works', 'recoveries') },
  { name: 'missed-one', path: (w) => `/stores/shop/recoveries/${w.replayed}` },
  { name: 'webhooks-of-a-stranger', path: '/stores/strange/webhooks' },
  { name: 'menu', path: '/stores/default/webhooks', act: (page) => page.locator('.menu-end summary').click() },
  { name: 'deliveries', path: '/stores/hamburg/deliveries' },
  { name: 'deliveries-dead', path: '/stores/hamburg/deliveries?status=dead' },
  { name: 'deliveries-exact', path: '/stores/hamburg/deliveries?from=2026-01-01T00:00&q=HH-20313' },
  { name: 'deliveries-refused', path: '/stores/hamburg/deliveries?from=yesterday', status: 422 },
  { name: 'deliveries-none', path: '/stores/hamburg/deliveries?q=nowhere' },
  { name: 'deliveries-empty', path: '/stores/empty/deliveries' },
  { name: 'delivery-dead', path: (world) => `/stores/hamburg/deliveries/${world.dead}` },
  { name: 'delivery-delivered', path: (world) => `/stores/hamburg/deliveries/${world.delivered}` },
  { name: 'delivery-hostile', path: (world) => `/stores/hamburg/deliveries/${world.hostile}` },
  { name: 'delivery-large', path: (world) => `/stores/hamburg/deliveries/${world.large}` },
  { name: 'delivery-held', path: (world) => `/stores/hamburg/deliveries/${world.held}` },
  { name: 'retry-all', path: '/stores/hamburg/deliveries/retry?status=dead' },
  { name: 'retry-none', path: '/stores/hamburg/deliveries/retry?status=cancelled' },
  { name: 'recovery', path: (world) => `/stores/hamburg/recoveries/${world.recovery}?of=1` },
  { name: 'events', path: '/stores/hamburg/events' },
  { name: 'events-empty', path: '/stores/empty/events' },
  { name: 'event', path: (world) => `/stores/hamburg/events/${world.event}` },
  { name: 'event-types', path: '/stores/shop/event-types' },
  { name: 'event-types-empty', path: '/stores/empty/event-types' },
  { name: 'event-type', path: '/stores/catalogue/event-types/invoice.paid' },
  { name: 'event-type-new', path: '/stores/catalogue/event-types/+new' },
  { name: 'event-type-delete', path: '/stores/catalogue/event-types/invoice.paid/delete' },
  { name: 'event-type-breaking', path: '/stores/catalogue/event-types/invoice.paid/edit', act: async (page) => {
    await page.getByLabel('Schema', { exact: true }).fill('{"type":"object","required":["id","total"],"properties":{"id":{"type":"string"},"total":{"type":"string"}}}')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByLabel('Make it a new version all the same').waitFor()
  } },
  { name: 'settings-refused', path: '/stores/busy/settings', act: async (page) => {
    await page.getByLabel('Requests at a time').fill('many')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.locator('#concurrency-wrong').waitFor()
  } },
  { name: 'not-found', path: '/stores/none/webhooks', status: 404 },
  // German words are longer. The language stays, so that these are the last.
  { name: 'webhook-in-german', path: (w) => w.webhook('gone'), act: inGerman },
  { name: 'missed-in-german', path: (w) => w.webhook('late', 'missed?kind=replay&since=2026-01-01T00:00'), act: inGerman },
  { name: 'delivery-in-german', path: (world) => `/stores/hamburg/deliveries/${world.dead}`, act: inGerman },
  { name: 'settings-in-german', path: '/stores/busy/settings', act: inGerman },
  { name: 'deliveries-in-german', path: '/stores/hamburg/deliveries', act: inGerman },
  { name: 'webhook-new-in-german', path: '/stores/shop/webhooks/+new', act: inGerman },
]

async function inGerman(page) {
  await page.context().addCookies([{ name: 'billhook-language', value: 'de', url: page.url() }])
  await page.reload()
  await page.locator('html[lang="de"]').waitFor()
}
