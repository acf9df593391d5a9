// What operators and merchants do with deliveries.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { api, close, open, signIn } from '../lib/browser.mjs'
import { receive } from '../lib/receiver.mjs'

after(close)

const once = { retryPolicy: { maxAttempts: 1, initialDelay: 10, backoffMultiplier: 1, maxDelay: 10 } }

// shop makes a store with a webhook to a receiver.
async function shop(t, id, more = once) {
  await api('POST', '/api/stores', { id, name: `Shop ${id}` })
  const receiver = await receive(t)
  const webhook = await api('POST', '/api/webhooks', { url: receiver.url, events: ['*'], name: 'Shop system', ...more }, { store: id })
  receiver.secret = webhook.secret
  return { receiver, webhook, emit: (type, data, rest) => api('POST', '/api/events', { type, data, ...rest }, { store: id }) }
}

test('an operator finds a dead letter by its order number, reads why, and retries it', async (t) => {
  const { receiver, emit } = await shop(t, 'dead-letter')
  for (let n = 1; n <= 3; n++) await emit('order.paid', { id: `A-${n}` }, { entity: { type: 'order', id: `A-${n}` } })
  await receiver.next(2)
  receiver.status = 500
  receiver.body = 'no such table: orders'
  await emit('order.paid', { id: 'HH-4711', note: 'ring twice' }, { entity: { type: 'order', id: 'HH-4711' } })
  await receiver.next(3)

  const page = await open(t)
  await signIn(page)
  await page.goto('/stores/dead-letter/deliveries?status=dead')
  for (const text of ['HH-4711', 'RING twice']) { // its entity, and what its payload says
    await page.getByLabel('Search').fill(text)
    await page.getByRole('button', { name: 'Find' }).click()
    await page.locator('#deliveries tr').first().waitFor()
    assert.equal(await page.locator('#deliveries tr').count(), 1)
  }
  await page.getByRole('link', { name: 'order.paid' }).click()
  await page.getByRole('heading', { name: 'Why did this not arrive?' }).waitFor()
  await page.getByText('The receiver got it and failed over it.').waitFor()
  await page.getByText('no such table: orders').waitFor()

  receiver.status = 200
  await page.getByRole('button', { name: 'Retry' }).click()
  const again = await receiver.next(4)
  assert.ok(again.verified, 'the retry is not signed')
  assert.match(again.body, /HH-4711/)
  assert.equal(again.body, receiver.requests[3].body)
  await page.locator('h1 .badge-ok').waitFor() // by itself
  await page.getByText('Attempt 2').waitFor()
  assert.equal(await page.getByText('Why did this not arrive?').count(), 0)
})

test('all that match are retried, and it is seen how far that is', async (t) => {
  const { receiver, emit } = await shop(t, 'many')
  receiver.status = 422 // a receiver that is down would not be sent so many
  for (let n = 0; n < 60; n++) await emit('order.paid', { id: `M-${n}` })
  for (let n = 0; n < 5; n++) await emit('order.cancelled', { id: `M-${n}` })
  await receiver.next(64)
  receiver.status = 200

  const page = await open(t)
  await signIn(page)
  await page.goto('/stores/many/deliveries')
  assert.equal(await page.getByRole('link', { name: 'Retry all that match' }).count(), 0) // of nothing in particular
  await page.getByLabel('Status').selectOption('dead')
  await page.getByLabel('Event type').fill('order.paid')
  await page.getByRole('button', { name: 'Find' }).click()
  await page.getByRole('link', { name: 'Next page' }).click()
  await page.locator('#deliveries tr').first().waitFor()
  assert.equal(await page.locator('#deliveries tr').count(), 10)
  await page.getByRole('link', { name: 'Retry all that match' }).click()
  await page.getByText('60 deliveries will be sent again.').waitFor()
  await page.getByRole('button', { name: 'Retry them' }).click()
  await page.getByText('60 of 60 deliveries set going again.').waitFor()
  await page.getByText('Done', { exact: true }).waitFor()
  await receiver.next(124)
  assert.equal(receiver.requests.slice(65).filter((r) => r.body.includes('order.cancelled')).length, 0)
})

