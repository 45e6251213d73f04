// One <dialog id="dialog"> for every form opened over a page: htmx fills it, this opens and closes it.
let opener = null;
let lastUrl = "";

export const dialog = () => document.getElementById("dialog");

export function openDialog() {
  const node = dialog();
  if (!node || node.open) return;
  opener = document.activeElement;
  node.showModal();
  // Not the close button, which comes first: the first thing there is to fill in.
  const first = node.querySelector("[autofocus]") ?? node.querySelector(".dialog-body :is(input:not([type=hidden]), select, textarea)");
  first?.focus();
}

/** An ordinary form inside the dialog is sent by htmx: with errors it stays there, a redirect leaves the page. */
function stayInDialog(node, url) {
  for (const form of node.querySelectorAll("form[method=post]:not([hx-post])")) {
    form.setAttribute("hx-post", form.getAttribute("action") || url);
    form.setAttribute("hx-target", "#dialog");
    form.setAttribute("hx-swap", "innerHTML");
  }
}

export function closeDialog() {
  const node = dialog();
  if (node?.open) node.close();
}

export function startDialog() {
  const node = dialog();
  if (!node) return;
  document.addEventListener("htmx:after:swap", () => {
    if (node.childElementCount && !node.open) openDialog();
  });
  // Before htmx looks at what it has just put in.
  document.addEventListener("htmx:before:settle", (event) => {
    if (event.detail.task?.target === node) stayInDialog(node, lastUrl);
  });
  document.addEventListener("htmx:config:request", (event) => {
    const { ctx } = event.detail;
    if (ctx.target === node) lastUrl = ctx.request.action;
  });
  // HX-Trigger: close-dialog, after a saved form
  document.addEventListener("close-dialog", closeDialog);
  node.addEventListener("close", () => {
    node.replaceChildren();
    if (opener?.isConnected) opener.focus();
    opener = null;
  });
  node.addEventListener("click", (event) => {
    const shut = event.target.closest("[data-close-dialog]");
    if (shut) closeDialog();
  });
}
