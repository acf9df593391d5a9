// What is under way: the part of the page with the attribute data-refresh is asked for
// again, from data-from, each so many seconds, as long as what comes has it too.

export function refresh(part, show, get) {
  const again = async () => {
    if (!part.isConnected) return
    if (document.hidden) return wait()
    // Nobody's typing or reading of what is open is disturbed.
    if (part.contains(part.getRootNode().activeElement)) return wait()
    try {
      const answer = await get(part.dataset.from, { headers: { 'Billhook-Fragment': '1' } })
      if (!answer.ok) return
      const template = document.createElement('template')
      template.innerHTML = await answer.text() // ours
      const next = template.content.getElementById(part.id)
      if (!next || !part.isConnected) return
      const scope = part.getRootNode()
      part.replaceWith(next)
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
