// A form is sent once: its buttons rest while the request is on its way.
export function startSubmitOnce() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    // A form of htmx's is prevented already; one that htmx has not reached yet is sent like any other.
    if (event.defaultPrevented || form.method === "dialog") return;
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

// The second click of a double click: what stands there by now may be another button, "Reopen" where "Resolve" was.
const DOUBLE = 500, NEAR = 8;
let sent = { at: -Infinity, x: 0, y: 0 };

function isSecondClick(event, button) {
  // Pressed by keyboard, or only opens something: as often as one likes.
  if (!event.detail || !(button.type === "submit" || button.hasAttribute("hx-post"))) return false;
  const again = event.timeStamp - sent.at < DOUBLE && Math.hypot(event.clientX - sent.x, event.clientY - sent.y) < NEAR;
  if (!again) sent = { at: event.timeStamp, x: event.clientX, y: event.clientY };
  return again;
}

export function startBusyGuard() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button, input[type=submit]");
    if (!button) return;
    if (button.getAttribute("aria-disabled") !== "true" && !isSecondClick(event, button)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
}
