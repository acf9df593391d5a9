// A merchant and their webhook: from adding it to getting back what was missed.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { api, close, open, signIn } from '../lib/browser.mjs'
import { receive } from '../lib/receiver.mjs'

after(close)

// A merchant is somebody with a key of one store, who may do all with its webhooks.
async function merchant(t, id, options) {
  await api('POST', '/api/stores', { id, name: `Shop ${id}`, profile: 'commerce-engine' })
  const { key } = await api('POST', '/api/keys', {
    name: 'merchant', permissions: ['webhooks:manage', 'deliveries:read', 'deliveries:retry'],
  }, { store: id })
  const page = await open(t, options)
  await signIn(page, key)
  await page.goto(`/stores/${id}/webhooks`)
  return page
}

test('a merchant adds an endpoint, tests it, breaks it, sees why, mends it, and gets back what was missed', async (t) => {
  const receiver = await receive(t)
  const page = await merchant(t, 'merchant', { permissions: ['clipboard-read', 'clipboard-write'] })
  await page.getByText('This store has no webhooks yet.').waitFor()
  await page.getByRole('link', { name: 'Add webhook' }).click()

  // The URL is judged as it is typed.
  await page.getByLabel('URL', { exact: true }).pressSequentially('ftp://example.com')
  await page.locator('#url-verdict .verdict-bad').getByText('Has the scheme').waitFor()
  await page.getByLabel('URL', { exact: true }).fill(receiver.url)
  await page.locator('#url-verdict .verdict-good').getByText('Events can be sent to this address.').waitFor()
  assert.equal(await page.locator('#url-verdict .verdict-bad').count(), 0)

  // Event types are found by what they are for.
  await page.getByLabel(/Find among \d+ event types/).fill('orders.c')
  assert.equal(await page.getByRole('checkbox', { name: /^customers\./ }).count(), 0)
  await page.getByRole('checkbox', { name: /^orders\.create/ }).check()
  await page.getByLabel(/Find among/).fill('')
  await page.getByRole('checkbox', { name: /^All of orders/ }).check()
  await page.getByLabel('Name', { exact: true }).fill('My shop system')
  await page.getByRole('button', { name: 'Add webhook' }).click()

  // The secret is shown once, to be copied, with the code that verifies by it.
  await page.getByRole('status').getByText('The webhook was added.').waitFor()
  await page.getByRole('button', { name: 'Copy secret' }).click()
  receiver.secret = await page.evaluate(() => navigator.clipboard.readText())
  assert.match(receiver.secret, /^whsec_.{40,}$/)
  await page.getByRole('button', { name: 'Copy Node' }).click()
  const snippet = await page.evaluate(() => navigator.clipboard.readText())
  const { verify } = await import(`data:text/javascript,${encodeURIComponent(snippet)}`)
  // To load the page again adds nothing, and shows the secret no more.
  const once = page.url()
  await page.reload()
  assert.equal(page.url(), once)
  assert.ok(!(await page.content()).includes(receiver.secret))

  // A test event of a type of choice arrives, and is verified by the code of the page.
  await page.getByRole('link', { name: 'Send test event' }).click()
  await page.getByLabel('Event type').selectOption('orders.statusChange')
  await page.locator('#example').getByText('"orderNumber"').or(page.locator('#example').getByText('"newStatus"')).first().waitFor()
  await page.getByRole('button', { name: 'Send orders.statusChange' }).click()
  await page.getByText('Your receiver has accepted the event.').waitFor()
  const first = await receiver.next(0)
  assert.equal(first.verified, true)
  assert.equal(verify(Buffer.from(first.body), first.headers, receiver.secret), true)
  assert.equal(verify(Buffer.from(`${first.body} `), first.headers, receiver.secret), false)
  assert.equal(JSON.parse(first.body).type, 'orders.statusChange')

  // The receiver breaks: the page says why, in words, without being asked again.
  receiver.status = 500
  receiver.body = 'the database of the shop is away'
  await page.getByRole('link', { name: 'Send another' }).click()
  await page.getByRole('button', { name: 'Send orders' }).click()
  await page.getByText('Your receiver has not accepted the event.').waitFor()
  await page.getByText('your shop answered 500').first().waitFor()
  await page.getByText('Its answer').first().click()
  await page.getByText('the database of the shop is away').first().waitFor()

  // While it is away an event is emitted, and given up.
  receiver.status = 410
  await api('POST', '/api/events', { type: 'orders.create', data: { id: 'order-1', orderNumber: 'ORD-1', grandTotal: 1 } }, { store: 'merchant' })
  const webhook = (await api('GET', '/api/webhooks', undefined, { store: 'merchant' })).data[0]
  for (let dead = 0; !dead;) {
    const { data } = await api('GET', `/api/deliveries?webhookId=${webhook.id}&status=dead`, undefined, { store: 'merchant' })
    dead = data.filter((d) => d.event === 'orders.create').length
    if (!dead) await new Promise((resolve) => setTimeout(resolve, 50))
  }
  await page.getByRole('link', { name: 'To the webhook' }).click()
  await page.getByText('Billhook has deactivated this webhook:').waitFor()
  await page.getByText('410').first().waitFor()

  // It is mended, made active again, and what was missed comes.
  receiver.status = 200
  await page.getByRole('button', { name: 'Activate' }).click()
  await page.getByText('The webhook is active.').waitFor()
  await page.getByRole('link', { name: 'Recover or replay' }).click()
  // It works again, and what it began to fail with is still to be had.
  await page.getByRole('link', { name: 'it began to fail' }).waitFor()
  await page.getByRole('link', { name: 'an hour ago' }).click()
  await page.getByRole('heading', { name: /deliver(y|ies) would be sent/ }).waitFor()
  const before = receiver.requests.length
  await page.getByRole('button', { name: 'Send them' }).click()
  await page.locator('#recovery .badge-ok').getByText('Done').waitFor()
  await page.getByText(/set going again/).waitFor()
  await receiver.next(before)
  for (const until = Date.now() + 15_000; !receiver.requests.slice(before).some((r) => r.body.includes('ORD-1'));) {
    assert.ok(Date.now() < until, 'what was missed does not come')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.ok(receiver.requests.every((r) => r.verified))
})

test('an old secret signs beside the new one', async (t) => {
  const receiver = await receive(t)
  const page = await merchant(t, 'rotates')
  const made = await api('POST', '/api/webhooks', { url: receiver.url, events: ['*'] }, { store: 'rotates' })
  await page.goto(`/stores/rotates/webhooks/${made.id}`)
  await page.getByRole('link', { name: 'Change the secret' }).click()
  await page.getByRole('button', { name: 'Change it now' }).click()
  const fresh = await page.locator('#secret-value').textContent()
  assert.notEqual(fresh, made.secret)
  await page.getByRole('link', { name: 'Send test event' }).click()
  await page.getByRole('button', { name: /^Send / }).click()
  await page.getByText('Your receiver has accepted the event.').waitFor()
  assert.equal((await receiver.next(0)).headers['webhook-signature'].split(' ').length, 2)
  await page.getByRole('link', { name: 'To the webhook' }).click()
  await page.getByText('The old secret signs too until').waitFor()
})

test('without JavaScript a webhook is added, changed, tested and deleted', async (t) => {
  const receiver = await receive(t)
  const page = await merchant(t, 'plain', { javaScriptEnabled: false })
  await page.getByRole('link', { name: 'Add webhook' }).click()
  await page.getByLabel('URL', { exact: true }).fill('http://user:word@127.0.0.1/')
  await page.getByRole('checkbox', { name: /^All events/ }).check()
  await page.getByRole('button', { name: 'Add webhook' }).click()
  await page.getByRole('alert').getByText('holds a user name or password').waitFor()
  assert.equal(await page.getByRole('checkbox', { name: /^All events/ }).isChecked(), true)
  await page.getByLabel('URL', { exact: true }).fill(receiver.url)
  await page.getByRole('button', { name: 'Add webhook' }).click()
  assert.match(await page.locator('#secret-value').textContent(), /^whsec_/)
  await page.getByRole('link', { name: 'To the webhook' }).click()

  await page.getByRole('link', { name: 'Edit' }).click()
  await page.getByLabel('Name', { exact: true }).fill('Plain')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('heading', { name: 'Plain' }).waitFor()

  await page.getByRole('link', { name: 'Send test event' }).click()
  await page.getByLabel('Event type').selectOption('orders.create')
  await page.getByRole('button', { name: 'Show example' }).click()
  await page.getByRole('button', { name: 'Send orders.create' }).click()
  await receiver.next(0)
  for (const until = Date.now() + 15_000; !await page.getByText('Your receiver has accepted the event.').count();) {
    assert.ok(Date.now() < until, 'the page does not tell of the answer')
    await page.getByRole('link', { name: 'Look again' }).click()
  }
  await page.getByRole('link', { name: 'To the webhook' }).click()
  await page.getByRole('link', { name: 'Delete' }).click()
  await page.getByRole('heading', { name: 'Delete this webhook?' }).waitFor()
  await page.getByRole('button', { name: 'Delete for good' }).click()
  await page.getByText('The webhook was deleted.').waitFor()
  await page.getByText('This store has no webhooks yet.').waitFor()
})

test('who may only read sees no secret, and nothing to change', async (t) => {
  await api('POST', '/api/stores', { id: 'reads', name: 'Reads' })
  const { id } = await api('POST', '/api/webhooks', { url: 'http://127.0.0.1:9/', events: ['*'] }, { store: 'reads' })
  const { key } = await api('POST', '/api/keys', { name: 'reader', permissions: ['webhooks:read'] }, { store: 'reads' })
  const page = await open(t)
  await signIn(page, key)
  await page.goto(`/stores/reads/webhooks/${id}`)
  await page.getByRole('heading', { name: 'Settings' }).waitFor()
  assert.equal(await page.locator('main form').count(), 0)
  for (const name of ['Edit', 'Delete', 'Send test event', 'Change the secret', 'Recover or replay']) assert.equal(await page.getByRole('link', { name }).count(), 0, name)
  assert.equal((await page.goto(`/stores/reads/webhooks/${id}/edit`)).status(), 403)
})
