// Lines that a form numbers: `<div data-lines="lines">` around what says how many there are, the lines (`data-line`) and a
// button (`data-add-line`), which makes one more of the last: empty, but for what stays the same (`data-same`). Without
// this script the button is not there (parts.css); a saved form offers more empty lines.
const MOST = 200; // as the server takes (max_num)
const counter = (box) => box.querySelector(`[name="${box.dataset.lines}-TOTAL_FORMS"]`);

function emptied(line) {
  for (const error of line.querySelectorAll(".field-error, [data-form-errors]")) error.remove();
  for (const option of line.querySelectorAll("option[selected]")) option.removeAttribute("selected");
  for (const field of line.querySelectorAll("input, select")) {
    field.removeAttribute("aria-invalid");
    field.classList.remove("is-invalid");
    if (!field.hasAttribute("data-same")) field.removeAttribute("value");
  }
  return line;
}

function add(box) {
  const count = Number(counter(box).value);
  const last = [...box.querySelectorAll("[data-line]")].at(-1);
  if (!last || count >= MOST) return null;
  const copy = document.createElement("template");
  copy.innerHTML = last.outerHTML.replaceAll(`${box.dataset.lines}-${count - 1}-`, `${box.dataset.lines}-${count}-`);
  const line = emptied(copy.content.firstElementChild);
  const legend = line.querySelector("legend");
  if (legend) legend.textContent = legend.textContent.replace(/\d+/, count + 1);
  last.after(line);
  counter(box).value = count + 1;
  line.dispatchEvent(new Event("line-added", { bubbles: true })); // htmx looks at it: not here, public pages have none
  return line;
}

const needed = (box, names) => 1 + Math.max(-1, ...names.map((name) => Number(name.match(`^${box.dataset.lines}-(\\d+)-`)?.[1] ?? -1)));

/** For what a draft holds: at least as many lines as it names. */
export function makeRoom(form, names) {
  for (const box of form.querySelectorAll("[data-lines]"))
    while (Number(counter(box).value) < needed(box, names) && add(box));
}

/** Where a draft is discarded: no more lines than were there. */
export function takeAway(form, names) {
  for (const box of form.querySelectorAll("[data-lines]")) {
    const count = needed(box, names);
    for (const line of [...box.querySelectorAll("[data-line]")].slice(count)) line.remove();
    counter(box).value = count;
  }
}

export function startLines() {
  document.addEventListener("click", (event) => {
    const box = event.target.closest?.("[data-add-line]")?.closest("[data-lines]");
    if (box) add(box)?.querySelector("select, input")?.focus();
  });
}
