// Tells screen readers what changed by itself.
let timer;

export function announce(text) {
  const region = document.getElementById("live");
  if (!region) return;
  region.textContent = "";
  clearTimeout(timer);
  // Empty first and fill a moment later: the same sentence twice is then read twice.
  timer = setTimeout(() => { region.textContent = text; }, 50);
}
