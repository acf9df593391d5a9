// The page that a link to a portal leads to: the token is taken from behind the #, and
// out of the address, before anything else can see it there.

export function enter(root) {
  const form = root.querySelector('form[data-enter]')
  if (!form) return
  const take = () => {
    if (location.hash.length < 2) return
    form.elements.token.value = location.hash.slice(1)
    history.replaceState(null, '', location.pathname)
    if (form.dataset.enter === 'now') form.requestSubmit()
  }
  take()
  addEventListener('hashchange', take) // a link that is opened while the page is there
}
