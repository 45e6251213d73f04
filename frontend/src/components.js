// State that lives in the browser only, for Alpine's CSP build: templates name these and their methods.
export const components = {
  /** x-data="disclosure": x-show="open", @click="toggle", :aria-expanded="open" */
  disclosure() {
    return { open: this.$el?.dataset.open === "true", toggle() { this.open = !this.open; }, close() { this.open = false; } };
  },
};
