// Draws every <figure data-chart="id of the JSON script"> with Vega-Lite. No code is generated: the
// expressions of a chart are walked by vega-interpreter, so the strict policy holds.
import { compile } from "vega-lite";
import { View, loader, parse } from "vega";
import { expressionInterpreter } from "vega-interpreter";

// Told apart without colour vision, and by lightness in print (after Okabe and Ito).
const palettes = {
  light: ["#0b6bcb", "#d55e00", "#00836b", "#a3478f", "#8a6d00", "#4f6b8a", "#b3261e", "#3d3d3d"],
  dark: ["#6db3f2", "#f29b57", "#4cc9a7", "#dd8fcd", "#e3c44d", "#a9bdd4", "#ff8a80", "#d0d0d0"],
};
const drawn = new Map();

function look() {
  const dark = document.documentElement.dataset.bsTheme === "dark";
  const [text, soft, line] = dark ? ["#d6d6d6", "#a8a8a8", "#3c3c3c"] : ["#333333", "#666666", "#e3e3e3"];
  const font = getComputedStyle(document.body).fontFamily;
  return {
    aria: false, // the picture is named as a whole, in the page's language; its values stand in the table
    background: "transparent",
    font,
    view: { stroke: null },
    axis: { labelColor: soft, titleColor: text, gridColor: line, domainColor: line, tickColor: line, labelFontSize: 12, titleFontSize: 12, titleFontWeight: 500, labelPadding: 4 },
    legend: { labelColor: text, titleColor: text, labelFontSize: 12, titleFontSize: 12, symbolStrokeWidth: 2 },
    title: { color: text, fontSize: 13, fontWeight: 600 },
    text: { color: text, fontSize: 12 },
    rule: { color: soft },
    bar: { color: palettes[dark ? "dark" : "light"][0], cornerRadiusEnd: 2 },
    line: { color: palettes[dark ? "dark" : "light"][0], strokeWidth: 2 },
    area: { color: palettes[dark ? "dark" : "light"][0], fillOpacity: 0.25, line: true },
    point: { color: palettes[dark ? "dark" : "light"][0], filled: true, size: 40 },
    range: { category: palettes[dark ? "dark" : "light"], ordinal: palettes[dark ? "dark" : "light"] },
  };
}

/** fill: "url(#hatch)" in a chart marks an incomplete period. */
function defineHatch() {
  if (document.getElementById("hatch")) return;
  const make = (tag, attributes) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
  };
  const svg = make("svg", { width: 0, height: 0, "aria-hidden": "true", class: "chart-patterns" });
  const pattern = make("pattern", { id: "hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
  pattern.append(make("rect", { width: 6, height: 6, class: "hatch-ground" }), make("rect", { width: 2.5, height: 6, class: "hatch-line" }));
  svg.append(pattern);
  document.body.append(svg);
}

const reader = loader();
// A chart's data is in the page. Nothing is fetched on its behalf.
reader.load = () => Promise.reject(new Error("Charts carry their own data"));

async function draw(figure) {
  const source = document.getElementById(figure.dataset.chart);
  const place = figure.querySelector("[data-chart-area]");
  if (!source || !place) return;
  figure.dataset.drawn = "yes";
  try {
    drawn.get(figure)?.finalize();
    const spec = { width: "container", autosize: { type: "fit-x", contains: "padding" }, ...JSON.parse(source.textContent) };
    const { spec: vega } = compile(spec, { config: look() });
    // vega.parse takes no functions from the page; ast: true keeps expressions as trees.
    const view = new View(parse(vega, null, { ast: true }), {
      expr: expressionInterpreter, renderer: "svg", container: place, hover: true, loader: reader, logLevel: 1,
    });
    drawn.set(figure, view);
    await view.runAsync();
    const svg = place.querySelector("svg");
    svg?.setAttribute("aria-hidden", "true"); // the area itself is the image, with the figure's label
    figure.dataset.drawn = "done";
  } catch (error) {
    figure.dataset.drawn = "failed";
    figure.querySelector("details")?.setAttribute("open", "");
    console.error("chart", figure.dataset.chart, error);
  }
}

window.drawCharts = ({ again = false } = {}) => {
  defineHatch();
  for (const [figure, view] of drawn) {
    if (figure.isConnected) continue;
    view.finalize();
    drawn.delete(figure);
  }
  for (const figure of document.querySelectorAll("figure[data-chart]")) {
    if (again || !figure.dataset.drawn) draw(figure);
  }
};
