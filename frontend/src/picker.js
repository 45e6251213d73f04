// Choosing a customer by keys: the arrow down goes to the first that is offered, Enter takes it instead of sending a form
// in which nobody is chosen yet. Where the answer to what was typed is still on its way, Enter waits for it.
let waiting = null; // the box whose Enter came before what is offered

const offeredTo = (box) => document.getElementById(`${box.id}_found`);
const isAnswered = (box) => offeredTo(box)?.querySelector("[data-typed]")?.dataset.typed === box.value;

function take(box) {
  const first = offeredTo(box)?.querySelector("input[type=radio]");
  first?.focus();
  first?.click();
}

export function startPicker() {
  document.addEventListener("keydown", (event) => {
    const box = event.target;
    if (event.isComposing || !box.matches?.("[data-picker]")) return;
    waiting = null;
    if (!["Enter", "ArrowDown"].includes(event.key) || !box.value.trim()) return;
    event.preventDefault();
    if (isAnswered(box)) take(box);
    else waiting = box;
  });
  document.addEventListener("htmx:after:swap", () => {
    if (!waiting || document.activeElement !== waiting || !isAnswered(waiting)) return;
    take(waiting);
    waiting = null;
  });
}
