// A merchant in a platform's own admin: <billhook-portal> in a page of another origin, and
// the link to a page of its own.
import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { api, base, close, open, signIn, violations } from '../lib/browser.mjs'
import { admin, merchant, origin, standIn } from '../lib/platform.mjs'
import { receive } from '../lib/receiver.mjs'

const elsewhere = [origin]
let one

before(async () => {
  one = await merchant('one', 'Shop One')
  await merchant('two', 'Shop Two')
})
after(close)

const expired = (page) => page.evaluate('expired')

test('the component shows the store\'s webhooks, and nothing of another store', async (t) => {
  const page = await open(t, { elsewhere })
  const sent = []
  page.on('request', (request) => { if (request.url().startsWith(base)) sent.push(request) })
  await page.goto(await admin({ token: (await one.session()).token }))
  await page.getByRole('heading', { name: 'Webhooks', level: 1 }).waitFor()
  await page.getByText('Hook of Shop One').waitFor()
  assert.equal(await page.getByText('Shop Two').count(), 0)
  assert.equal(await page.getByRole('link', { name: 'Stores' }).count(), 0)
  assert.equal(await expired(page), 0)
  for (const request of sent) {
    const headers = await request.allHeaders()
    assert.equal(headers.cookie, undefined, `a cookie is sent to ${request.url()}`)
    assert.ok(!headers.referer?.includes('admin-'), `a Referer is sent to ${request.url()}`)
  }
  // Times are in the viewer's zone: Billhook's own script is at work.
  await page.getByRole('link', { name: 'Hook of Shop One' }).click()
  await page.getByRole('heading', { name: 'Hook of Shop One', level: 1 }).waitFor()
  assert.doesNotMatch(await page.locator('time').first().textContent(), /UTC/)

  // What is another store's is as if it were not there.
  const { token } = await one.session()
  for (const [path, status] of [['/stores/two/webhooks', 404], ['/stores', 403], ['/stores/two', 404]]) {
    const answer = await fetch(base + path, { headers: { authorization: `Bearer ${token}`, origin } })
    assert.equal(answer.status, status, path)
    assert.ok(!(await answer.text()).includes('Shop Two'), path)
  }
  assert.equal((await fetch(`${base}/api/webhooks`, { headers: { authorization: `Bearer ${token}` } })).status, 401)
})

test('a page of another origin than the platform\'s can neither read nor send', async (t) => {
  const stranger = await standIn(t, (request, answer) => answer.setHeader('content-type', 'text/html').end('<title>Stranger</title>'))
  const { token } = await one.session()
  const page = await open(t, { elsewhere: [stranger] })
  page.removeAllListeners('console') // the browser tells of each that it stops
  await page.goto(stranger)
  const got = await page.evaluate(async ({ base, token }) => {
    const attempt = (init) => fetch(`${base}/stores/one/webhooks`, init).then((r) => `read ${r.status}`, () => 'stopped')
    return {
      'with the token': await attempt({ headers: { Authorization: `Bearer ${token}` } }),
      'sending with the token': await attempt({ method: 'POST', headers: { Authorization: `Bearer ${token}` } }),
      'with cookies': await attempt({ credentials: 'include' }),
      'in a frame': await new Promise((resolve) => {
        const frame = document.createElement('iframe')
        frame.onload = () => resolve(frame.contentDocument ? 'read' : 'stopped')
        frame.src = `${base}/signin`
        document.body.append(frame)
      }),
    }
  }, { base, token })
  assert.deepEqual(got, { 'with the token': 'stopped', 'sending with the token': 'stopped', 'with cookies': 'stopped', 'in a frame': 'stopped' })
})

test('an expired, a revoked and a wrong token say so, and a new one goes on', async (t) => {
  const brief = await merchant('brief', 'Shop Brief')
  const page = await open(t, { elsewhere })
  const { token } = await brief.session()
  await page.goto(await admin({ token }))
  await page.getByText('Hook of Shop Brief').waitFor()
  await brief.revoke()
  await page.evaluate(() => { portal.setAttribute('lang', 'de') }) // fetches the page again
  await page.getByRole('alert').getByText('Ihre Sitzung hier ist zu Ende').waitFor()
  assert.equal(await expired(page), 1)
  await page.evaluate((token) => { portal.removeAttribute('lang'); portal.token = token }, (await one.session()).token)
  // The page that is open is the other store's, where this token does not lead.
  await page.getByRole('heading', { name: 'This is not here' }).or(page.getByRole('heading', { name: 'Das gibt es hier nicht' })).waitFor()

  await page.goto(await admin({ token: 'nonsense' }))
  await page.getByRole('alert').getByText('Your session here has ended').waitFor()
  assert.equal(await expired(page), 1)
  await page.evaluate((token) => { portal.token = token }, (await one.session()).token)
  await page.getByText('Hook of Shop One').waitFor()
  assert.equal(await page.getByRole('alert').count(), 0)

  const { token: short } = await one.session({ expiresIn: 1 })
  await page.goto(await admin({ script: `setTimeout(() => { portal.token = '${short}' }, 1500)` }))
  await page.getByRole('alert').getByText('Your session here has ended').waitFor()
})

