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
  area.append(node);
  const covered = raise(area);
  keepFor(node, undo || covered ? SHOWN_FOR_WITH_UNDO : SHOWN_FOR, covered);
  return node;
}

/** Over an open dialog, which a browser draws above everything that was not shown after it. */
function raise(area) {
  if (!document.querySelector("dialog:modal")) return false;
  area.popover = "manual";
  if (area.matches(":popover-open")) area.hidePopover();
  area.showPopover();
  return true;
}

function sameAs(last, text, level) {
  return level === "error" && last?.dataset.level === level && last.querySelector("[data-text]").textContent === text ? last : null;
}

function keepFor(node, time, covered = false) {
  // An error waits until it is dismissed; beside an open dialog nothing can be pressed.
  if (node.dataset.level === "error" && !covered) return;
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
  document.addEventListener("toasts", (event) => {
    for (const note of event.detail.notes ?? []) toast(note);
  });
}
