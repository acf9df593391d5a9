// <billhook-portal src token>: a store's webhooks and deliveries inside a platform's own
// page. It fetches pages from Billhook by a portal session's token and shows them in a
// shadow root, with Billhook's style sheet; links and forms work in place.
// docs/PORTAL.md tells how to use it.

const strings = {
  en: {
    back: 'Back', loading: 'Loading…', retry: 'Try again',
    unreachable: 'The webhooks cannot be reached right now. What you entered is still here.',
    ended: 'Your session here has ended. Reload the page to go on.',
    unset: 'This part of the page is not set up yet: it lacks the address or the session.',
    failed: 'The answer makes no sense. Try again, and tell your platform if it stays so.',
  },
  de: {
    back: 'Zurück', loading: 'Wird geladen …', retry: 'Erneut versuchen',
    unreachable: 'Die Webhooks sind gerade nicht erreichbar. Was Sie eingegeben haben, steht noch da.',
    ended: 'Ihre Sitzung hier ist zu Ende. Laden Sie die Seite neu, um fortzufahren.',
    unset: 'Dieser Teil der Seite ist noch nicht eingerichtet: Es fehlt die Adresse oder die Sitzung.',
    failed: 'Die Antwort ist unverständlich. Versuchen Sie es erneut, und sagen Sie es Ihrer Plattform, wenn es so bleibt.',
  },
}

// What stands behind the # where the attribute routing="hash" is set.
const hashMark = '#billhook'

const policy = globalThis.trustedTypes?.createPolicy('billhook-portal', { createHTML: (html) => html })

class BillhookPortal extends HTMLElement {
  static observedAttributes = ['src', 'token', 'lang']

  #root = this.attachShadow({ mode: 'open' })
  #body = document.createElement('div')
  #notice = document.createElement('div')
  #back = document.createElement('button')
  #token = ''
  #here = '' // the path and query of the page that is shown; '' for none
  #past = [] // those before it
  #assets = '' // where style sheet and scripts come from
  #enhance = null
  #waiting = null // what is to be done once there is another token
  #latest = 0 // the number of the last request: answers to those before are too late

  constructor() {
    super()
    this.#back.type = 'button'
    this.#back.className = 'back'
    this.#back.hidden = true
    this.#back.onclick = () => this.back()
    this.#root.append(this.#notice, this.#back, this.#body)
    this.#root.addEventListener('click', (event) => this.#clicked(event))
    this.#root.addEventListener('submit', (event) => this.#submitted(event))
  }