test('what is under way comes by itself, and so does the end of the session', async (t) => {
  const live = await merchant('live', 'Shop Live')
  const receiver = await receive(t)
  receiver.status = 503
  await api('POST', '/api/webhooks', { url: receiver.url, events: ['customer.*'], name: 'Live', retryPolicy: { maxAttempts: 3, initialDelay: 600_000, backoffMultiplier: 1, maxDelay: 600_000 } }, { store: 'live' })
  await api('POST', '/api/events', { type: 'customer.created', data: { id: 1 } }, { store: 'live' })
  await receiver.next(0)
  const page = await open(t, { elsewhere })
  const { token } = await live.session()
  await page.goto(await admin({ token }))
  await page.getByRole('link', { name: 'Deliveries', exact: true }).first().click()
  await page.getByRole('link', { name: 'customer.created' }).click()
  await page.locator('h1 .badge-waiting').waitFor()
  // The component has the focus on the heading, which is in what is brought up to date.
  assert.equal(await page.evaluate(() => portal.shadowRoot.activeElement?.tagName), 'H1')
  receiver.status = 200
  const { data: [first] } = await api('GET', '/api/deliveries?event=customer.created', undefined, { store: 'live' })
  await api('POST', `/api/deliveries/${first.id}/retry`, undefined, { store: 'live' })
  await page.locator('h1 .badge-ok').waitFor() // without a click
  await page.getByText('Attempt 2').waitFor()

  // One that waits is asked for again, until the session is over.
  receiver.status = 503
  await api('POST', '/api/events', { type: 'customer.deleted', data: { id: 1 } }, { store: 'live' })
  await receiver.next(2)
  await page.getByRole('link', { name: 'Deliveries', exact: true }).first().click()
  await page.getByRole('link', { name: 'customer.deleted' }).click()
  await page.locator('h1 .badge-waiting').waitFor()
  assert.equal(await expired(page), 0)
  await live.revoke()
  await page.getByRole('alert').getByText('Your session here has ended').waitFor() // without a click
  assert.equal(await expired(page), 1)
  await page.getByRole('heading', { name: /customer\.deleted/ }).waitFor() // it stays to be read
})

test('the platform sets the look, and light and dark', async (t) => {
  const page = await open(t, { elsewhere, colorScheme: 'light' })
  const { token } = await one.session()
  await page.goto(await admin({ token, attributes: 'theme="dark" lang="de"', style: 'billhook-portal { --billhook-accent: rgb(200, 0, 100); --billhook-radius: 0px; --billhook-font: serif }' }))
  await page.getByText('Hook of Shop One').waitFor()
  const look = () => page.evaluate(() => {
    const shown = portal.shadowRoot.querySelector('.billhook-page')
    return { lang: shown.lang, ground: getComputedStyle(shown).backgroundColor, font: getComputedStyle(shown).fontFamily, accent: getComputedStyle(shown).getPropertyValue('--billhook-accent') }
  })
  const dark = await look()
  assert.equal(dark.lang, 'de')
  assert.equal(dark.font, 'serif')
  assert.equal(dark.accent, 'rgb(200, 0, 100)')
  await page.evaluate(() => portal.setAttribute('theme', 'light'))
  assert.notEqual((await look()).ground, dark.ground)
  await page.evaluate(() => portal.removeAttribute('theme'))
  await page.emulateMedia({ colorScheme: 'dark' })
  assert.equal((await look()).ground, dark.ground)
})

// shop is a stand-in with a list, a form and what no page of ours has.
const page = (title, content) => `<div class="billhook-page" lang="en" data-title="${title}" data-assets="/assets/any/"><h1>${title}</h1>${content}</div>`

