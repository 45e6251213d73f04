// Toasts: short confirmations, with an Undo that is a form post. They stay while looked at or focused.
import { say } from "./words.js";

const SHOWN_FOR = 6000;
const SHOWN_FOR_WITH_UNDO = 12000;
const icons = { success: "circle-check", error: "alert-circle", warning: "alert-triangle", info: "info-circle" };

export function toast({ text, level = "success", undo = null, link = null, label = null }) {
  const area = document.getElementById("toasts");
  const pattern = document.getElementById("toast-pattern");
  if (!area || !pattern) return null;
  const node = pattern.content.firstElementChild.cloneNode(true);
  node.dataset.level = level;
  node.querySelector("[data-text]").textContent = text;
  const use = node.querySelector(":scope > svg use");
  use.setAttribute("href", `${use.getAttribute("href").split("#")[0]}#${icons[level] ?? icons.info}`);
  const form = node.querySelector("form");
  if (undo) form.action = undo;
  else form.remove();
  const anchor = node.querySelector("a[data-link]");
  if (link) {
    anchor.href = link;
    anchor.textContent = label ?? say("open");
  } else anchor.remove();
  sameAs(area.lastElementChild, text, level)?.remove(); // the same again is not said twice
  // Where it has just been moved to, it is only heard of what comes a moment later.
  if (place(area)) setTimeout(() => put(node, area), 50);
  else put(node, area);
  keepFor(node, undo ? SHOWN_FOR_WITH_UNDO : SHOWN_FOR);
  return node;
}

/** Beside an open dialog nothing can be pressed or is read out: the toasts stand in the one opened last. */
function place(area) {
  const home = [...document.querySelectorAll("dialog:modal")].at(-1) ?? document.body;
  if (area.parentElement === home) return false;
  if (area.closest("dialog")) for (const error of area.querySelectorAll("[data-level=error]")) error.remove(); // goes with what it was about
  home.append(area);
  return true;
}

/** In a dialog it stands last: whoever was at the end, where the buttons are, stays there. */
function put(node, area) {
  const box = area.closest("dialog");
  const atEnd = box && box.scrollHeight - box.scrollTop - box.clientHeight < 8;
  area.append(node);
  if (atEnd) box.scrollTop = box.scrollHeight;
}

function sameAs(last, text, level) {
  return level === "error" && last?.dataset.level === level && last.querySelector("[data-text]").textContent === text ? last : null;
}

function keepFor(node, time) {
  if (node.dataset.level === "error") return; // waits until it is dismissed
  let timer;
  const start = () => { timer = setTimeout(() => node.remove(), time); };
  const stop = () => clearTimeout(timer);
  for (const event of ["mouseenter", "focusin"]) node.addEventListener(event, stop);
  for (const event of ["mouseleave", "focusout"]) node.addEventListener(event, start);
  start();
}

export function startToasts() {
  for (const node of document.querySelectorAll("#toasts > .toast-note")) {
    keepFor(node, node.querySelector("form") ? SHOWN_FOR_WITH_UNDO : SHOWN_FOR);
  }
  document.addEventListener("click", (event) => {
    const close = event.target.closest?.("[data-close-toast]");
    if (close) close.closest(".toast-note").remove();
  });
  // What the dialog shows is replaced, and goes when it closes; the toasts in it stay.
  const area = document.getElementById("toasts");
  if (!area) return;
  document.addEventListener("htmx:before:swap", (event) => {
    if (event.detail.ctx?.swap !== "none" && area.closest("dialog")) document.body.append(area);
  });
  document.addEventListener("htmx:after:swap", () => place(area));
  document.addEventListener("close", () => place(area), true);
  document.addEventListener("toasts", (event) => {
    for (const note of event.detail.notes ?? []) toast(note);
  });
}
