// <time data-ago datetime="…">: keeps "5 minutes ago" true while the page stays open.
const units = [["year", 31536000], ["month", 2592000], ["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60]];

function refresh() {
  const format = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" });
  for (const node of document.querySelectorAll("time[data-ago]")) {
    const seconds = (Date.parse(node.dateTime) - Date.now()) / 1000;
    if (Number.isNaN(seconds) || Math.abs(seconds) > 30 * 86400) continue;
    const [unit, size] = units.find(([, length]) => Math.abs(seconds) >= length) ?? ["minute", 60];
    const text = format.format(Math.trunc(seconds / size), unit);
    if (node.textContent !== text) node.textContent = text;
  }
}

export function startTimes() {
  refresh();
  setInterval(refresh, 60000);
  document.addEventListener("htmx:after:swap", refresh);
}
