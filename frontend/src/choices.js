// A box above many ticks shows those whose words have what is typed; what is ticked stays in sight.
// Enter ticks the only one that is left. Without this script the box is not there (parts.css).
import { announce } from "./live.js";
import { say } from "./words.js";

const fold = (text) => text.normalize("NFKC").toLocaleLowerCase().trim();

function narrow(box) {
  const typed = fold(box.value);
  let found = 0;
  for (const tick of box.closest("fieldset").querySelectorAll(".field-choices input[type=checkbox]")) {
    const matches = fold(tick.closest("label").textContent).includes(typed);
    if (matches) found += 1;
    tick.closest("label").parentElement.hidden = !matches && !tick.checked;
  }
  return found;
}

export function startChoices() {
  document.addEventListener("input", (event) => {
    if (event.target.matches?.("[data-choices-search]")) announce(say("choices-found", { count: narrow(event.target) }));
  });
  document.addEventListener("keydown", (event) => {
    const box = event.target;
    if (event.key !== "Enter" || event.isComposing || !box.matches?.("[data-choices-search]")) return;
    event.preventDefault(); // the form is sent by its button
    if (narrow(box) !== 1) return;
    const left = [...box.closest("fieldset").querySelectorAll(".field-choices input[type=checkbox]")];
    left.find((tick) => fold(tick.closest("label").textContent).includes(fold(box.value))).click();
    box.select();
  });
}
