// The overview, kept up to date: its parts are asked for again every so many seconds, as
// long as somebody looks, and put in the place of the old ones.

import { variant } from './language.js'
import { parse } from './parse.js'

// overview begins with the element that has data-overview. show makes nicer what is put
// in, and get asks the server, as fetch does.
export function overview(root, show, get) {
  const state = root.querySelector('[data-live-state]')
  const word = state?.textContent
  let charts
  let timer

  draw()
  if (state) state.hidden = false
  wait()
  document.addEventListener('visibilitychange', turn)

  async function draw() {
    const figures = [...root.querySelectorAll('[data-chart]')]
    if (figures.length === 0) return
    const { chart } = await import('./chart.js')
    const numbers = read(root)
    charts = figures.map((figure) => chart(figure, numbers, variant(root.closest('[lang]')?.lang)))
  }

  function wait() {
    clearTimeout(timer)
    timer = setTimeout(again, 1000 * root.dataset.overview)
  }

  // A hidden tab asks for nothing, and at once when it is seen again.
  function turn() {
    if (!root.isConnected) return stop()
    if (document.hidden) clearTimeout(timer)
    else again()
  }

  function stop() {
    clearTimeout(timer)
    document.removeEventListener('visibilitychange', turn)
  }

  async function again() {
    clearTimeout(timer)
    if (!root.isConnected) return stop()
    let next
    try {
      const answer = await get(root.dataset.from, { headers: { 'Billhook-Fragment': '1' } })
      if (answer.status === 401 || answer.status === 403) return tell(true) // nothing that waiting mends
      if (answer.ok) next = parse(await answer.text(), get).querySelector('[data-overview]')
    } catch {
      // The network is away.
    }
    if (!root.isConnected) return stop()
    tell(!next)
    if (next) put(next)
    if (root.isConnected && !document.hidden) wait()
  }

  function tell(stale) {
    if (!state) return
    state.textContent = stale ? state.dataset.stale : word
    state.toggleAttribute('data-is-stale', stale)
  }

  function put(next) {
    const fresh = new Map([...next.querySelectorAll('[data-part]')].map((part) => [part.dataset.part, part]))
    const parts = [...root.querySelectorAll('[data-part]')]
    if (parts.length !== fresh.size || parts.some((part) => !fresh.has(part.dataset.part))) {
      if (isHeld(root)) return
      stop()
      root.replaceWith(next)
      show(next.parentNode) // begins anew with it
      return
    }
    for (const part of parts) {
      if (isHeld(part)) continue
      const its = fresh.get(part.dataset.part)
      part.replaceWith(its)
      show(its)
    }
    const numbers = read(root)
    for (const one of charts ?? []) one.update(numbers)
  }
}

// isHeld: the focus is in it, or what somebody is about to copy.
function isHeld(part) {
  const selection = document.getSelection()
  return part.contains(part.getRootNode().activeElement) ||
    selection && !selection.isCollapsed && part.contains(selection.anchorNode)
}

// read reads the table's columns, the earliest first: times in seconds, then numbers,
// null where there is none.
function read(root) {
  const rows = [...root.querySelectorAll('[data-numbers] tbody tr')].reverse()
  const times = rows.map((row) => Date.parse(row.querySelector('time').dateTime) / 1000)
  const columns = rows[0] ? [...rows[0].querySelectorAll('td')].map((_, i) => rows.map((row) => {
    const value = row.querySelectorAll('td')[i].dataset.value
    return value === '' ? null : Number(value)
  })) : []
  return [times, ...columns]
}
