// Charts are a heavy bundle: it is fetched when the first <figure data-chart> appears.
let loading = null;

function load() {
  const source = document.querySelector("meta[name=charts]")?.content;
  if (!source) return Promise.resolve();
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = source;
    script.onload = resolve;
    script.onerror = reject;
    document.head.append(script);
  });
  return loading;
}

function drawNew() {
  if (document.querySelector("figure[data-chart]:not([data-drawn])")) load().then(() => window.drawCharts?.(), () => {});
}

export function startChartLoader() {
  drawNew();
  document.addEventListener("htmx:after:swap", drawNew);
  document.addEventListener("theme-changed", () => window.drawCharts?.({ again: true }));
}
