// What is under way: the part of the page with the attribute data-refresh is asked for
// again, from data-from, each so many seconds, as long as what comes has it too.

import { parse } from './parse.js'

const came = new WeakMap() // what each part came as, to tell whether there is news

export function refresh(part, show, get) {
  const again = async () => {
    if (!part.isConnected) return
    if (document.hidden) return wait()
    const { activeElement } = part.getRootNode()
    const held = part.contains(activeElement)
    // The heading has the focus where one has just come to the page, and nothing is done
    // with it. Else nobody's typing or reading of what is open is disturbed.
    if (held && !activeElement.matches('h1')) return wait()
    try {
      const answer = await get(part.dataset.from, { headers: { 'Billhook-Fragment': '1' } })
      if (answer.status === 429 || answer.status >= 500) return wait() // it may pass
      if (!answer.ok) return
      const next = parse(await answer.text(), get).getElementById(part.id)
      if (!next || !part.isConnected) return
      const text = next.outerHTML
      if (came.get(part) === text) return wait()
      came.set(next, text)
      const scope = part.getRootNode()
      part.replaceWith(next)
      if (held) stay(next)
      show(next)
      // What was about to happen has happened.
      if (!next.dataset.refresh) scope.querySelector('.flash')?.remove()
    } catch {
      wait() // the network is away
    }
  }
  const wait = () => setTimeout(again, 1000 * part.dataset.refresh)
  wait()
}

// stay gives the focus to the heading in the place of the one that had it.
function stay(part) {
  const heading = part.querySelector('h1')
  if (!heading) return
  heading.tabIndex = -1
  heading.focus({ preventScroll: true })
}
