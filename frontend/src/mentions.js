// Names behind an @ while one types in a `<textarea data-mentions="address of the choices">`.
// Arrows move, Enter or Tab puts the name in, Escape closes. Without this script a name is typed in full.
import { announce } from "./live.js";
import { say } from "./words.js";

const LONGEST = 40;
const AT = /(?:^|[^A-Za-z0-9._%+/-])@([^@\n]*)$/;
let box = null;
let field = null;
let asked = 0;
let timer;

const options = () => (box ? [...box.querySelectorAll("[role=option]")] : []);

function typed(area) {
  const found = area.value.slice(0, area.selectionStart).match(AT);
  return found && found[1].length <= LONGEST ? found[1] : null;
}

function close() {
  clearTimeout(timer);
  asked += 1; // what is still on its way comes too late
  box?.remove();
  box = null;
  field?.removeAttribute("aria-activedescendant");
  field?.removeAttribute("aria-controls");
}

function choose(option) {
  for (const other of options()) other.setAttribute("aria-selected", String(other === option));
  field.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

function put(option) {
  const end = field.selectionStart;
  const start = end - typed(field).length;
  field.setRangeText(`${option.dataset.written} `, start, end, "end");
  const area = field;
  close();
  area.dispatchEvent(new Event("input", { bubbles: true })); // the draft keeps it
  area.focus();
}

function address(area, text) {
  const from = area.dataset.mentionsFrom ? area.form?.elements[area.dataset.mentionsFrom] : null;
  const id = area.dataset.mentionsId || from?.value || "";
  const asking = new URLSearchParams({ q: text, kind: area.dataset.mentionsKind ?? "", id });
  return `${area.dataset.mentions}?${asking}`;
}

async function ask(area, text) {
  const mine = (asked += 1);
  const answer = await fetch(address(area, text), { headers: { "HX-Request": "true" } }).catch(() => null);
  if (mine !== asked || !answer?.ok || answer.redirected) return;
  const found = await answer.text();
  if (mine !== asked) return;
  if (!found.trim()) return close();
  draw(area, found);
}

function draw(area, found) {
  const known = box !== null;
  if (!known) {
    box = document.createElement("div");
    Object.assign(box, { id: `${area.id}_mentions`, className: "mention-box" });
    box.setAttribute("role", "listbox");
    box.setAttribute("aria-label", say("people"));
    area.after(box);
    area.setAttribute("aria-controls", box.id);
  }
  field = area;
  box.innerHTML = found; // drawn and escaped by the server, as every part of a page
  choose(options()[0]);
  announce(say("people-found", { count: options().length }));
}

function onInput(event) {
  const area = event.target;
  if (!area.matches?.("textarea[data-mentions]")) return;
  clearTimeout(timer);
  const text = typed(area);
  if (text === null) return close();
  timer = setTimeout(() => ask(area, text), 120);
}

function onKey(event) {
  if (!box || event.target !== field || event.isComposing) return;
  const list = options();
  const now = list.findIndex((option) => option.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    choose(list[(now + (event.key === "ArrowDown" ? 1 : -1) + list.length) % list.length]);
  } else if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey) || event.key === "Tab") {
    put(list[Math.max(now, 0)]);
  } else if (event.key === "Escape") close(); // only the choices: the dialog stays
  else return;
  event.preventDefault();
  event.stopPropagation();
}

export function startMentions() {
  document.addEventListener("input", onInput);
  document.addEventListener("keydown", onKey, true);
  document.addEventListener("focusout", (event) => { if (event.target === field) close(); });
  document.addEventListener("pointerdown", (event) => {
    const option = event.target.closest?.(".mention-option");
    if (!option || !box?.contains(option)) return;
    event.preventDefault(); // the text keeps the focus
    put(option);
  });
}