function shop(state) {
  return (request, answer, body) => {
    state.asked.push(`${request.method} ${request.url}`)
    state.languages.push(request.headers['billhook-language'])
    if (request.headers.authorization !== `Bearer ${state.token}`) return answer.writeHead(401).end(page('Ended', ''))
    answer.setHeader('content-type', 'text/html')
    const url = new URL(request.url, 'http://x')
    if (request.method === 'POST') {
      state.posted.push(body)
      return answer.writeHead(303, { location: '/one?done=shop.done.saved' }).end()
    }
    switch (url.pathname) {
      case '/': return answer.writeHead(303, { location: '/list' }).end()
      case '/file': return answer.setHeader('content-disposition', 'attachment; filename="it.txt"').end('the file')
      case '/one': return answer.end(page('One', `${url.search ? '<p role="status">Saved</p>' : ''}<a href="/list">All</a>
        <form method="post" action="/one"><label>Name <input name="name" required></label><button name="action" value="save">Save</button></form>`))
      case '/list': return answer.end(page('List', `<a href="/one">One</a> <a href="/file" download>File</a> <a href="#end">End</a>
        <form action="/list"><label>Find <input name="q"></label><button>Search</button></form><p>${url.search}</p><p id="end" tabindex="-1">The end</p>`))
      case '/hostile': return answer.end(page('Hostile', `<a id="bad" href="java&#9;script:globalThis.bad = 1">Bad</a><form action="javascript:globalThis.bad = 1"><button>Worse</button></form>
        <script>globalThis.bad = 1</script><img src="/none" onerror="globalThis.bad = 1" alt=""><svg onload="globalThis.bad = 1"></svg><iframe srcdoc="<script>top.bad = 1</script>"></iframe><a href="/list">All</a>`))
    }
    answer.writeHead(404).end(page('Nothing', ''))
  }
}

const newState = () => ({ asked: [], posted: [], languages: [], token: 'good' })

test('links and forms work in place, with a way back, and the focus goes along', async (t) => {
  const state = newState()
  const src = await standIn(t, shop(state))
  const page = await open(t, { elsewhere: [origin, src] })
  await page.goto(await admin({ token: 'good', src, attributes: 'lang="de"' }))
  const heading = (name) => page.getByRole('heading', { name, level: 1 })
  const focused = () => page.evaluate(() => portal.shadowRoot.activeElement?.textContent)
  const address = page.url()
  await heading('List').waitFor()
  assert.equal(await focused(), undefined) // nobody has asked for it yet
  assert.equal(await page.getByRole('button', { name: 'Zurück' }).count(), 0)

  await page.getByRole('link', { name: 'One' }).focus()
  await page.keyboard.press('Enter')
  await heading('One').waitFor()
  assert.equal(await focused(), 'One')
  await page.getByLabel('Name').fill('Ä & b')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('status').getByText('Saved').waitFor()
  assert.deepEqual(state.posted, ['name=%C3%84+%26+b&action=save'])
  assert.equal(await focused(), 'One')

  await page.getByRole('button', { name: 'Zurück' }).click()
  await heading('List').waitFor()
  await page.getByLabel('Find').fill('x y')
  await page.getByRole('button', { name: 'Search' }).click()
  await page.getByText('?q=x+y').waitFor()
  await page.getByRole('link', { name: 'End' }).click()
  assert.equal(await focused(), 'The end')

  const download = page.waitForEvent('download')
  await page.getByRole('link', { name: 'File' }).click()
  assert.equal((await download).suggestedFilename(), 'it.txt')

  assert.equal(page.url(), address)
  assert.ok(state.languages.every((language) => language === 'de'))
})

test('nothing that would run comes with a page, also where the platform has no policy', async (t) => {
  const src = await standIn(t, shop(newState()))
  const page = await open(t, { elsewhere: [origin, src] })
  await page.goto(`${await admin({ token: 'good', src, policy: false, attributes: 'routing="hash"' })}#billhook/hostile`)
  await page.getByRole('heading', { name: 'Hostile' }).waitFor()
  assert.equal(await page.evaluate(() => portal.shadowRoot.querySelectorAll('script, iframe, [onerror], [onload], #bad[href], form[action]').length), 0)
  await page.getByText('Bad', { exact: true }).click()
  await page.getByRole('link', { name: 'All' }).click()
  await page.getByRole('heading', { name: 'List' }).waitFor()
  assert.equal(await page.evaluate(() => globalThis.bad), undefined)
})

test('with routing="hash" the browser\'s own buttons, a reload and a link lead there', async (t) => {
  const state = newState()
  const src = await standIn(t, shop(state))
  const page = await open(t, { elsewhere: [origin, src] })
  await page.goto(await admin({ token: 'good', src, attributes: 'routing="hash"' }))
  const heading = (name) => page.getByRole('heading', { name, level: 1 })
  await heading('List').waitFor()
  await page.getByRole('link', { name: 'One' }).click()
  await heading('One').waitFor()
  assert.ok(page.url().endsWith('#billhook/one'), page.url())
  await page.reload()
  await heading('One').waitFor()
  await page.goBack()
  await heading('List').waitFor()
  await page.goForward()
  await heading('One').waitFor()
})

