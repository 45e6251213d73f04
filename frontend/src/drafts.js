// <form data-draft="ticket-reply-7">: what was typed survives errors, an expired session and a lost connection.
// Kept per person in local storage, only the fields that differ from what the server sent.
import { makeRoom, takeAway } from "./lines.js";
import { say } from "./words.js";

const KEEP_DAYS = 30;
const PREFIX = "draft:";
const originals = new WeakMap();

const person = () => document.documentElement.dataset.person ?? "";
const keyOf = (form) => `${PREFIX}${person()}:${form.dataset.draft}`;

function fields(form, all = false) {
  return [...form.elements].filter((field) => field.name && (all || !field.closest("[data-no-draft]")) &&
    !["hidden", "password", "file", "submit", "button", "reset"].includes(field.type));
}

function values(form) {
  const result = {};
  for (const field of fields(form)) {
    const list = (result[field.name] ??= []);
    if (field.type === "checkbox" || field.type === "radio") { if (field.checked) list.push(field.value); }
    else if (field.type === "select-multiple") list.push(...[...field.selectedOptions].map((option) => option.value));
    else list.push(field.value);
  }
  return result;
}

function put(form, draft) {
  const used = {};
  makeRoom(form, Object.keys(draft));
  // What the outbox gives back holds more than is kept as one types: the name of a customer nobody could look up.
  for (const field of fields(form, true)) {
    if (!(field.name in draft)) continue;
    const list = draft[field.name];
    if (field.type === "checkbox" || field.type === "radio") field.checked = list.includes(field.value);
    else if (field.type === "select-multiple") for (const option of field.options) option.selected = list.includes(option.value);
    else field.value = list[(used[field.name] = (used[field.name] ?? -1) + 1)] ?? "";
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

const storage = {
  read(key) { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } },
  write(key, value) { try { localStorage.setItem(key, JSON.stringify(value)); } catch { /* full or forbidden: nothing to lose */ } },
  drop(key) { try { localStorage.removeItem(key); } catch { /* the same */ } },
};

function remember(form) {
  const before = originals.get(form);
  if (!before) return;
  const now = values(form);
  const changed = Object.fromEntries(Object.entries(now).filter(([name, list]) =>
    JSON.stringify(list) !== JSON.stringify(before[name])));
  if (Object.keys(changed).length) storage.write(keyOf(form), { at: Date.now(), values: changed });
  else storage.drop(keyOf(form));
}

/** What the outbox took out of a form, or gives back to it: `typed` by name, or nothing. */
export function keepDraft(name, typed) {
  const key = `${PREFIX}${person()}:${name}`;
  if (typed) storage.write(key, { at: Date.now(), values: typed });
  else storage.drop(key);
}

function notice(form) {
  const note = document.createElement("div");
  note.className = "alert alert-info draft-note";
  note.setAttribute("role", "status");
  const text = document.createElement("span");
  text.textContent = say("draft-restored");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-sm";
  button.textContent = say("draft-discard");
  button.addEventListener("click", () => {
    storage.drop(keyOf(form));
    takeAway(form, Object.keys(originals.get(form)));
    put(form, originals.get(form));
    storage.drop(keyOf(form));
    note.remove();
    fields(form)[0]?.focus();
  });
  note.append(text, button);
  form.prepend(note);
}

const refused = (form) => form.querySelector("[aria-invalid=true], [data-form-errors]") !== null;

/** Finds new forms in the page, gives them back what was typed. */
export function adopt(root = document) {
  for (const form of root.querySelectorAll("form[data-draft]")) {
    if (originals.has(form)) continue;
    originals.set(form, values(form));
    const draft = storage.read(keyOf(form));
    if (!draft) continue;
    const before = JSON.stringify(values(form));
    put(form, draft.values);
    if (JSON.stringify(values(form)) !== before) notice(form);
  }
}

/** After an ordinary form post: the next page tells whether it was saved. */
function settlePosted() {
  const key = sessionStorage.getItem("draft-posted");
  // Neither an error page nor the sign-in on the way is an answer to what was sent.
  if (!key || document.body.hasAttribute("data-keep-drafts") || location.pathname.startsWith("/accounts/")) return;
  sessionStorage.removeItem("draft-posted");
  const again = [...document.querySelectorAll("form[data-draft]")].find((form) => keyOf(form) === key);
  // The same form once more, without errors: after a lost connection, or to add another. Only a confirmation tells.
  const confirmed = document.querySelector('.toast-note[data-level="success"], .alert-success') !== null;
  if (!again || (confirmed && !refused(again))) storage.drop(key);
}

function prune() {
  for (let index = localStorage.length - 1; index >= 0; index--) {
    const key = localStorage.key(index);
    if (!key?.startsWith(PREFIX)) continue;
    const age = Date.now() - (storage.read(key)?.at ?? 0);
    if (age > KEEP_DAYS * 86400000) storage.drop(key);
  }
}

function forgetPerson() {
  for (let index = localStorage.length - 1; index >= 0; index--) {
    const key = localStorage.key(index);
    if (key?.startsWith(`${PREFIX}${person()}:`)) storage.drop(key);
  }
}

export function startDrafts() {
  try { prune(); settlePosted(); } catch { return; } // local storage forbidden: forms work without drafts
  adopt();
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (form?.dataset.draft && !event.target.closest("[data-no-draft]")) remember(form);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    // Signing out on purpose leaves nothing behind on a shared computer.
    if (form.hasAttribute("data-sign-out")) forgetPerson();
    if (form.dataset.draft && !form.hasAttribute("hx-post")) sessionStorage.setItem("draft-posted", keyOf(form));
  });
  document.addEventListener("htmx:after:request", (event) => {
    const { ctx } = event.detail;
    const form = ctx.sourceElement?.closest?.("form[data-draft]");
    if (!form || ctx.request.method === "GET") return;
    // Sent to the sign-in, nothing was saved.
    if (ctx.hx?.redirect?.startsWith("/accounts/")) return;
    const saved = ctx.response.status < 300 && !ctx.response.raw.redirected && !/aria-invalid="true"|data-form-errors/.test(ctx.text);
    if (saved || ctx.hx?.redirect) storage.drop(keyOf(form));
  });
  document.addEventListener("htmx:after:swap", () => adopt());
}
