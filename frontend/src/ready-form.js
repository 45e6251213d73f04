// The quick form opens without a connection too, on a page that is open already: made ready while nobody needs
// anything, and again whenever it was opened. Kept in this page alone, so nothing of it stays on a shared device.
// What is sent from it waits in the outbox (outbox.js).
import { dialog } from "./dialog.js";
import { fresh } from "./outbox.js";
import { htmx } from "./htmx-setup.js";
import { say } from "./words.js";

const LINKS = "a[data-log-activity][hx-get], a[data-create-key='l'][hx-get]";
const AFTER = 4000; // whoever goes on at once asks for nothing twice
const ready = new Map(); // by address: what the server answered, and when

const addressOf = (link) => link.getAttribute("hx-get");
const keep = (link, text) => ready.set(addressOf(link), { text, at: Date.now() });

async function makeReady() {
  // The page's own link before the one of the menu, as `l` does.
  const link = document.querySelector("a[data-log-activity][hx-get]") ?? document.querySelector(LINKS);
  if (!link || !navigator.onLine || navigator.connection?.saveData || ready.has(addressOf(link))) return;
  try {
    const headers = { "HX-Request": "true", "HX-Target": "dialog#dialog", Accept: "text/html" };
    const answer = await fetch(addressOf(link), { credentials: "same-origin", headers, priority: "low" });
    if (answer.ok && !answer.redirected) keep(link, await answer.text());
  } catch { /* no connection by now: there is none ready */ }
}

/** "2026-11-23T09:30", later by so many milliseconds. */
function later(moment, passed) {
  const at = Date.parse(`${moment}Z`);
  return Number.isNaN(at) ? moment : new Date(at + passed).toISOString().slice(0, 16);
}

/** The same form for another record, at another time; what only the server knows is said to be missing. */
function renewed({ text, at }) {
  const page = new DOMParser().parseFromString(`<template>${text}</template>`, "text/html").querySelector("template");
  const form = page.content.querySelector("form[data-outbox]");
  if (!form) return text;
  form.querySelector("[name=submit_once]")?.setAttribute("value", fresh()); // else the second one would be the first
  const when = form.querySelector("[name=at][type=datetime-local]");
  when?.setAttribute("value", later(when.getAttribute("value"), Date.now() - at));
  for (const asking of form.querySelectorAll("[hx-get]")) asking.setAttribute("data-quiet", "");
  const note = document.createElement("p");
  note.className = "alert alert-info";
  note.setAttribute("role", "status");
  note.textContent = say("ready-form");
  form.prepend(note);
  return page.innerHTML;
}

/** False where none is ready. */
function open(link) {
  const kept = ready.get(addressOf(link));
  if (!kept || dialog().open) return false;
  htmx.swap({ text: renewed(kept), target: dialog(), swap: "innerHTML", sourceElement: link });
  return true;
}

export function startReadyForm() {
  if (!document.querySelector(LINKS)) return;
  setTimeout(() => (window.requestIdleCallback ?? setTimeout)(makeReady), AFTER);
  document.addEventListener("htmx:after:request", (event) => {
    const { ctx } = event.detail;
    if (ctx.sourceElement?.matches?.(LINKS) && ctx.response?.status === 200 && !ctx.response.raw.redirected) keep(ctx.sourceElement, ctx.text);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.(LINKS);
    if (!link || navigator.onLine || !open(link)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, { capture: true });
  // The device thinks that it is connected and is not.
  document.addEventListener("htmx:error", (event) => {
    const link = event.detail.ctx?.sourceElement;
    if (link?.matches?.(LINKS) && !event.detail.ctx.response && open(link)) event.stopImmediatePropagation();
  }, { capture: true });
}