test('what was entered outlives the end of a session and of the network', async (t) => {
  const state = newState()
  const src = await standIn(t, shop(state))
  const page = await open(t, { elsewhere: [origin, src] })
  await page.goto(await admin({ token: 'good', src }))
  await page.getByRole('link', { name: 'One' }).click()
  await page.getByLabel('Name').fill('kept')
  state.token = 'better'
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('alert').getByText('Your session here has ended').waitFor()
  assert.equal(await expired(page), 1)
  assert.equal(await page.getByLabel('Name').inputValue(), 'kept')
  await page.evaluate(() => { portal.token = 'better' })
  await page.getByRole('alert').waitFor({ state: 'detached' })
  assert.deepEqual(state.posted, []) // nobody has said that it be sent again

  page.removeAllListeners('console')
  await page.context().setOffline(true)
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('alert').getByText('cannot be reached').waitFor()
  assert.equal(await page.getByLabel('Name').inputValue(), 'kept')
  await page.context().setOffline(false)
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.getByRole('status').getByText('Saved').waitFor()
  assert.deepEqual(state.posted, ['name=kept&action=save'])
})

test('a link opens the portal as a page of its own, and its token is nowhere to be seen', async (t) => {
  const { url, token } = await one.session({ language: 'de' })
  const page = await open(t)
  const sent = []
  page.on('request', (request) => sent.push(request))
  await page.goto(url)
  await page.waitForURL('**/stores/one/webhooks')
  await page.getByText('Hook of Shop One').waitFor()
  assert.equal(await page.locator('html').getAttribute('lang'), 'de')
  assert.equal(await page.getByRole('link', { name: 'Shops' }).count(), 0)
  for (const request of sent) {
    assert.ok(!request.url().slice(0, request.url().indexOf('#') >>> 0).includes(token), `in the address of ${request.url()}`)
    assert.ok(!(await request.allHeaders()).referer?.includes(token), 'in a Referer')
  }
  assert.ok(!(await page.evaluate(() => document.cookie)).includes(token), 'a script can read it')
  await page.goBack()
  assert.ok(!page.url().includes(token), 'in the history')
  await page.goto('/stores/one/webhooks')
  await page.locator('.menu-end summary').click()
  await page.getByRole('button', { name: 'Abmelden' }).click()
  await page.getByText('You have left the portal').waitFor()
})

test('without JavaScript the link is pasted', async (t) => {
  const { url } = await one.session()
  const page = await open(t, { javaScriptEnabled: false })
  await page.goto(url)
  await page.getByText('Without JavaScript').waitFor()
  await page.getByLabel('Link').fill(url)
  await page.getByRole('button', { name: 'Open' }).click()
  await page.getByText('Hook of Shop One').waitFor()
})

test('a link signs no operator out before they have said so', async (t) => {
  const { url } = await one.session()
  const page = await open(t)
  await signIn(page)
  await page.goto(url)
  await page.getByText('signs you out').waitFor()
  assert.ok(!page.url().includes('#'), page.url())
  await page.getByRole('button', { name: 'Open' }).click()
  await page.waitForURL('**/stores/one/webhooks')
})

const folder = process.env.BILLHOOK_SCREENSHOTS

for (const theme of ['light', 'dark']) {
  for (const [size, viewport] of Object.entries({ desk: { width: 1280, height: 800 }, phone: { width: 360, height: 740 } })) {
    test(`axe and pictures: ${theme}, ${size}`, async (t) => {
      await mkdir(folder, { recursive: true })
      const look = async (page, name) => {
        await page.screenshot({ path: `${folder}/portal-${name}-${size}-${theme}.png`, fullPage: true })
        assert.deepEqual(await violations(page), [])
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0)
      }
      const page = await open(t, { elsewhere, colorScheme: theme, viewport })
      await page.goto(await admin({ token: (await one.session()).token, attributes: 'lang="de"', lang: 'de' }))
      await page.getByText('Hook of Shop One').waitFor()
      await look(page, 'component')
      await page.goto(await admin({ token: 'nonsense' }))
      await page.getByRole('alert').waitFor()
      await look(page, 'ended')
      const whole = await open(t, { colorScheme: theme, viewport })
      await whole.goto('/portal')
      await look(whole, 'link')
      await whole.goto((await one.session()).url)
      await whole.waitForURL('**/stores/one/webhooks')
      await look(whole, 'whole')
    })
  }
}
