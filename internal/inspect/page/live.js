// Shows what arrives as it does. Without this the page refreshes itself.
"use strict";
const changed = new EventSource("/_/events");
let busy = false;
let again = false;

async function refresh() {
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  try {
    const answer = await fetch(location.href);
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.getElementById("list").replaceWith(page.getElementById("list"));
    const detail = document.getElementById("detail");
    if (!("pinned" in detail.dataset)) detail.replaceWith(page.getElementById("detail"));
  } finally {
    busy = false;
    if (again) {
      again = false;
      refresh();
    }
  }
}
changed.addEventListener("arrival", refresh);
