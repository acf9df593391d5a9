// The session lasts an hour. When it is over the shop gives a new one, as long as the
// merchant is signed in to the shop.
document.querySelector('billhook-portal').addEventListener('billhook-expired', async ({ target }) => {
  const answer = await fetch('/portal-token', { method: 'POST' })
  if (answer.ok) target.token = await answer.text()
})
