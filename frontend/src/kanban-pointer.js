// Dragging by mouse (after a few pixels) or touch (after holding, so that the page can still be scrolled).
import { place, put, settle } from "./kanban.js";

const MOVE = 6;
const HOLD = 300;
const EDGE = 48;
const STEP = 8; // pixels in each frame
let drag = null;

function begin(card, event) {
  const box = card.getBoundingClientRect();
  const ghost = card.cloneNode(true);
  ghost.classList.add("kanban-ghost");
  ghost.removeAttribute("data-card");
  ghost.setAttribute("aria-hidden", "true");
  ghost.inert = true;
  ghost.style.width = `${box.width}px`;
  document.body.append(ghost);
  Object.assign(drag, { active: true, ghost, dx: event.clientX - box.left, dy: event.clientY - box.top });
  card.classList.add("is-dragging");
  document.body.classList.add("is-dragging-card");
  getSelection()?.removeAllRanges();
  follow(event);
  requestAnimationFrame(scroll);
}

// A pointer that rests at the edge of the board scrolls on: a finger on a phone has no room left to move in.
function scroll() {
  if (!drag?.active) return;
  const board = drag.card.closest("[data-kanban]");
  const before = [board?.scrollLeft, scrollY];
  if (board) scrollAtEdge(board, drag.at.clientX);
  if (board?.querySelector('[data-flow="grid"]')) scrollPageAtEdge(drag.at.clientY);
  if (board?.scrollLeft !== before[0] || scrollY !== before[1]) follow(drag.at);
  requestAnimationFrame(scroll);
}

function follow(event) {
  const { ghost, card, dx, dy } = drag;
  drag.at = event;
  ghost.style.transform = `translate(${event.clientX - dx}px, ${event.clientY - dy}px) rotate(1.5deg)`;
  const board = card.closest("[data-kanban]");
  const column = document.elementFromPoint(event.clientX, event.clientY)?.closest?.("[data-column], [data-column-area]");
  const list = column?.matches("[data-column]") ? column : column?.querySelector("[data-column]");
  if (!list || list.closest("[data-kanban]") !== board) return;
  const isGrid = list.dataset.flow === "grid";
  if (isGrid && isInside(event, card.getBoundingClientRect())) return; // or two of different widths would take turns
  const width = list.getBoundingClientRect().width;
  const below = [...list.querySelectorAll("[data-card]")].find((other) => {
    if (other === card) return false;
    const box = other.getBoundingClientRect();
    return isGrid && box.width < 0.9 * width ? isBeforeInRow(event, box) : event.clientY < box.top + box.height / 2;
  });
  const target = { column: list, next: below ?? null };
  if (list !== card.parentElement || (below ?? null) !== nextCard(card)) put(card, target);
}

function isInside({ clientX, clientY }, box) {
  return clientX >= box.left && clientX <= box.right && clientY >= box.top && clientY <= box.bottom;
}

/** Cards beside each other are read in lines: whatever is below the pointer, or right of it in its line, comes after. */
function isBeforeInRow({ clientX, clientY }, box) {
  return clientY < box.top || (clientY < box.bottom && clientX < box.left + box.width / 2);
}

function nextCard(card) {
  const next = card.nextElementSibling;
  return next?.matches("[data-card]") ? next : null;
}

function scrollAtEdge(board, x) {
  const box = board.getBoundingClientRect();
  if (x < box.left + EDGE) board.scrollLeft -= STEP;
  else if (x > box.right - EDGE) board.scrollLeft += STEP;
}

function scrollPageAtEdge(y) {
  const top = y < EDGE ? -STEP : y > innerHeight - EDGE ? STEP : 0;
  if (top) scrollBy({ top, behavior: "instant" }); // a smooth one would begin anew in each frame
}

function end({ keep }) {
  if (!drag) return;
  const { card, from, active, ghost, timer } = drag;
  clearTimeout(timer);
  drag = null;
  if (!active) return;
  ghost.remove();
  card.classList.remove("is-dragging");
  document.body.classList.remove("is-dragging-card");
  // The click that follows a drag must not open the card.
  addEventListener("click", stopOnce, { capture: true, once: true });
  setTimeout(() => removeEventListener("click", stopOnce, true), 50);
  if (keep) settle(card, from);
  else put(card, from);
}

function stopOnce(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
}

function onDown(event) {
  const card = event.target.closest?.("[data-card]");
  if (!card?.closest("[data-kanban]") || !card.dataset.moveUrl || event.button !== 0) return;
  if (event.target.closest("input, select, textarea, button:not([data-handle]), .dropdown")) return;
  drag = { card, from: place(card), x: event.clientX, y: event.clientY, pointer: event.pointerId, touch: event.pointerType !== "mouse" };
  if (drag.touch) drag.timer = setTimeout(() => drag && begin(card, event), HOLD);
}

function onMove(event) {
  if (!drag || event.pointerId !== drag.pointer) return;
  if (drag.active) return follow(event);
  if (Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < MOVE) return;
  if (drag.touch) end({ keep: false }); // moved before holding: that is scrolling
  else begin(drag.card, event);
}

export function followPointer() {
  document.addEventListener("pointerdown", onDown);
  document.addEventListener("pointermove", onMove);
  document.addEventListener("pointerup", () => end({ keep: true }));
  document.addEventListener("pointercancel", () => end({ keep: false }));
  document.addEventListener("touchmove", (event) => { if (drag?.active) event.preventDefault(); }, { passive: false });
  document.addEventListener("dragstart", (event) => { if (event.target.closest?.("[data-kanban] [data-card]")) event.preventDefault(); });
  document.addEventListener("keydown", (event) => { if (drag?.active && event.key === "Escape") end({ keep: false }); });
  document.addEventListener("contextmenu", (event) => { if (drag?.touch) event.preventDefault(); });
}
