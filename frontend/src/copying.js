// `<button data-copy="id of the field">`: what stands there goes to the clipboard, which a toast tells. Where the browser
// does not allow it, as on an address without HTTPS, it is selected for Ctrl C. Without this script the button is not
// there (parts.css).
import { say } from "./words.js";
import { toast } from "./toasts.js";

async function copy(field) {
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    toast({ text: say("copied") });
  } catch {
    toast({ text: say("not-copied"), level: "info" });
  }
}

export function startCopying() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-copy]");
    const field = button && document.getElementById(button.dataset.copy);
    if (field) copy(field);
  });
}
