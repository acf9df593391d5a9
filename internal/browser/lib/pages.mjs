// The one list of pages: each is looked at by axe, and has its pictures taken, in light
// and dark, at a desk and on a phone. Add yours.
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
  return {}
}

// Each: name; path, a string or a function of what prepare answered; open to those who
// have not signed in; status, if it is not 200; act, what is done before the look.
export const pages = [
  { name: 'signin', path: '/signin', open: true },
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