test('what is new comes by itself while one watches', async (t) => {
  const { emit } = await shop(t, 'watched')
  const page = await open(t)
  await signIn(page)
  await page.goto('/stores/watched/deliveries')
  await page.getByText('Nothing has been delivered yet.').waitFor()
  await page.getByRole('button', { name: 'Live' }).click()
  await page.getByText('Watching for new deliveries').waitFor()
  await emit('order.paid', { id: 'L-1' })
  await page.getByRole('row', { name: /order\.paid.*Delivered/ }).waitFor()
  await emit('order.refunded', { id: 'L-1' })
  await page.locator('#deliveries tr').nth(1).waitFor()
  assert.match(await page.locator('#deliveries tr').first().innerText(), /order\.refunded/)
  await page.getByRole('button', { name: 'Live' }).click()
  await page.locator('button[data-live][aria-pressed="false"]').waitFor()
})

test('a payload that nobody would wish for is shown, and runs nowhere', async (t) => {
  const { receiver, emit } = await shop(t, 'hostile')
  receiver.status = 500
  receiver.body = '<script>document.title = "taken"</script>\u001b[31m'
  const note = "<script>document.title = 'taken'</script> \u001b[31m \u202egnp.exe $(touch taken) `id` it's"
  await emit('note.made', { note })
  await emit('text.made', { text: 'long '.repeat(180_000) })
  await receiver.next(1)
  const page = await open(t)
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await signIn(page)
  const show = async (type) => {
    await page.goto(`/stores/hostile/deliveries?type=${type}`)
    await page.getByRole('link', { name: type }).click()
    await page.getByRole('heading', { name: 'Attempts' }).waitFor()
  }
  await show('note.made')
  assert.match(await page.title(), /^note\.made/)
  assert.equal(await page.locator('.mark', { hasText: '\\u202E' }).count() > 0, true)
  assert.equal(await page.locator('main').evaluate((main) => main.textContent.includes('\u202e')), false)

  // What is copied is what is seen, and repeats the request to the byte.
  await page.getByRole('button', { name: 'Copy' }).click()
  const command = await page.evaluate(() => navigator.clipboard.readText())
  assert.equal(command, await page.locator('#curl').textContent())
  await promisify(execFile)('sh', ['-c', command], { timeout: 10_000 })
  const repeated = await receiver.next(2)
  assert.equal(repeated.body, receiver.requests.find((r) => r.body.includes('note.made')).body)
  assert.equal(repeated.headers['webhook-id'], receiver.requests[0].headers['webhook-id'])

  await show('text.made')
  assert.ok((await page.content()).length < 300_000, 'the page is as large as what it shows')
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download all of it' }).first().click()])
  const text = readFileSync(await download.path(), 'utf8')
  assert.equal(text, receiver.requests[1].body)
})

test('without JavaScript all is there to read, to filter and to retry', async (t) => {
  const { receiver, emit } = await shop(t, 'plain')
  receiver.status = 404
  await emit('order.paid', { id: 'P-1' }, { entity: { type: 'order', id: 'P-1' } })
  await receiver.next()
  receiver.status = 200
  const page = await open(t, { javaScriptEnabled: false })
  await signIn(page)
  await page.goto('/stores/plain/deliveries')
  await page.getByLabel('Search').fill('P-1')
  await page.getByLabel('Status').selectOption('dead')
  await page.getByRole('button', { name: 'Find' }).click()
  assert.equal(await page.getByRole('button', { name: 'Live' }).isVisible(), false)
  await page.getByRole('link', { name: 'order.paid' }).click()
  await page.getByText('nothing at this address takes deliveries').waitFor()
  assert.match(await page.locator('#curl').textContent(), /^curl /)
  await page.getByRole('link', { name: /^evt_/ }).click()
  await page.getByText('"id": "P-1"').waitFor()
  await page.getByRole('button', { name: 'Retry' }).click()
  await page.getByRole('status').getByText('It is due now').waitFor()
  await receiver.next(1)
})

test('who may only read deliveries sees no retry, no secret and no other store', async (t) => {
  const { receiver, emit } = await shop(t, 'reader', { ...once, headers: { 'X-Token': 'the-token-of-the-shop' } })
  await shop(t, 'neighbour')
  receiver.status = 500
  const event = await emit('order.paid', { id: 'R-1' })
  await receiver.next()
  assert.equal(receiver.requests[0].headers['x-token'], 'the-token-of-the-shop')
  const { key } = await api('POST', '/api/keys', { name: 'reader', permissions: ['deliveries:read'] }, { store: 'reader' })
  const page = await open(t)
  await signIn(page, key)
  await page.waitForURL('**/stores/reader/overview')
  await page.goto('/stores/reader/deliveries')
  await page.getByRole('link', { name: 'order.paid' }).click()
  await page.getByRole('heading', { name: 'Request', exact: true }).waitFor()
  const signature = receiver.requests[0].headers['webhook-signature'].replace(/^v1,/, '')
  for (const confidential of ['the-token-of-the-shop', receiver.secret, signature]) {
    assert.equal((await page.content()).includes(confidential), false, confidential)
  }
  assert.equal(await page.getByRole('button', { name: /Retry|Send once more/ }).count(), 0)
  await page.goto(`/stores/reader/events/${event.id}`)
  assert.equal(await page.getByRole('button', { name: 'Retry' }).count(), 0)
  assert.equal((await page.goto('/stores/neighbour/deliveries')).status(), 404)
  assert.equal((await page.goto('/stores/reader/deliveries/retry?status=dead')).status(), 403)
})

