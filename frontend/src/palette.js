// The palette: one input that finds records and runs commands. The server draws the results
// (GET /search/palette/?q=); this moves through them and remembers what was chosen.
import { say } from "./words.js";
import { announce } from "./live.js";

const REMEMBERED = 6;
const storageKey = () => `palette:${document.documentElement.dataset.person ?? ""}`;

const box = () => document.getElementById("palette");
const options = () => [...box().querySelectorAll("#palette-results [role=option], #palette-recent:not([hidden]) [role=option]")];

function recent() {
  try { return JSON.parse(localStorage.getItem(storageKey())) ?? []; } catch { return []; }
}

function remember(option) {
  const href = option.getAttribute("href");
  const text = (option.dataset.label ?? option.textContent).trim().replace(/\s+/g, " ");
  if (!href || !text) return;
  const list = [{ href, text }, ...recent().filter((entry) => entry.href !== href)].slice(0, REMEMBERED);
  try { localStorage.setItem(storageKey(), JSON.stringify(list)); } catch { /* nothing to lose */ }
}

function drawRecent() {
  const area = document.getElementById("palette-recent");
  const list = recent();
  area.hidden = list.length === 0;
  area.querySelector("[data-list]").replaceChildren(...list.map(({ href, text }, index) => {
    const link = document.createElement("a");
    Object.assign(link, { href, textContent: text, className: "palette-option", id: `palette-recent-${index}`, tabIndex: -1 });
    link.setAttribute("role", "option");
    return link;
  }));
}

function choose(option) {
  const input = box().querySelector("input");
  for (const other of options()) other.setAttribute("aria-selected", String(other === option));
  if (!option) return input.removeAttribute("aria-activedescendant");
  option.id ||= `palette-option-${options().indexOf(option)}`;
  input.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

function move(step) {
  const list = options();
  if (!list.length) return;
  const now = list.findIndex((option) => option.getAttribute("aria-selected") === "true");
  choose(list[(now + step + list.length) % list.length]);
}

export function openPalette() {
  const node = box();
  if (!node || node.open) return;
  drawRecent();
  node.showModal();
  const input = node.querySelector("input");
  input.select();
  input.focus();
  if (!input.value) choose(options()[0] ?? null);
}

function onKey(event) {
  if (event.isComposing) return; // choosing a Chinese character with Enter is not choosing a result
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    move(event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "Enter") {
    event.preventDefault();
    const option = options().find((other) => other.getAttribute("aria-selected") === "true") ?? options()[0];
    if (!option) return;
    if (event.ctrlKey || event.metaKey) window.open(option.href, "_blank", "noopener");
    else option.click();
  }
}

export function startPalette() {
  const node = box();
  if (!node) return;
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-open-palette]")) openPalette();
  });
  const input = node.querySelector("input");
  input.addEventListener("keydown", onKey);
  input.addEventListener("input", () => {
    const empty = !input.value.trim();
    document.getElementById("palette-recent").hidden = !empty || recent().length === 0;
    if (empty) document.getElementById("palette-results").replaceChildren();
  });
  node.addEventListener("click", (event) => {
    if (event.target === node) return node.close();
    const option = event.target.closest("[role=option]");
    if (!option) return;
    remember(option);
    if (option.hasAttribute("hx-get") || option.getAttribute("href")?.startsWith("#")) node.close();
  });
  document.addEventListener("htmx:after:swap", (event) => {
    if (event.detail.ctx?.target?.id !== "palette-results") return;
    const list = options();
    choose(list[0] ?? null);
    announce(say("results", { count: list.length }));
  });
}
