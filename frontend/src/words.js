// What scripts say, in the page's language: the server writes it as JSON (crm/web/words.py).
let words = null;

export function say(key, values = {}) {
  if (words === null) {
    const node = document.getElementById("words");
    words = node ? JSON.parse(node.textContent) : {};
  }
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}