test('in German the reasons are German too, and a filter that is wrong is told beside its field', async (t) => {
  const { receiver, emit } = await shop(t, 'german')
  receiver.status = 301
  const { id } = await emit('order.paid', { id: 'G-1' }, { entity: { type: 'order', id: 'G-1' } })
  await receiver.next(0)
  const page = await open(t, { locale: 'de-DE' })
  await signIn(page)
  await page.goto('/stores/german/deliveries?status=dead')
  await page.getByText('Ihr Shop hat mit 301 geantwortet: Umleitungen wird nicht gefolgt').waitFor()
  await page.getByRole('row', { name: /order\.paid.*Aufgegeben/ }).waitFor()
  assert.equal(await page.locator('[lang="en"]:not(button)').count(), 0)
  await page.getByRole('link', { name: 'order.paid' }).click()
  await page.locator('blockquote').getByText('Ihr Shop hat mit 301 geantwortet').waitFor()
  assert.equal(await page.locator('main [lang="en"]').count(), 0)

  // What it is about leads to all about the same.
  await page.getByRole('link', { name: 'order G-1' }).click()
  await page.waitForURL(/entityType=order&entityId=G-1/)
  await emit('order.paid', { id: 'G-2' }, { entity: { type: 'order', id: 'G-2' } })
  await page.reload()
  assert.equal(await page.locator('#deliveries tr').count(), 1)
  await page.getByLabel('Worum: Art').or(page.locator('#entityType')).first().fill('')
  await page.getByRole('button', { name: 'Suchen' }).click()
  await page.locator('#entityType-wrong').waitFor()
  assert.equal(await page.locator('#entityType').getAttribute('aria-invalid'), 'true')
  assert.ok(id)
})

test('what was done is told once, and a test is marked as one', async (t) => {
  const { receiver, webhook } = await shop(t, 'told', { retryPolicy: { maxAttempts: 2, initialDelay: 600_000, backoffMultiplier: 1, maxDelay: 600_000 } })
  receiver.status = 500
  const sent = await api('POST', `/api/webhooks/${webhook.id}/test`, { type: 'order.paid' }, { store: 'told' })
  await receiver.next(0)
  const page = await open(t)
  await signIn(page)
  await page.goto('/stores/told/deliveries')
  await page.getByRole('row', { name: /order\.paid Test/ }).getByRole('link', { name: 'order.paid' }).click()
  await page.locator('h1 .badge').getByText('Test', { exact: true }).waitFor()
  assert.ok(page.url().endsWith(sent.id))

  receiver.status = 200
  await page.getByRole('button', { name: 'Retry now' }).click()
  await page.getByRole('status').getByText('It is due now').waitFor()
  assert.ok(!page.url().includes('done='), 'the address tells it again')
  await page.locator('h1 .badge-ok').waitFor() // by itself
  assert.equal(await page.locator('.flash').count(), 0, 'what has happened is still about to')
  await page.reload()
  assert.equal(await page.locator('.flash').count(), 0)
})

test('Escape closes a menu and gives the focus back; a click beside it closes it too', async (t) => {
  const page = await open(t)
  await signIn(page)
  await page.goto('/stores/default/webhooks')
  const menu = page.locator('.menu-end')
  await menu.locator('summary').click()
  await menu.getByRole('button', { name: 'Dark' }).focus()
  await page.keyboard.press('Escape')
  assert.equal(await menu.getAttribute('open'), null)
  assert.equal(await page.evaluate(() => document.activeElement.closest('.menu-end') !== null && document.activeElement.tagName), 'SUMMARY')
  await menu.locator('summary').click()
  await page.getByRole('heading', { level: 1 }).click()
  assert.equal(await menu.getAttribute('open'), null)
})
