// Who comes in, and what they see first.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { api, close, open, rootKey, signIn } from '../lib/browser.mjs'

after(close)

test('a wrong key is refused and a right one leads on; who signs out is out', async (t) => {
  const page = await open(t)
  await page.goto('/stores/default/webhooks')
  await page.waitForURL('**/signin?next=*')
  await page.getByLabel('API key').fill('not-a-key')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('alert').getByText('not valid').waitFor()
  assert.equal(await page.getByLabel('API key').inputValue(), '')

  await page.getByLabel('API key').fill(rootKey)
  await page.keyboard.press('Enter')
  await page.waitForURL('**/stores/default/webhooks')
  await page.getByRole('heading', { name: 'Webhooks', level: 1 }).waitFor()

  await page.locator('.menu-end summary').click()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.waitForURL('**/signin')
  await page.goto('/stores')
  await page.waitForURL('**/signin?next=*')
})

test('an operator lists stores, makes one, and goes there', async (t) => {
  const page = await open(t)
  await signIn(page)
  await page.waitForURL('**/overview')
  await page.getByRole('link', { name: 'Stores' }).click()
  await page.getByLabel('ID', { exact: true }).fill('hamburg')
  await page.getByLabel('Name').fill('Hamburg Hafen')
  await page.getByRole('button', { name: 'Create store' }).click()
  await page.waitForURL('**/stores/hamburg/**')
  await page.getByRole('status').getByText('The store was created.').waitFor()
  await page.getByRole('link', { name: 'Stores' }).first().click()
  await page.getByRole('row', { name: /Hamburg Hafen/ }).waitFor()
  // What was done stays done: the same again is refused, and says why.
  await page.getByLabel('ID', { exact: true }).fill('hamburg')
  await page.getByRole('button', { name: 'Create store' }).click()
  await page.getByRole('alert').getByText('The ID is taken').waitFor()
  assert.equal(await page.getByLabel('ID', { exact: true }).inputValue(), 'hamburg')
})

test('the key of a store sees that store alone', async (t) => {
  await api('POST', '/api/stores', { id: 'one', name: 'Shop One' })
  await api('POST', '/api/stores', { id: 'two', name: 'Shop Two' })
  const { key } = await api('POST', '/api/keys', { name: 'merchant', permissions: ['webhooks:read'] }, { store: 'one' })
  const page = await open(t)
  await signIn(page, key)
  await page.waitForURL('**/stores/one/webhooks')
  assert.equal(await page.getByText('Shop Two').count(), 0)
  assert.equal(await page.getByRole('link', { name: 'Stores' }).count(), 0)
  assert.equal((await page.goto('/stores/two/webhooks')).status(), 404)
  assert.equal(await page.getByText('Shop Two').count(), 0)
  assert.equal((await page.goto('/stores')).status(), 403)
})

test('without JavaScript all is there to read and to send, and times are in UTC', async (t) => {
  const page = await open(t, { javaScriptEnabled: false })
  await signIn(page)
  await page.goto('/stores')
  assert.match(await page.locator('time').first().textContent(), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/)
  await page.locator('.menu-end summary').click()
  await page.getByRole('button', { name: 'Deutsch' }).click()
  await page.getByRole('heading', { name: 'Shops', level: 1 }).waitFor()
  assert.equal(await page.locator('html').getAttribute('lang'), 'de')
})

test('times are in the viewer\'s zone, and the exact one is told on hover', async (t) => {
  const page = await open(t)
  await signIn(page)
  await page.goto('/stores')
  const time = page.locator('time').first()
  const at = new Date(await time.getAttribute('datetime'))
  const here = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Berlin', hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(at)
  assert.equal(await time.textContent(), here)
  assert.ok((await time.getAttribute('title')).includes(await time.getAttribute('datetime')))
})

test('the theme that was chosen holds, whatever the system has', async (t) => {
  const page = await open(t, { colorScheme: 'light' })
  await signIn(page)
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  const light = await ground()
  await page.locator('.menu-end summary').click()
  await page.getByRole('button', { name: 'Dark' }).click()
  await page.locator('html[data-theme="dark"]').waitFor()
  assert.notEqual(await ground(), light)
  await page.reload()
  assert.notEqual(await ground(), light)
})
