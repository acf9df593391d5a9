// The menus of a whole page: Escape closes the one that is open, and gives the focus back
// to what had opened it; so does a click beside it, without that.

export function menus(root) {
  const open = () => root.querySelector('details.menu[open]')
  root.addEventListener('keydown', (event) => {
    const menu = event.key === 'Escape' && open()
    if (!menu) return
    menu.open = false
    menu.querySelector('summary').focus()
  })
  root.addEventListener('click', (event) => {
    for (const menu of root.querySelectorAll('details.menu[open]')) {
      if (!menu.contains(event.target)) menu.open = false
    }
  })
}
