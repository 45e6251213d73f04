import Alpine from "@alpinejs/csp";
// Bootstrap's own modules as Tabler ships them: these few work by data attributes, also in swapped-in content.
import "@tabler/core/js/src/bootstrap/collapse";
import "@tabler/core/js/src/bootstrap/dropdown";
import "@tabler/core/js/src/bootstrap/offcanvas";
import "@tabler/core/js/src/bootstrap/tab";
import { startHtmx } from "./htmx-setup.js";
import { startDialog } from "./dialog.js";
import { startToasts } from "./toasts.js";
import { startDrafts } from "./drafts.js";
import { startOutbox } from "./outbox.js";
import { startReadyForm } from "./ready-form.js";
import { startBusyGuard, startSubmitOnce } from "./submit.js";
import { startPalette } from "./palette.js";
import { startKeys } from "./keys.js";
import { startTimes } from "./times.js";
import { startThemeSwitch } from "./theme-switch.js";
import { startChartLoader } from "./chart-loader.js";
import { startKanban } from "./kanban.js";
import { startBulk } from "./bulk.js";
import { startMentions } from "./mentions.js";
import { startChoices } from "./choices.js";
import { startLines } from "./lines.js";
import { startPicker } from "./picker.js";
import { startCopying } from "./copying.js";
import { components } from "./components.js";

for (const [name, component] of Object.entries(components)) Alpine.data(name, component);
window.Alpine = Alpine;

startBusyGuard(); // first: it swallows clicks before anyone else sees them
startHtmx();
for (const start of [startDialog, startToasts, startDrafts, startOutbox, startReadyForm, startSubmitOnce, startPalette, startKeys, startTimes,
  startThemeSwitch, startChartLoader, startKanban, startBulk, startMentions, startChoices, startPicker, startLines, startCopying]) start();
Alpine.start();
