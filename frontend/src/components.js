// State that lives in the browser only, for Alpine's CSP build: templates name these and their methods.
export const components = {
  /** x-data="disclosure": x-show="open", @click="toggle", :aria-expanded="open" */
  disclosure() {
    return { open: this.$el?.dataset.open === "true", toggle() { this.open = !this.open; }, close() { this.open = false; } };
  },
  /** x-data="copier" data-text="…": @click="copy", x-show="copied" */
  copier() {
    return {
      copied: false,
      async copy() {
        await navigator.clipboard.writeText(this.$root.dataset.text);
        this.copied = true;
        setTimeout(() => { this.copied = false; }, 2000);
      },
    };
  },
};
