// An operator runs the place: stores, keys, what is going on.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { api, close, open, rootKey, signIn } from '../lib/browser.mjs'
import { receive } from '../lib/receiver.mjs'

after(close)

test('an operator makes a store and a key; its holder sees that store alone, until it is revoked', async (t) => {
  const operator = await open(t, { permissions: ['clipboard-read', 'clipboard-write'] })
  await signIn(operator, rootKey)
  await operator.getByRole('link', { name: 'Stores', exact: true }).click()
  await operator.getByLabel('ID', { exact: true }).fill('kiel')
  await operator.getByLabel('Name').fill('Kieler Sprotten')
  await operator.getByRole('button', { name: 'Create store' }).click()
  await operator.getByRole('status').getByText('The store was created.').waitFor()

  // Nothing was delivered yet: the page says what comes next.
  await operator.getByRole('link', { name: 'Make a key' }).click()
  await operator.getByLabel('Name').fill('Merchant')
  for (const permission of ['webhooks:read', 'deliveries:read', 'keys:manage']) await operator.getByLabel(permission, { exact: true }).check()
  await operator.getByLabel('Expires').selectOption('In 30 days')
  await operator.getByRole('button', { name: 'Create key' }).click()
  await operator.getByText('It is shown this once').waitFor()
  const secret = await operator.locator('#secret').textContent()
  await operator.getByRole('button', { name: 'Copy' }).click()
  await operator.getByRole('button', { name: 'Copied' }).waitFor()
  assert.equal(await operator.evaluate(() => navigator.clipboard.readText()), secret)
  await operator.goto('/stores/kiel/keys')
  assert.equal(await operator.getByText(secret).count(), 0)

  const holder = await open(t)
  await signIn(holder, secret)
  await holder.waitForURL('**/stores/kiel/overview')
  assert.equal(await holder.getByRole('link', { name: 'Stores' }).count(), 0)
  assert.equal((await holder.goto('/stores/default/overview')).status(), 404)
  for (const path of ['/overview', '/keys', '/nodes', '/audit', '/stores']) assert.equal((await holder.goto(path)).status(), 403, path)
  await holder.goto('/stores/kiel/keys')
  assert.equal(await holder.getByLabel('audit:read', { exact: true }).count(), 0)

  await operator.getByRole('row', { name: /Merchant/ }).getByRole('link', { name: 'Revoke' }).click()
  await operator.getByRole('heading', { name: 'Revoke this key?' }).waitFor()
  await operator.getByRole('button', { name: 'Revoke for good' }).click()
  await operator.getByRole('status').getByText('The key was revoked.').waitFor()
  await holder.goto('/stores/kiel/overview')
  await holder.waitForURL('**/signin?next=*')
})

test('the overview follows what happens, and disturbs nobody', async (t) => {
  const receiver = await receive(t)
  await api('POST', '/api/stores', { id: 'busy', name: 'Busy' })
  const hook = await api('POST', '/api/webhooks', { url: receiver.url, events: ['*'] }, { store: 'busy' })
  receiver.secret = hook.secret
  const emit = (n) => api('POST', '/api/events', { type: 'order.paid', data: { n } }, { store: 'busy' })
  await emit(1)
  await receiver.next(0)
  const page = await open(t)
  await signIn(page)
  await page.goto('/stores/busy/overview')
  await page.locator('.chart canvas').nth(2).waitFor()
  const delivered = page.locator('.tiles div').filter({ hasText: 'Delivered' }).locator('dd')
  await page.locator('.numbers summary').click()
  await page.getByRole('link', { name: 'Day' }).focus()
  await page.evaluate(() => scrollTo(0, 120))
  const canvas = await page.locator('.chart canvas').first().evaluate((c) => c.toDataURL())

  await emit(2)
  await emit(3)
  await receiver.next(2)
  await delivered.getByText('3', { exact: true }).waitFor()
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Day')
  assert.equal(await page.evaluate(() => scrollY), 120)
  assert.equal(await page.locator('.numbers').getAttribute('open'), '')
  assert.notEqual(await page.locator('.chart canvas').first().evaluate((c) => c.toDataURL()), canvas)
  assert.ok(receiver.requests.every((request) => request.verified))

  // A hidden tab asks for nothing.
  let asked = 0
  page.on('request', (request) => { if (request.url().includes('/overview')) asked++ })
  await page.evaluate(() => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => true })
    document.dispatchEvent(new Event('visibilitychange'))
  })
  await page.waitForTimeout(6000)
  assert.equal(asked, 0)
  await page.evaluate(() => {
    delete document.hidden
    document.dispatchEvent(new Event('visibilitychange'))
  })
  await page.waitForRequest((request) => request.url().includes('/overview'))
})

test('without JavaScript the numbers are a table', async (t) => {
  const page = await open(t, { javaScriptEnabled: false })
  await signIn(page)
  await page.goto('/stores/busy/overview')
  assert.equal(await page.locator('.chart:visible').count(), 0)
  await page.locator('.numbers summary').click()
  assert.equal(await page.locator('.numbers tbody tr').count() >= 12, true)
  await page.getByRole('link', { name: 'Week' }).click()
  assert.equal(await page.locator('.choice [aria-current]').textContent(), 'Week')
})

test('a store is deleted by typing its ID, and the audit log tells of it', async (t) => {
  await api('POST', '/api/stores', { id: 'gone', name: 'Soon gone' })
  const page = await open(t)
  await signIn(page)
  await page.goto('/stores/gone/settings')
  await page.getByLabel('Requests at a time').fill('3')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('status').getByText('The settings were saved.').waitFor()
  await page.goto('/stores/gone/audit?event=stores.update')
  await page.getByText('One member changed').click()
  await page.getByRole('row', { name: /limits\.concurrency/ }).getByText('3').waitFor()

  await page.goto('/stores/gone/settings')
  await page.getByRole('link', { name: 'Delete store' }).click()
  await page.getByLabel('To confirm, type').fill('Soon gone')
  await page.getByRole('button', { name: 'Delete for good' }).click()
  await page.getByRole('alert').waitFor()
  await page.getByLabel('To confirm, type').fill('gone')
  await page.getByRole('button', { name: 'Delete for good' }).click()
  await page.getByRole('status').getByText('The store was deleted.').waitFor()
  assert.equal((await page.goto('/stores/gone/settings')).status(), 404)
})