  connectedCallback() {
    addEventListener('hashchange', this.#hashChanged)
    if (Object.hasOwn(this, 'token')) { // set before this file was there
      const { token } = this
      delete this.token
      this.#token = token ?? ''
    }
    this.#start()
  }

  disconnectedCallback() { removeEventListener('hashchange', this.#hashChanged) }

  attributeChangedCallback(name, before, now) {
    if (before === now) return
    if (name === 'token') this.token = now ?? ''
    else if (this.isConnected && this.#here) this.#show({ path: this.#here, quiet: true })
    else this.#start()
  }

  // The token may be given as a property, where no other script finds it in the page.
  get token() { return this.#token }
  set token(token) {
    if (token === this.#token) return
    this.#token = token ?? ''
    const waiting = this.#waiting
    this.#waiting = null
    if (waiting) waiting()
    else this.#start()
  }

  // back goes to the page before; it says whether there was one.
  back() {
    const path = this.#past.pop()
    if (path === undefined) return false
    this.#show({ path, keep: true })
    return true
  }

  // request fetches something of Billhook's with the token. Scripts of pages use it too.
  request(path, { headers, ...init } = {}) {
    const all = new Headers(headers)
    all.set('Authorization', `Bearer ${this.#token}`)
    if (this.lang) all.set('Billhook-Language', this.lang)
    return fetch(this.#resolve(path), { ...init, headers: all, credentials: 'omit', cache: 'no-store', referrerPolicy: 'no-referrer' })
  }

  // background is request for the page's own scripts, which ask without anybody's doing:
  // that the session is over is told then too.
  async #background(path, init) {
    const mine = this.#latest
    const answer = await this.request(path, init)
    if (answer.status === 401 && mine === this.#latest && !this.#waiting) {
      this.#end(() => this.#show({ path: this.#here, keep: true, quiet: true }))
    }
    return answer
  }

  // end says that the session is over; goOn is what is to be done with another token.
  #end(goOn) {
    this.#waiting = goOn
    this.#tell('ended')
    this.dispatchEvent(new CustomEvent('billhook-expired', { bubbles: true, composed: true }))
  }

  get #source() {
    try {
      const url = new URL(this.getAttribute('src'), document.baseURI)
      return url.pathname.endsWith('/') ? url : new URL(`${url.pathname}/`, url)
    } catch {
      return null
    }
  }

  // resolve makes a path of Billhook's an address; null for one that is not Billhook's.
  #resolve(path) {
    const source = this.#source
    const url = new URL(path, source)
    return url.origin === source.origin && url.pathname.startsWith(source.pathname) ? url : null
  }

  #say(key) {
    const language = (this.lang || this.#body.firstElementChild?.lang || navigator.language).slice(0, 2)
    return (strings[language] ?? strings.en)[key]
  }

  get #hashed() { return this.getAttribute('routing') === 'hash' }

  #hashPath() { return location.hash.startsWith(`${hashMark}/`) ? location.hash.slice(hashMark.length) : '' }

  #hashChanged = () => {
    const path = this.#hashPath()
    if (this.#hashed && path && path !== this.#here) this.#show({ path, keep: true })
  }

  #start() {
    if (!this.isConnected) return
    if (!this.getAttribute('src') || !this.#source || !this.#token) return this.#tell('unset')
    this.#show({ path: (this.#hashed && this.#hashPath()) || this.#here || this.#source.pathname, keep: true, quiet: true })
  }

  // show fetches a page and shows it. keep: it is no step on, which one could go back
  // from; quiet: the viewer has not asked for it, so the focus stays where it is.
  async #show({ path, method = 'GET', body, keep, quiet, form }) {
    const mine = ++this.#latest
    const again = () => this.#show({ path, method, body, keep, quiet, form })
    const over = () => mine !== this.#latest
    this.#body.setAttribute('aria-busy', 'true')
    if (!this.#here) this.#tell('loading')
    let answer, html
    try {
      if (!this.#resolve(path)) throw new TypeError(`${path} is not below ${this.#source}`)
      answer = await this.request(path, { method, body })
      html = await answer.text()
    } catch (error) {
      if (over()) return
      this.#body.removeAttribute('aria-busy')
      console.warn(`billhook-portal: ${error}. Is ${this.#source} right, and was Billhook started with --portal-origin ${location.origin}?`)
      this.#release(form)
      return this.#tell('unreachable', again)
    }
    const page = inert(html)
    if (page) await this.#dress(page)
    if (over()) return
    this.#body.removeAttribute('aria-busy')
    if (answer.status === 401) {
      // What was entered stays, and is sent again by who entered it.
      this.#release(form)
      return this.#end(form ? () => this.#tell() : again)
    }
    if (!page) {
      this.#release(form)
      return this.#tell('failed', again)
    }
    const url = new URL(answer.url)
    this.#arrive(page, method === 'GET' || answer.redirected ? url.pathname + url.search : this.#here, keep, quiet)
  }

  #arrive(page, path, keep, quiet) {
    // What was done is told once, and not again when one comes back.
    const url = new URL(path, this.#source)
    url.searchParams.delete('done')
    path = url.pathname + url.search
    if (!keep && this.#here && path !== this.#here) this.#past.push(this.#here)
    this.#here = path
    this.#tell()
    this.#body.replaceChildren(page)
    this.#back.hidden = this.#hashed || !this.#past.length
    this.#back.textContent = `← ${this.#say('back')}`
    if (this.#hashed && this.#hashPath() !== path) {
      history[keep ? 'replaceState' : 'pushState'](history.state, '', hashMark + path)
    }
    if (!quiet) {
      // Who listens hears the page's name, or what is wrong, and goes on from there.
      const heading = page.querySelector('.problem[tabindex], h1') ?? page
      heading.tabIndex = -1
      heading.focus({ preventScroll: true })
      if (this.getBoundingClientRect().top < 0) this.scrollIntoView()
    }
    this.#enhance?.(this.#root, Object.assign((path, init) => this.#background(path, init), { parse: inertParts }))
    this.dispatchEvent(new CustomEvent('billhook-page', { bubbles: true, composed: true, detail: { path, title: page.dataset.title } }))
  }

  // dress loads the style sheet and the scripts that the page's server has, once for each
  // of its versions. The style sheet is constructed: a policy of the page's for styles
  // need not know of it.
  async #dress(page) {
    const assets = page.dataset.assets
    if (!assets || assets === this.#assets) return
    const address = this.#resolve(assets)
    if (!address) return
    try {
      const sheet = new CSSStyleSheet()
      const css = await fetch(new URL('billhook.css', address), { credentials: 'omit' })
      await sheet.replace(await css.text())
      this.#root.adoptedStyleSheets = [sheet]
      this.#assets = assets
      if (!this.hasAttribute('plain')) this.#enhance = (await import(new URL('enhance.js', address))).enhance
    } catch (error) {
      console.warn(`billhook-portal: ${error}`) // the page is there to read and to use all the same
    }
  }

  // tell says something above the page, or with nothing, that all is well.
  #tell(key, retry) {
    this.#notice.replaceChildren()
    this.#notice.className = ''
    this.#notice.removeAttribute('role')
    if (!key) return
    this.#notice.className = key === 'loading' ? 'note' : 'problem'
    this.#notice.setAttribute('role', key === 'loading' ? 'status' : 'alert')
    const words = document.createElement('p')
    words.textContent = this.#say(key)
    this.#notice.append(words)
    if (!retry) return
    const button = document.createElement('button')
    button.type = 'button'
    button.textContent = this.#say('retry')
    button.onclick = retry
    this.#notice.append(button)
  }

  #release(form) { form?.dispatchEvent(new CustomEvent('billhook-release')) }

  #clicked(event) {
    const link = event.target.closest?.('a[href]')
    if (!link || event.defaultPrevented || event.button !== 0) return
    const href = link.getAttribute('href')
    if (href.startsWith('#')) {
      event.preventDefault()
      const target = this.#root.getElementById(href.slice(1))
      target?.scrollIntoView()
      target?.focus()
      return
    }
    const url = this.#resolve(href)
    if (!url) return // somebody else's: the browser's business
    event.preventDefault()
    if (link.hasAttribute('download')) this.#save(url, link.getAttribute('download'))
    else if (this.#hashed && (event.ctrlKey || event.metaKey || event.shiftKey)) open(`${location.pathname}${location.search}${hashMark}${url.pathname}${url.search}`)
    else this.#show({ path: url.pathname + url.search })
  }

  #submitted(event) {
    if (event.defaultPrevented) return
    const form = event.target
    const button = event.submitter
    const url = this.#resolve(button?.getAttribute('formaction') ?? form.getAttribute('action') ?? this.#here)
    if (!url) return
    event.preventDefault()
    const fields = new URLSearchParams()
    for (const [name, value] of new FormData(form, button)) if (typeof value === 'string') fields.append(name, value)
    if ((button?.getAttribute('formmethod') ?? form.getAttribute('method') ?? 'get').toLowerCase() === 'post') {
      this.#show({ path: url.pathname + url.search, method: 'POST', body: fields, form })
    } else {
      this.#show({ path: `${url.pathname}?${fields}`, form })
    }
  }

  // save keeps a file, which a link cannot ask for with a token.
  async #save(url, name) {
    try {
      const answer = await this.request(url)
      if (!answer.ok) throw new Error(`${answer.status}`)
      const link = document.createElement('a')
      link.href = URL.createObjectURL(await answer.blob())
      link.download = name || /filename="?([^";]+)/.exec(answer.headers.get('Content-Disposition'))?.[1] || 'billhook.txt'
      link.click()
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
    } catch {
      this.#tell('unreachable', () => this.#save(url, name))
    }
  }
}

