// A form is sent once: its buttons rest while the request is on its way.
export function startSubmitOnce() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.hasAttribute("hx-post") || form.method === "dialog") return;
    if (form.dataset.sending) {
      event.preventDefault();
      return;
    }
    if (form.method !== "post") return;
    form.dataset.sending = "yes";
    // After this event, so that the pressed button's own name and value are still sent.
    setTimeout(() => setBusy(form, true));
  });
  // Back from the next page: the browser may restore this one as it was left.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of document.querySelectorAll("form[data-sending]")) {
      delete form.dataset.sending;
      setBusy(form, false);
    }
  });
  document.addEventListener("htmx:before:request", (event) => rest(event, true));
  document.addEventListener("htmx:finally:request", (event) => rest(event, false));
}

function rest(event, busy) {
  const { ctx } = event.detail;
  const source = ctx.sourceElement;
  if (ctx.request.method === "GET" || !source) return;
  const form = source.closest("form");
  if (form) setBusy(form, busy);
  else if (source instanceof HTMLButtonElement) source.toggleAttribute("aria-busy", busy);
}

function setBusy(form, busy) {
  for (const button of form.querySelectorAll("button:not([type=button]), input[type=submit]")) {
    if (busy && button.disabled) continue;
    if (busy) button.dataset.rested = "yes";
    else if (!button.dataset.rested) continue;
    if (!busy) delete button.dataset.rested;
    // Not "disabled": that would drop the keyboard focus. The click is swallowed in startBusyGuard.
    button.setAttribute("aria-disabled", String(busy));
    if (!busy) button.removeAttribute("aria-disabled");
    button.classList.toggle("btn-busy", busy);
  }
}

export function startBusyGuard() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button[aria-disabled=true]");
    if (!button) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
}
