// Keys: Ctrl/⌘ K and / search, g + letter go, c create, l log an activity, ? help. Never while typing.
// Where the keys lead stands in the page itself: data-go-key, data-create-key and data-key attributes.
import { openPalette } from "./palette.js";
import { say } from "./words.js";
import { announce } from "./live.js";

const WAIT = 3000;
let prefix = null;
let timer;

function typing(event) {
  const target = event.target;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && !/^(checkbox|radio|button|submit|range)$/.test(target.type);
}

const overlayOpen = () => document.querySelector("dialog[open]") !== null;

function press(selector) {
  const target = document.querySelector(selector);
  if (!target) return false;
  target.click();
  return true;
}

function startPrefix(key) {
  prefix = key;
  clearTimeout(timer);
  timer = setTimeout(() => { prefix = null; }, WAIT);
}

function afterPrefix(event) {
  const attribute = prefix === "g" ? "data-go-key" : "data-create-key";
  prefix = null;
  if (!/^[a-z0-9]$/i.test(event.key)) return;
  if (press(`[${attribute}="${event.key.toLowerCase()}"]`)) event.preventDefault();
}

function openCreate() {
  const toggle = document.querySelector("[data-create-menu]");
  if (!toggle) return;
  if (toggle.getAttribute("aria-expanded") !== "true") toggle.click();
  toggle.parentElement.querySelector(".dropdown-item")?.focus();
  startPrefix("c");
}

function showHelp() {
  const help = document.getElementById("key-help");
  if (help && !help.open) help.showModal();
}

/** Single letters can be switched off, for people who speak to their computer (WCAG 2.1.4). */
const letters = {
  get on() { try { return localStorage.getItem("single-keys") !== "off"; } catch { return true; } },
  set on(value) { try { localStorage.setItem("single-keys", value ? "on" : "off"); } catch { /* stays on */ } },
};

function startChoice() {
  const choice = document.querySelector("[data-keys-choice]");
  if (!choice) return;
  choice.checked = letters.on;
  choice.addEventListener("change", () => { letters.on = choice.checked; });
}

/** From anywhere in a form that is sent, also from a text of several lines, by its own button. */
function sendForm(event) {
  const form = event.target.form;
  const button = form?.method === "post" && form.querySelector("button[type=submit]:not([formaction], [disabled], [aria-disabled])");
  if (!button) return;
  event.preventDefault();
  form.requestSubmit(button);
}

export function startKeys() {
  startChoice();
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey) return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      return openPalette();
    }
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter") return sendForm(event);
    if (event.ctrlKey || event.metaKey || !letters.on) return;
    if (typing(event) || overlayOpen()) return;
    if (prefix) return afterPrefix(event);
    const actions = {
      "/": openPalette,
      "g": () => { startPrefix("g"); announce(say("go-where")); },
      "c": openCreate,
      // A record's page may offer its own link, which knows the customer; otherwise the one of the menu.
      "l": () => press("[data-log-activity]") || press('[data-create-key="l"]'),
      "?": showHelp,
    };
    const action = actions[event.key];
    if (action) {
      event.preventDefault();
      action();
    } else if (/^[a-z]$/.test(event.key) && press(`[data-key="${event.key}"]`)) event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-open-keys]")) showHelp();
    if (event.target.matches?.("dialog[data-light-dismiss]")) event.target.close();
    const close = event.target.closest?.("[data-close]");
    if (close) close.closest("dialog")?.close();
  });
}
