// Selecting rows of a list: one by one, by range (shift), the page, or everything that matches the filter.
// Markup (docs/frontend.md): <form data-bulk data-total="…"> around the bar and the table.
import { say } from "./words.js";
import { announce } from "./live.js";

const rows = (form) => [...form.querySelectorAll("input[data-bulk-row]")];
const number = (value) => Number(value).toLocaleString(document.documentElement.lang);

function refresh(form, { quiet = false } = {}) {
  const all = rows(form);
  const chosen = all.filter((row) => row.checked);
  const everything = form.querySelector("input[name=all_matching]");
  if (everything && chosen.length < all.length) everything.value = "";
  const whole = everything?.value === "1";
  for (const head of form.querySelectorAll("input[data-bulk-page]")) {
    head.checked = all.length > 0 && chosen.length === all.length;
    head.indeterminate = chosen.length > 0 && chosen.length < all.length;
  }
  for (const row of all) row.closest("tr, li, [data-row]")?.classList.toggle("is-selected", row.checked);
  const bar = form.querySelector("[data-bulk-bar]");
  if (!bar) return;
  bar.hidden = chosen.length === 0;
  const text = whole ? say("all-selected", { count: form.dataset.totalText || number(form.dataset.total) })
    : say("selected", { count: number(chosen.length) });
  const count = bar.querySelector("[data-bulk-count]");
  if (count) count.textContent = text;
  const offer = bar.querySelector("[data-bulk-all]");
  // With the first one chosen: on a phone the box that chooses the page is far up, and has no words.
  if (offer) offer.hidden = whole || Number(form.dataset.total || 0) <= all.length;
  if (!quiet) announce(chosen.length ? text : say("none-selected"));
}

function range(form, last, now) {
  const all = rows(form);
  const [from, to] = [all.indexOf(last), all.indexOf(now)].sort((a, b) => a - b);
  if (from < 0) return;
  for (const row of all.slice(from, to + 1)) row.checked = now.checked;
}

export function startBulk() {
  let last = null;
  let shift = false;
  document.addEventListener("click", (event) => {
    shift = event.shiftKey;
    const form = event.target.closest?.("form[data-bulk]");
    if (!form) return;
    if (event.target.closest("[data-bulk-all]")) {
      for (const row of rows(form)) row.checked = true;
      form.querySelector("input[name=all_matching]").value = "1";
      refresh(form);
    } else if (event.target.closest("[data-bulk-none]")) {
      for (const row of rows(form)) row.checked = false;
      refresh(form);
      form.querySelector("input[data-bulk-page]")?.focus();
    }
  }, true);
  document.addEventListener("change", (event) => {
    const form = event.target.closest?.("form[data-bulk]");
    if (!form) return;
    if (event.target.matches("input[data-bulk-page]")) {
      for (const row of rows(form)) row.checked = event.target.checked;
    } else if (event.target.matches("input[data-bulk-row]")) {
      if (shift && last?.isConnected) range(form, last, event.target);
      last = event.target;
    } else return;
    refresh(form);
  });
  document.addEventListener("htmx:after:swap", () => {
    for (const form of document.querySelectorAll("form[data-bulk]")) refresh(form, { quiet: true });
  });
  // Back to a page the browser kept: its checkboxes come back checked.
  for (const form of document.querySelectorAll("form[data-bulk]")) refresh(form, { quiet: true });
}
