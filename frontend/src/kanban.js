// Cards between columns, by mouse, touch and keyboard. Markup and what is posted: docs/frontend.md.
// This module decides where a card goes; kanban-pointer.js follows the pointer.
import { send, reason, htmx } from "./htmx-setup.js";
import { followPointer } from "./kanban-pointer.js";
import { toast } from "./toasts.js";
import { announce } from "./live.js";
import { say } from "./words.js";

const SELECTOR = "[data-card]";
let held = null; // the card picked up by keyboard, with the place it came from

const cardsOf = (column) => [...column.querySelectorAll(SELECTOR)];
const columnsOf = (board) => [...board.querySelectorAll("[data-column]")];
const name = (node) => node.dataset.label ?? "";

export function place(card) {
  return { column: card.closest("[data-column]"), next: card.nextElementSibling };
}

export function put(card, { column, next }) {
  if (next && next.parentElement !== column) next = null;
  // Something other than a card may close the column (a "show more" button): stay above it.
  next ??= [...column.children].find((child) => !child.matches(SELECTOR) && child.hasAttribute("data-after-cards")) ?? null;
  column.insertBefore(card, next);
}

function samePlace(first, second) {
  return first.column === second.column && first.next === second.next;
}

function neighbour(card, direction) {
  let node = card[direction];
  while (node && !node.matches(SELECTOR)) node = node[direction];
  return node?.dataset.card ?? "";
}

function recount(board) {
  for (const column of columnsOf(board)) {
    column.toggleAttribute("data-empty", cardsOf(column).length === 0);
    const counter = board.querySelector(`[data-count-of="${CSS.escape(column.dataset.column)}"]`);
    if (counter && !counter.hasAttribute("data-count-exact")) counter.textContent = String(cardsOf(column).length);
  }
}

/** Tells the server where the card is now; puts it back, with the reason, when refused. */
export async function settle(card, from) {
  const board = card.closest("[data-kanban]");
  const now = place(card);
  if (samePlace(from, now)) return;
  recount(board);
  card.setAttribute("aria-busy", "true");
  try {
    const response = await send(card.dataset.moveUrl, {
      column: now.column.dataset.column,
      previous: neighbour(card, "previousElementSibling"),
      next: neighbour(card, "nextElementSibling"),
      version: card.closest("[data-version]")?.dataset.version ?? "", // its own, or that of the order as a whole
    });
    const text = await response.text();
    if (response.redirected && /^\s*<!doctype/i.test(text)) {
      location.reload(); // signed out meanwhile: the page itself leads to the sign-in
    } else if (response.headers.get("HX-Retarget") === "#dialog") {
      goBack(card, from);
      await htmx.swap({ text, target: document.getElementById("dialog"), swap: "innerHTML", sourceElement: board });
    } else if (response.ok) {
      accepted(card, text, response, now, board);
    } else {
      goBack(card, from);
      const why = reason(response.status, text, response.headers.get("content-type") ?? "");
      toast({ level: "error", text: why });
      announce(say("move-refused", { card: name(card), reason: why }));
    }
  } catch {
    goBack(card, from);
    toast({ level: "error", text: say("offline") });
  } finally {
    card.removeAttribute("aria-busy");
  }
}

function goBack(card, from) {
  const focused = card.contains(document.activeElement);
  put(card, from);
  recount(card.closest("[data-kanban]"));
  card.classList.add("is-returned");
  setTimeout(() => card.classList.remove("is-returned"), 1200);
  if (focused) card.querySelector("[data-handle]")?.focus();
}

/** The order has a version of its own: what is sent next, by dragging or by a button, starts from the new one. */
function renewVersion(card, version) {
  const holder = card.closest("[data-version]");
  if (!version || !holder) return;
  holder.dataset.version = version;
  for (const input of holder.querySelectorAll("input[data-same-version]")) input.value = version;
}

