// What makes a page nicer than links and forms are. A page of ours is one root; a
// shadow root with a fragment in it is another. It may be called again for what was
// put in later. In a shadow root, root.host.request(path, init) is fetch with the
// viewer's token, which the page's own fetch has not.

export function enhance(root) {
  for (const time of root.querySelectorAll('time[datetime]')) showHere(time)
  for (const button of root.querySelectorAll('button[data-copy]')) offerCopy(root, button)
  for (const form of root.querySelectorAll('form')) sendOnce(form)
  // What was wrong with a form is read first, and is in sight.
  root.querySelector('.problem[tabindex]')?.focus()
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

// The viewer's own kind of the page's language: en-GB writes times as en-US does not.
function variant(language) {
  return navigator.languages.find((own) => own.split('-')[0] === language) ?? language
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
