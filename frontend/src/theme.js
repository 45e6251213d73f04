// Runs before the first paint: "auto" follows the device. Light and dark are already written by the server.
const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => {
  if (root.dataset.theme === "auto") root.dataset.bsTheme = dark.matches ? "dark" : "light";
};
follow();
dark.addEventListener("change", () => {
  follow();
  document.dispatchEvent(new CustomEvent("theme-changed"));
});
