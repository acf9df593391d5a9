// What a form asks the server while somebody fills it in.

import { parse } from './parse.js'

// A field with data-check is judged by the server a moment after the last key, and
// what it says is put into the element named like the field, with "-verdict" behind.
export function judge(root, field, get) {
  const verdict = root.querySelector(`#${field.id}-verdict`)
  if (!verdict || field.dataset.judged) return
  field.dataset.judged = 'yes'
  let timer, asked = 0
  const ask = async () => {
    const mine = ++asked
    const text = field.value.trim()
    let said = []
    if (text) {
      const page = await fragment(`${field.dataset.check}?${new URLSearchParams({ [field.name]: text })}`, get)
      if (!page) return
      said = page.querySelectorAll('.verdict')
    }
    if (mine !== asked) return // there was another key since
    verdict.replaceChildren(...said)
    const bad = verdict.querySelector('.verdict-bad')
    if (bad) field.setAttribute('aria-invalid', 'true')
    else field.removeAttribute('aria-invalid')
  }
  field.addEventListener('input', () => {
    clearTimeout(timer)
    root.querySelector(`#${field.id}-wrong`)?.remove() // it was about what stood there
    asked++
    timer = setTimeout(ask, 400)
  })
}

// A choice with data-load has the part of the page of that name follow it.
export function follow(root, choice, show, get) {
  choice.onchange = async () => {
    const form = choice.form
    const page = await fragment(`${form.getAttribute('action')}?${new URLSearchParams(new FormData(form))}`, get)
    const next = page?.getElementById(choice.dataset.load)
    if (!next) return form.requestSubmit()
    root.querySelector(`#${choice.dataset.load}`).replaceWith(next)
    show(next)
  }
}

// A field with data-find leaves those of the elements in sight that hold its text.
export function find(field) {
  const box = field.closest('.picker')
  field.parentElement.hidden = false
  const none = field.parentElement.querySelector('[data-none]')
  field.oninput = () => {
    const wanted = field.value.trim().toLowerCase()
    let found = 0
    for (const one of box.querySelectorAll(field.dataset.find)) {
      one.hidden = !one.textContent.toLowerCase().includes(wanted)
      if (!one.hidden) found++
    }
    for (const group of box.querySelectorAll('.picker-group')) group.hidden = !group.querySelector('label.check:not([hidden])')
    none.textContent = found ? '' : none.dataset.none
  }
  // What is looked for is no part of the form, and Enter does not send it.
  field.onkeydown = (event) => { if (event.key === 'Enter') event.preventDefault() }
}

// fragment asks for a page without its frame; undefined where it cannot be had.
async function fragment(url, get) {
  try {
    const answer = await get(url, { headers: { 'Billhook-Fragment': '1' } })
    if (!answer.ok) return
    return parse(await answer.text(), get)
  } catch {
    // the network is away: the form works without
  }
}
