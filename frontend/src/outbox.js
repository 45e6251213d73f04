// <form data-outbox>: pressed without a connection, it waits in local storage and is sent when there is one again.
// Its submit_once token makes one record of it however often it arrives, so trying again is always safe.
import { closeDialog } from "./dialog.js";
import { keepDraft } from "./drafts.js";
import { htmx, send } from "./htmx-setup.js";
import { toast } from "./toasts.js";
import { say } from "./words.js";

const AGAIN = 30000;
const PREFIX = () => `outbox:${document.documentElement.dataset.person ?? ""}:`;

const item = (key) => JSON.parse(localStorage.getItem(key));
/** Keys in the order in which they were put aside: local storage itself keeps none. */
const waiting = () => Object.keys(localStorage).filter((key) => key.startsWith(PREFIX()))
  .sort((one, other) => (item(one)?.since ?? 0) - (item(other)?.since ?? 0));
export const fresh = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** Puts what was typed aside; false where the browser keeps nothing. */
export function keepForLater(form) {
  const said = new URLSearchParams(new FormData(form));
  said.delete("csrfmiddlewaretoken");
  const url = form.getAttribute("hx-post") || form.getAttribute("action") || location.pathname;
  const kept = {
    url, body: said.toString(), draft: form.dataset.draft, name: said.get(form.dataset.outbox) ?? "", since: Date.now(),
  };
  try { localStorage.setItem(PREFIX() + said.get("submit_once"), JSON.stringify(kept)); } catch { return false; }
  keepDraft(form.dataset.draft, null);
  toast({ level: "info", text: say("outbox-waits", kept) });
  if (form.closest("dialog")) closeDialog();
  else {
    form.reset();
    form.elements.submit_once.value = fresh(); // the next one typed here is another
  }
  return true;
}

async function deliver(key) {
  const kept = item(key);
  if (!kept) return;
  // As from the dialog: it says at once what became of it, and leaves nothing to be said by the next page.
  const answer = await send(kept.url, new URLSearchParams(kept.body), "POST", { "HX-Target": "dialog#dialog" });
  const leads = answer.redirected ? new URL(answer.url).pathname : answer.headers.get("HX-Redirect") ?? "";
  if (leads.startsWith("/accounts/") || answer.status === 429 || answer.status >= 500) return; // later, signed in
  localStorage.removeItem(key);
  if (answer.ok) {
    tell(answer, kept);
    document.dispatchEvent(new CustomEvent("outbox-sent"));
    return;
  }
  const typed = {};
  for (const [name, value] of new URLSearchParams(kept.body)) (typed[name] ??= []).push(value);
  keepDraft(kept.draft, typed);
  toast({ level: "error", text: say("outbox-refused", kept), link: kept.url });
}

/** Once, with the server's Undo; the parts of this page that show such records load again. */
function tell(answer, kept) {
  const { toasts, ...events } = JSON.parse(answer.headers.get("HX-Trigger") ?? "{}");
  const [note, ...others] = toasts?.notes ?? [];
  toast({ ...note, text: say("outbox-sent", kept) });
  others.forEach(toast);
  delete events["close-dialog"]; // the one that is open now is about something else
  for (const [name, detail] of Object.entries(events)) htmx.trigger(document.body, name, detail);
}

async function deliverAll() {
  if (!navigator.onLine || !waiting().length) return;
  for (const key of waiting()) {
    try { await deliver(key); } catch { return; } // still no connection
  }
}

/** One tab at a time, where the browser can tell; elsewhere the server sees that it is the same. */
function flush() {
  if (!navigator.locks) return deliverAll();
  return navigator.locks.request("outbox", { ifAvailable: true }, (lock) => lock && deliverAll());
}

export function startOutbox() {
  try { waiting(); } catch { return; } // local storage forbidden
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.hasAttribute("data-outbox") || navigator.onLine) return;
    if (form.reportValidity() && !keepForLater(form)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, { capture: true });
  // The device thinks that it is connected and is not.
  document.addEventListener("htmx:error", (event) => {
    const { ctx } = event.detail;
    const form = ctx?.sourceElement?.closest?.("form[data-outbox]");
    if (form && ctx.request.method !== "GET" && !ctx.response && keepForLater(form)) event.stopImmediatePropagation();
  }, { capture: true });
  window.addEventListener("online", flush);
  setInterval(flush, AGAIN);
  flush();
}
