// What makes a page nicer than links and forms are. A page of ours is one root; a
// shadow root with a fragment in it is another. It may be called again for what was
// put in later. get asks the server for what comes later, as fetch does.

import { find, follow, judge } from './form.js'
import { variant } from './language.js'
import { overview } from './overview.js'
import { refresh } from './refresh.js'
import { watch } from './tail.js'

export function enhance(root, get = (url, options) => fetch(url, options)) {
  const show = (part) => enhance(part, get)
  for (const time of root.querySelectorAll('time[datetime]')) showHere(time)
  for (const button of root.querySelectorAll('button[data-copy]')) offerCopy(root, button)
  for (const form of root.querySelectorAll('form')) sendOnce(form)
  for (const input of root.querySelectorAll('input[data-utc]')) timeHere(root, input)
  for (const button of root.querySelectorAll('button[data-live]')) watch(root, button, show, get)
  for (const field of root.querySelectorAll('[data-check]')) judge(root, field, get)
  for (const field of root.querySelectorAll('[data-find]')) find(field)
  for (const choice of root.querySelectorAll('select[data-load]')) follow(root, choice, show, get)
  for (const part of root.querySelectorAll('[data-refresh]')) refresh(part, show, get)
  if (root.matches?.('[data-refresh]')) refresh(root, show, get)
  for (const part of root.querySelectorAll('[data-overview]')) overview(part, show, get)
  const here = root === document && root.querySelector('[data-address]')
  // What is the answer to a form is not asked for again by loading the page again.
  if (here) history.replaceState(null, '', here.dataset.address)
  if (root === document) tellOnce()
  // What was wrong with a form is read first, and is in sight.
  root.querySelector('.problem[tabindex]')?.focus()
}

// What was done is told once: not when the page is loaded again, or come back to.
function tellOnce() {
  const address = new URL(location)
  if (!address.searchParams.has('done')) return
  address.searchParams.delete('done')
  history.replaceState(history.state, '', address)
}

const day = 24 * 60 * 60 * 1000

// A time in the viewer's zone, with the exact one on hover.
function showHere(time) {
  const at = new Date(time.dateTime)
  if (Number.isNaN(at.valueOf())) return
  const language = variant(time.closest('[lang]')?.lang)
  const recent = Math.abs(Date.now() - at) < day / 2
  const short = recent
    ? { hour: '2-digit', minute: '2-digit', second: '2-digit' }
    : { year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' }
  const exact = { dateStyle: 'full', timeStyle: 'long' }
  time.textContent = new Intl.DateTimeFormat(language, short).format(at)
  time.title = `${new Intl.DateTimeFormat(language, exact).format(at)} · ${time.dateTime}`
}

// A field for a time, which is in UTC: people see and write their own zone's, and a
// hidden field has what is sent.
function timeHere(root, input) {
  const sent = document.createElement('input')
  sent.type = 'hidden'
  sent.name = input.name
  input.removeAttribute('name')
  input.after(sent)
  const pad = (n, digits = 2) => String(n).padStart(digits, '0')
  const at = input.value && new Date(`${input.value}Z`)
  if (at) {
    input.value = `${pad(at.getFullYear(), 4)}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}T${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`
  }
  input.oninput = () => { sent.value = input.value && new Date(input.value).toISOString() }
  input.oninput()
  const zone = root.querySelector(`label[for="${input.id}"] [data-zone]`)
  if (zone) zone.textContent = new Intl.DateTimeFormat(undefined, { timeZoneName: 'short' }).formatToParts(at || new Date()).find((part) => part.type === 'timeZoneName').value
}

// A button that copies the text of the element that data-copy names, and says so by
// the word in data-copied. Without a script it is hidden, since it could do nothing.
function offerCopy(root, button) {
  const source = root.querySelector(button.dataset.copy)
  if (!source || !navigator.clipboard) return
  button.hidden = false
  button.onclick = async () => {
    await navigator.clipboard.writeText(source.value ?? source.textContent)
    const word = button.textContent
    button.textContent = button.dataset.copied
    setTimeout(() => { button.textContent = word }, 2000)
  }
}

// A form that is under way is not sent a second time by a second click.
const known = new WeakSet()

function sendOnce(form) {
  if (known.has(form)) return
  known.add(form)
  form.addEventListener('submit', (event) => {
    if (sent.has(form)) event.preventDefault()
    sent.add(form)
  })
  // It did not arrive, and may be sent again.
  form.addEventListener('billhook-release', () => sent.delete(form))
}

let sent = new WeakSet()
// A page may come back as it was left.
addEventListener('pageshow', () => { sent = new WeakSet() })
