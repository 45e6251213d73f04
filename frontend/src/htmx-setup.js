// htmx 4, held to the Content-Security-Policy: nothing is ever evaluated. What the server answers decides:
// 2xx and 422 (a form with errors) and 409 (a conflict) are shown in place; other refusals become a toast.
import htmx from "htmx.org";
import { toast } from "./toasts.js";
import { announce } from "./live.js";
import { say } from "./words.js";

function refuse() {
  throw new Error("htmx may not evaluate code here: use data attributes and the modules in frontend/src");
}

htmx.registerExtension("no-eval", { init: (api) => api.initSecurity(null, refuse, refuse) });

const csrf = () => document.querySelector('meta[name="csrf"]')?.content ?? "";

/** fetch for our own modules: same headers as htmx sends. */
export function send(url, values = {}, method = "POST", more = {}) {
  const body = values instanceof FormData ? values : new URLSearchParams(values);
  return fetch(url, { method, body, credentials: "same-origin", headers: { "X-CSRFToken": csrf(), "HX-Request": "true", Accept: "text/html, application/json", ...more } });
}

/** A sentence for a refusal: the server's own where it sent one, ours otherwise. */
export function reason(status, text = "", type = "") {
  if (status === 422 || status === 409 || status === 403 || status === 400) {
    if (type.includes("json")) {
      try { const body = JSON.parse(text); return body.detail ?? body.error ?? say("failed"); } catch { /* not ours */ }
    }
    const sentence = new DOMParser().parseFromString(text, "text/html").querySelector("[data-reason]")?.textContent.trim();
    if (sentence) return sentence;
    if (type.includes("text/plain") && text && text.length < 300) return text;
  }
  return { 403: say("forbidden"), 404: say("gone"), 409: say("conflict"), 429: say("slow-down") }[status] ?? say("failed");
}

function leadsToAnotherPage(ctx) {
  // The session ran out and the server redirected to the sign-in page: a whole page must not land in a fragment.
  return ctx.response?.raw.redirected && /^\s*<!doctype/i.test(ctx.text ?? "") && ctx.target !== document.body && !ctx.select;
}

function onResponse(event) {
  const { ctx } = event.detail;
  if (leadsToAnotherPage(ctx)) {
    event.preventDefault();
    const url = new URL(ctx.response.raw.url);
    if (url.searchParams.has("next")) url.searchParams.set("next", location.pathname + location.search);
    location.href = url.href;
    return;
  }
  const { status } = ctx.response;
  const panel = ctx.sourceElement?.closest?.("[data-panel]");
  if (status < 400 || status === 422 || (status === 409 && !panel)) return;
  ctx.swap = "none";
  if (panel && ctx.request.method === "GET") failPanel(panel);
  else if (saysSo(ctx)) return;
  else toast({ level: "error", text: reason(status, ctx.text, ctx.response.headers.get("content-type") ?? "") });
}

/** Something that loads by itself says on its own place that it could not; pressing it tries again. */
function saysSo(ctx) {
  const place = ctx?.sourceElement?.closest?.("[data-fails-here]");
  if (!place) return false;
  place.querySelector("[data-failed]").hidden = false;
  return true;
}

function failPanel(panel) {
  const pattern = document.getElementById("panel-error-pattern");
  if (!pattern) return;
  panel.replaceChildren(pattern.content.cloneNode(true));
  panel.querySelector("[data-panel-title]").textContent = panel.getAttribute("aria-label") ?? "";
  panel.removeAttribute("aria-busy");
  panel.querySelector("[data-retry]")?.addEventListener("click", () => {
    panel.setAttribute("aria-busy", "true");
    htmx.trigger(panel, "retry");
  });
}

function onLost(event) {
  const { ctx } = event.detail;
  const panel = ctx?.sourceElement?.closest?.("[data-panel]");
  if (panel && ctx.request.method === "GET") failPanel(panel);
  else if (!saysSo(ctx) && !ctx?.sourceElement?.hasAttribute?.("data-quiet")) toast({ level: "error", text: navigator.onLine ? say("failed") : say("offline") });
}

// Focus: a swap that takes the focused element away must not drop the person to the top of the page.
let focusedBefore = null;

function rememberFocus() {
  const element = document.activeElement;
  focusedBefore = element && element !== document.body ? { element, path: pathTo(element) } : null;
}

function pathTo(element) {
  return { id: element.id, name: element.getAttribute("name"), href: element.getAttribute("href"), text: element.textContent?.trim().slice(0, 40), tag: element.tagName };
}

function keepFocus(event) {
  if (!focusedBefore || focusedBefore.element.isConnected || document.activeElement !== document.body) return;
  const target = event.detail.ctx?.target;
  const root = target?.isConnected ? target : document.getElementById(target?.id ?? "") ?? document.getElementById("content");
  if (!root) return;
  const { id, name, href, text, tag } = focusedBefore.path;
  const twin = (id && document.getElementById(id)) || [...root.querySelectorAll(tag)].find((other) =>
    (name && other.getAttribute("name") === name) || (href && other.getAttribute("href") === href) || (!name && !href && other.textContent.trim().slice(0, 40) === text));
  if (twin) return twin.focus({ preventScroll: true });
  if (!root.hasAttribute("tabindex")) root.setAttribute("tabindex", "-1");
  root.focus({ preventScroll: true });
}

function goToFirstError(root) {
  const field = root.querySelector("[aria-invalid=true]") ?? root.querySelector("[data-form-errors]");
  field?.focus();
}

function focusFirstError(event) {
  if (event.detail.ctx?.response?.status !== 422) return;
  const root = event.detail.ctx.target?.isConnected ? event.detail.ctx.target : document;
  goToFirstError(root);
  const count = root.querySelectorAll("[aria-invalid=true]").length;
  if (count) announce(say("form-errors", { count }));
}

// What somebody types into a field while its proposed content is on the way stays: a price, say.
function noteTyped({ detail: { ctx } }) {
  if (ctx.target?.matches?.("input")) ctx.typedBefore = ctx.target.value;
}

function keepTyped(event) {
  const { ctx } = event.detail;
  if (ctx.typedBefore !== undefined && ctx.target.value !== ctx.typedBefore) event.preventDefault();
}

export function startHtmx() {
  goToFirstError(document); // of a form that came back as a page of its own
  document.addEventListener("htmx:config:request", (event) => {
    const { request } = event.detail.ctx;
    if (request.method !== "GET") request.headers["X-CSRFToken"] = csrf();
  });
  document.addEventListener("line-added", (event) => htmx.process(event.target));
  document.addEventListener("htmx:after:request", onResponse);
  document.addEventListener("htmx:error", onLost);
  document.addEventListener("htmx:before:request", noteTyped);
  document.addEventListener("htmx:before:swap", keepTyped);
  document.addEventListener("htmx:before:swap", rememberFocus);
  document.addEventListener("htmx:after:swap", (event) => {
    keepFocus(event);
    focusFirstError(event);
    const said = event.detail.ctx?.target?.querySelector?.("[data-announce]");
    if (said) announce(said.dataset.announce || said.textContent.trim());
    event.detail.ctx?.target?.removeAttribute?.("aria-busy");
  });
}

export { htmx };
