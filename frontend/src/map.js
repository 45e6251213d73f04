// The map of customers: <figure data-map>. The background is drawn here, the marks are links that the server makes for
// the part that is looked at. Without script there is the list beside it.
import { decode, draw, drawCircle, tilesOf, toLatitude, toLongitude, toX, toY } from "./map-world.js";

const CLOSEST = 14, FURTHEST = 0, TILE = 256;
const maps = new WeakSet();
let worlds = null;

function loadWorld(url) {
  worlds ??= fetch(url).then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(answer.status)))).then(decode);
  return worlds;
}

class CustomerMap {
  constructor(figure) {
    this.figure = figure;
    this.canvas = figure.querySelector("canvas");
    this.layer = figure.querySelector("[data-map-marks]");
    this.said = figure.querySelector("[data-map-said]");
    this.near = figure.dataset.near ? figure.dataset.near.split(",").map(Number) : null;
    this.tiles = figure.dataset.tiles ? tilesOf(figure.dataset.tiles) : null;
    this.marks = [];
    figure.hidden = false;
    figure.tabIndex = 0;
    figure.setAttribute("role", "group");
    this.fit();
    this.listen();
    loadWorld(figure.dataset.world).then((world) => { this.world = world; this.paint(); }, () => {});
    new ResizeObserver(() => this.moved()).observe(figure);
    new MutationObserver(() => this.paint()).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
  }

  get size() { return [this.figure.clientWidth, this.figure.clientHeight]; }

  get view() {
    const [width, height] = this.size, scale = TILE * 2 ** this.zoom;
    const [left, top] = [this.x - width / scale / 2, this.y - height / scale / 2];
    return { width, height, scale, left, top, right: left + width / scale, bottom: top + height / scale };
  }

  /** Shows all there is, or the whole world. */
  fit(wholeWorld = false) {
    const box = wholeWorld || !this.figure.dataset.box ? [-60, -180, 75, 180] : this.figure.dataset.box.split(",").map(Number);
    let [south, west, north, east] = box;
    if (west > east) [west, east] = [-180, 180];
    const [left, right, top, bottom] = [toX(west), toX(east), toY(north), toY(south)];
    const [width, height] = this.size.map((side) => Math.max(side - 80, 120));
    const room = Math.min(width / Math.max(right - left, 1e-9), height / Math.max(bottom - top, 1e-9));
    [this.x, this.y] = [(left + right) / 2, (top + bottom) / 2];
    this.zoom = Math.max(FURTHEST, Math.min(10, Math.log2(room / TILE)));
    this.moved();
  }

  zoomBy(step, [px, py] = this.size.map((side) => side / 2)) {
    const before = this.view;
    this.zoom = Math.max(FURTHEST, Math.min(CLOSEST, this.zoom + step));
    const after = TILE * 2 ** this.zoom, [width, height] = this.size;
    this.x = before.left + px / before.scale - (px - width / 2) / after;
    this.y = before.top + py / before.scale - (py - height / 2) / after;
    this.moved();
  }

  moveBy(dx, dy) {
    this.x -= dx / this.view.scale;
    this.y -= dy / this.view.scale;
    this.moved();
  }

