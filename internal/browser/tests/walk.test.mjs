// Every page: what axe finds, and pictures.
import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { close, open, signIn, violations } from '../lib/browser.mjs'
import { pages, prepare } from '../lib/pages.mjs'

const folder = process.env.BILLHOOK_SCREENSHOTS
const sizes = { desk: { width: 1280, height: 800 }, phone: { width: 360, height: 740 } }
let world

before(async () => {
  await mkdir(folder, { recursive: true })
  world = await prepare()
})
after(close)

for (const colorScheme of ['light', 'dark']) {
  for (const [size, viewport] of Object.entries(sizes)) {
    test(`${colorScheme}, ${size}`, async (t) => {
      const stranger = await open(t, { colorScheme, viewport })
      const page = await open(t, { colorScheme, viewport })
      await signIn(page)
      for (const { name, path, open: isOpen, act, status } of pages) {
        await t.test(name, () => look(isOpen ? stranger : page, name, typeof path === 'string' ? path : path(world), act, status ?? 200))
      }
    })

    async function look(page, name, path, act, status) {
      const answer = await page.goto(path)
      if (!act) assert.equal(answer.status(), status)
      await act?.(page)
      await page.screenshot({ path: `${folder}/${name}-${size}-${colorScheme}.png`, fullPage: true })
      // A phone in the dark has the dark's colours and the phone's layout, both of which were looked at.
      if (size !== 'phone' || colorScheme !== 'dark') assert.deepEqual(await violations(page), [])
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
      assert.equal(wider, 0, `the page is ${wider} px wider than its window`)
    }
  }
}