function accepted(card, text, response, now, board) {
  renewVersion(card, response.headers.get("X-Version"));
  announce(say("moved", { card: name(card), column: name(now.column) }));
  const focused = card.contains(document.activeElement);
  const id = card.dataset.card;
  if (text.trim()) {
    const fresh = new DOMParser().parseFromString(`<template>${text}</template>`, "text/html").querySelector("template").content.firstElementChild;
    if (fresh) {
      card.replaceWith(document.adoptNode(fresh));
      htmx.process(fresh);
      if (focused) board.querySelector(`[data-card="${CSS.escape(id)}"] [data-handle]`)?.focus();
    }
  }
  const events = response.headers.get("HX-Trigger");
  if (!events) return;
  const named = events.startsWith("{") ? JSON.parse(events) : Object.fromEntries(events.split(",").map((event) => [event.trim(), {}]));
  for (const [event, detail] of Object.entries(named)) htmx.trigger(board, event, detail ?? {});
}

function pickUp(card) {
  held = { card, from: place(card) };
  card.classList.add("is-held");
  card.querySelector("[data-handle]").setAttribute("aria-pressed", "true");
  announce(say("picked-up", { card: name(card), ...where(card) }));
}

function where(card) {
  const { column } = place(card);
  return { column: name(column), position: cardsOf(column).indexOf(card) + 1, count: cardsOf(column).length };
}

function letGo({ keep }) {
  const { card, from } = held;
  held = null;
  card.classList.remove("is-held");
  const handle = card.querySelector("[data-handle]");
  handle.setAttribute("aria-pressed", "false");
  if (keep) return settle(card, from);
  put(card, from);
  handle.focus();
  announce(say("move-cancelled", { card: name(card) }));
}

function step(card, key) {
  const { column } = place(card);
  const list = cardsOf(column);
  const index = list.indexOf(card);
  const columns = columnsOf(card.closest("[data-kanban]"));
  if (column.dataset.flow === "grid") key = { ArrowLeft: "ArrowUp", ArrowRight: "ArrowDown" }[key] ?? key;
  if (key === "ArrowUp" && index > 0) put(card, { column, next: list[index - 1] });
  else if (key === "ArrowDown" && index < list.length - 1) put(card, { column, next: list[index + 2] ?? null });
  else if (key === "ArrowLeft" || key === "ArrowRight") {
    const other = columns[columns.indexOf(column) + (key === "ArrowLeft" ? -1 : 1)];
    if (!other) return;
    put(card, { column: other, next: cardsOf(other)[index] ?? null });
  }
  card.querySelector("[data-handle]").focus();
  card.scrollIntoView({ block: "nearest", inline: "nearest" });
  announce(say("now-at", { card: name(card), ...where(card) }));
}

function onKey(event) {
  const handle = event.target.closest?.("[data-handle]");
  const card = handle?.closest(SELECTOR);
  if (!card?.closest("[data-kanban]")) return;
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    if (held) letGo({ keep: true });
    else pickUp(card);
  } else if (!held) return;
  else if (event.key === "Escape" || event.key === "Tab") {
    if (event.key === "Escape") event.preventDefault();
    letGo({ keep: false });
  } else if (event.key.startsWith("Arrow")) {
    event.preventDefault();
    step(card, event.key);
  }
}

/** A card put below those shown comes again with the next ones: one of the two stays, the one somebody holds. */
function dropTwins() {
  const first = new Map();
  for (const card of document.querySelectorAll(`[data-kanban] ${SELECTOR}`)) {
    const twin = first.get(card.dataset.card);
    const isHeld = card.matches(".is-held, .is-dragging, [aria-busy]");
    if (twin) (isHeld ? twin : card).remove();
    if (!twin || isHeld) first.set(card.dataset.card, card);
  }
}

export function startKanban() {
  document.addEventListener("htmx:after:swap", dropTwins);
  document.addEventListener("keydown", onKey);
  followPointer();
}