  moved() {
    this.x = Math.max(0, Math.min(1, this.x));
    this.y = Math.max(0, Math.min(1, this.y));
    this.paint();
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.load(), 200);
  }

  paint() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => {
      const view = this.view, dense = window.devicePixelRatio || 1;
      [this.canvas.width, this.canvas.height] = [view.width * dense, view.height * dense];
      const context = this.canvas.getContext("2d");
      context.scale(dense, dense);
      draw(context, view, this.world, this.tiles, () => this.paint());
      if (this.near) drawCircle(context, view, this.near);
      for (const mark of this.marks) this.place(mark, view);
    });
  }

  place({ node, at }, view) {
    const x = (toX(at[1]) - view.left) * view.scale, y = (toY(at[0]) - view.top) * view.scale;
    node.style.transform = `translate(${x}px, ${y}px) translate(-50%, -50%)`;
    node.hidden = x < -20 || y < -20 || x > view.width + 20 || y > view.height + 20;
  }

  /** The marks of what is looked at, and some of what is round it. */
  async load() {
    const view = this.view, [w, h] = [(view.right - view.left) / 4, (view.bottom - view.top) / 4];
    const seen = [
      view.bottom + h >= 1 ? -90 : toLatitude(view.bottom + h), Math.max(-180, toLongitude(view.left - w)),
      view.top - h <= 0 ? 90 : toLatitude(view.top - h), Math.min(180, toLongitude(view.right + w)),
    ];
    this.asking?.abort();
    this.asking = new AbortController();
    try {
      const url = `${this.figure.dataset.marks}&marks=${Math.round(this.zoom)}&seen=${seen.map((each) => each.toFixed(5))}`;
      const answer = await fetch(url, { signal: this.asking.signal, headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(answer.status);
      this.show(await answer.json());
    } catch (error) {
      if (error.name !== "AbortError") this.say(this.figure.dataset.failed);
    }
  }

  show({ marks, more }) {
    const focused = this.layer.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    const most = Math.max(1, ...marks.map((mark) => mark.number));
    const named = this.named(marks);
    this.marks = marks.map((mark) => {
      const node = document.createElement("a");
      node.className = "map-mark";
      node.href = mark.url;
      node.title = mark.label;
      node.setAttribute("aria-label", mark.label);
      node.dataset.size = String(1 + Math.round((3 * Math.log(mark.number)) / Math.log(most + 1)));
      node.textContent = mark.number;
      if (named.has(mark)) node.dataset.name = mark.name;
      return { node, at: mark.at };
    });
    this.layer.replaceChildren(...this.marks.map((mark) => mark.node));
    if (focused) this.marks.find((mark) => mark.node.getAttribute("href") === focused)?.node.focus();
    this.say(more || (marks.length ? "" : this.figure.dataset.nothing));
    this.paint();
  }

  /** The largest bear their names, as far as there is room for them. */
  named(marks) {
    const scale = this.view.scale, chosen = new Set(), boxes = [];
    for (const mark of [...marks].sort((one, other) => other.number - one.number)) {
      const x = toX(mark.at[1]) * scale, y = toY(mark.at[0]) * scale, half = 14 + mark.name.length * 3.5;
      const isFree = boxes.every(([otherX, otherY, otherHalf]) => Math.abs(x - otherX) > half + otherHalf || Math.abs(y - otherY) > 46);
      if (isFree && mark.name) chosen.add(mark);
      boxes.push([x, y, isFree ? half : 20]);
    }
    return chosen;
  }

  say(text) {
    this.said.textContent = text;
    this.said.hidden = !text;
  }

  listen() {
    const doing = { in: () => this.zoomBy(1), out: () => this.zoomBy(-1), all: () => this.fit(), world: () => this.fit(true) };
    this.figure.addEventListener("click", (event) => {
      const button = event.target.closest("[data-map-do]");
      if (button) doing[button.dataset.mapDo]();
      else if (this.dragged) event.preventDefault(); // letting go over a mark does not open it
    });
    this.figure.addEventListener("keydown", (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      const moves = { ArrowLeft: [80, 0], ArrowRight: [-80, 0], ArrowUp: [0, 80], ArrowDown: [0, -80] };
      if (moves[event.key]) this.moveBy(...moves[event.key]);
      else if (event.key === "+" || event.key === "=") this.zoomBy(1);
      else if (event.key === "-") this.zoomBy(-1);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    // The page scrolls as usual; over the map it does so until somebody has clicked into it, or holds Ctrl.
    this.figure.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey && !this.figure.contains(document.activeElement)) return;
      event.preventDefault();
      this.zoomBy(-event.deltaY / 300, this.pointIn(event));
    }, { passive: false });
    this.figure.addEventListener("dragstart", (event) => event.preventDefault());
    this.listenToPointers();
  }

  pointIn(event) {
    const edges = this.figure.getBoundingClientRect();
    return [event.clientX - edges.left, event.clientY - edges.top];
  }

  /** One pointer moves the map, two of them bring it nearer. */
  listenToPointers() {
    const down = new Map();
    const spread = () => { const [one, other] = [...down.values()]; return Math.hypot(one[0] - other[0], one[1] - other[1]); };
    this.figure.addEventListener("pointerdown", (event) => {
      if (event.target.closest("button")) return;
      this.dragged = false;
      down.set(event.pointerId, this.pointIn(event));
    });
    this.figure.addEventListener("pointermove", (event) => {
      const before = down.get(event.pointerId);
      if (!before) return;
      const now = this.pointIn(event), apart = down.size > 1 ? spread() : 0;
      if (!this.dragged && Math.hypot(now[0] - before[0], now[1] - before[1]) < 4) return;
      this.dragged = true;
      this.figure.setPointerCapture(event.pointerId);
      down.set(event.pointerId, now);
      if (down.size === 1) this.moveBy(now[0] - before[0], now[1] - before[1]);
      else if (apart > 0) this.zoomBy(Math.log2(spread() / apart), now);
    });
    for (const end of ["pointerup", "pointercancel"]) this.figure.addEventListener(end, (event) => down.delete(event.pointerId));
  }
}

function startMaps() {
  for (const figure of document.querySelectorAll("figure[data-map]")) {
    if (maps.has(figure)) continue;
    maps.add(figure);
    new CustomerMap(figure);
  }
}

/** Asks the device where it is, when somebody says so and not before; rounded to a hundred metres. */
function offerNearMe() {
  const button = document.querySelector("[data-near-me]");
  if (!button || !navigator.geolocation || !window.isSecureContext) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    button.disabled = true;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => location.assign(`${button.dataset.url}${coords.latitude.toFixed(3)},${coords.longitude.toFixed(3)}`),
      () => { button.disabled = false; button.title = button.dataset.refused; button.after(document.createTextNode(button.dataset.refused)); },
      { maximumAge: 300000, timeout: 15000 },
    );
  });
}

startMaps();
offerNearMe();
document.addEventListener("htmx:after:swap", startMaps);
