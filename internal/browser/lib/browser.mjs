// Opens pages as a person does, and watches for what no page may ever do.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { chromium } from 'playwright-core'

export const base = process.env.BILLHOOK_URL
export const rootKey = 'dev-staff-key' // of serve --dev

const args = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
]

let launched

// open opens an empty page of a new profile; options are those of Playwright's
// newContext (colorScheme, viewport, locale, javaScriptEnabled …), and elsewhere, the
// origins of others that it may ask something of. At the test's end it
// is closed, and the test fails for a script's error, something that the page's policy
// has stopped, or a request to anybody else.
export async function open(t, { elsewhere = [], ...options } = {}) {
  launched ??= await chromium.launch({ executablePath: process.env.BILLHOOK_CHROMIUM, args })
  const context = await launched.newContext({ baseURL: base, locale: 'en-GB', timezoneId: 'Europe/Berlin', ...options })
  context.setDefaultTimeout(15_000)
  const faults = []
  const page = await context.newPage()
  page.on('pageerror', (error) => faults.push(String(error)))
  page.on('console', (message) => {
    // A page that is refused is told of there too; that is a test's business.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) faults.push(message.text())
  })
  page.on('request', (request) => {
    if (![base, ...elsewhere].some((origin) => request.url().startsWith(`${origin}/`)) && !request.url().startsWith('data:')) faults.push(`a request to ${request.url()}`)
  })
  t.after(async () => {
    await context.close()
    assert.deepEqual(faults, [])
  })
  return page
}

// To be called once in each file: after(close).
export async function close() {
  await launched?.close()
}

// signIn signs in as a person does, and waits for the page that follows.
export async function signIn(page, key = rootKey) {
  await page.goto('/signin')
  await page.getByLabel('API key', { exact: true }).or(page.getByLabel('API-Schlüssel', { exact: true })).fill(key)
  await page.locator('main button.primary').click()
  await page.waitForURL((url) => !url.pathname.startsWith('/signin'))
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

// violations is what axe finds wrong with the page as it is now, a line each.
export async function violations(page) {
  // Evaluated by the browser itself: the page's policy lets no script of ours in.
  await page.evaluate(axe)
  const found = await page.evaluate(() => globalThis.axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    // All is looked at; of what passes not every element is described, which took the most time.
    resultTypes: ['violations'],
  }))
  assert.ok(found.passes.length > 10, 'axe has looked at next to nothing')
  return found.violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.html).join(' ')}`)
}

// api calls the API, to make what a test begins with, in the default store or another.
export async function api(method, path, body, { store = 'default', key = rootKey } = {}) {
  const answer = await fetch(base + path, {
    method,
    headers: { 'x-api-key': key, 'x-store-id': store, 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  const text = await answer.text()
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`)
  return text ? JSON.parse(text) : undefined
}
