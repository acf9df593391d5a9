// The live tail: rows of a list that come as server-sent events. It reads them with
// fetch, which can send what a page inside of another one is let in by.

import { parse } from './parse.js'

const most = 200 // rows in the table

// watch gives the button [data-live] its work; show makes what is put in nicer, and
// get asks the server as fetch does.
export function watch(root, button, show, get) {
  const rows = root.querySelector(button.dataset.rows)
  const told = root.querySelector(button.dataset.told)
  if (!rows) return
  let stop
  button.hidden = false
  button.onclick = () => {
    if (stop) return stop.abort()
    stop = new AbortController()
    set(true, button.dataset.watching)
    read(button.dataset.live, stop.signal).then(() => button.dataset.lost, () => stop.signal.aborted ? '' : button.dataset.lost)
      .then((word) => { stop = undefined; set(false, word) })
  }

  function set(on, word) {
    button.setAttribute('aria-pressed', on)
    if (told) told.textContent = word
  }

  async function read(url, signal) {
    const answer = await get(url, { signal, headers: { accept: 'text/event-stream' } })
    if (!answer.ok) throw new Error(answer.status)
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
    let rest = ''
    for (;;) {
      // Whoever takes the page out of its document watches no more.
      if (!button.isConnected) return stop.abort()
      const { value, done } = await reader.read()
      if (done) return
      const events = (rest + value).split('\n\n')
      rest = events.pop()
      for (const event of events) if (take(event)) return reader.cancel()
    }
  }

  // take carries an event out, and says whether it was the last.
  function take(event) {
    const lines = event.split('\n')
    const of = (name) => lines.filter((line) => line.startsWith(name)).map((line) => line.slice(name.length)).join('\n')
    const data = of('data: ')
    switch (of('event: ')) {
      case 'end': return true
      case 'gone': find(data)?.remove(); break
      case 'row': put(data)
    }
    return false
  }

  function find(id) {
    return rows.querySelector(`[data-id="${CSS.escape(id)}"]`)
  }

  function put(html) {
    const row = parse(html, get).firstElementChild // made by the template of the list
    const old = find(row.dataset.id)
    if (old?.dataset.mark === row.dataset.mark) return
    row.classList.add('fresh')
    if (old) {
      const focused = old.contains(old.getRootNode().activeElement)
      old.replaceWith(row)
      if (focused) row.querySelector('a')?.focus()
    } else {
      rows.prepend(row)
      while (rows.children.length > most) rows.lastElementChild.remove()
    }
    show(row)
    const table = rows.closest('.table')
    if (table.hidden) {
      table.hidden = false
      root.querySelector('.empty')?.remove()
    }
  }
}
