// The theme changes at once; the form that holds the switch saves it by htmx.
export function startThemeSwitch() {
  document.addEventListener("change", (event) => {
    const choice = event.target.closest?.("[data-theme-choice]");
    if (!choice) return;
    const root = document.documentElement;
    root.dataset.theme = choice.value;
    const dark = choice.value === "dark" || (choice.value === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
    root.dataset.bsTheme = dark ? "dark" : "light";
    document.dispatchEvent(new CustomEvent("theme-changed"));
  });
  document.addEventListener("change", (event) => {
    const choice = event.target.closest?.("[data-density-choice]");
    if (choice) document.documentElement.dataset.density = choice.checked ? "compact" : "normal";
  });
}