// inert is the page of an answer, without anything that would run: this file is all of
// Billhook's that runs in the platform's page, and enhance.js.
function inert(html) {
  const page = new DOMParser().parseFromString(policy?.createHTML(html) ?? html, 'text/html').querySelector('.billhook-page')
  if (!page) return null
  clean(page)
  return document.adoptNode(page)
}

// inertParts are those of what comes later, to be put into the page.
function inertParts(html) {
  const template = document.createElement('template')
  template.innerHTML = policy?.createHTML(html) ?? html
  clean(template.content)
  return template.content
}

function clean(page) {
  for (const bad of page.querySelectorAll('script, style, link, meta, base, iframe, frame, object, embed')) bad.remove()
  for (const element of [page, ...page.querySelectorAll('*')]) {
    for (const { name, value } of [...(element.attributes ?? [])]) {
      if (name.startsWith('on') || name === 'style' || name === 'srcdoc' || (/(^|:)(href|src|action|formaction)$/.test(name) && !isWeb(value))) element.removeAttribute(name)
    }
  }
}

// isWeb reports whether an address leads to a page, and is no script.
function isWeb(address) {
  try {
    return ['https:', 'http:', 'mailto:'].includes(new URL(address, 'https://billhook.invalid/').protocol)
  } catch {
    return false
  }
}

customElements.define('billhook-portal', BillhookPortal)
