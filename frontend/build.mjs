// Builds everything the pages load into crm/static/dist: two scripts, the charts and the map (loaded only
// where there is one), one stylesheet and one sprite of the icons that templates and code really name.
import { build, context } from "esbuild";
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const out = join(root, "crm/static/dist");
const watching = process.argv.includes("--watch");

const options = {
  absWorkingDir: here,
  entryPoints: ["src/app.js", "src/public.js", "src/theme.js", "src/charts.js", "src/map.js", "src/app.css"],
  outdir: out,
  bundle: true,
  minify: true,
  format: "iife",
  target: ["chrome123", "firefox125", "safari17.5"],
  sourcemap: false,
  legalComments: "linked",
  logLevel: "warning",
};

/** Icon names in `{% icon "name" %}`, `icon="name"` and the like, anywhere in templates and Python. */
async function namedIcons() {
  const names = new Set();
  for (const line of (await readFile(join(here, "icons.txt"), "utf8")).split("\n")) {
    for (const word of line.replace(/#.*/, "").split(/\s+/)) if (word) names.add(word);
  }
  const listed = new Set(names);
  const folders = ["templates", "crm", "customers", "service", "surveys", "evaluation"];
  for (const folder of folders) {
    for (const file of await readdir(join(root, folder), { recursive: true }).catch(() => [])) {
      const kind = extname(file);
      if (kind !== ".html" && kind !== ".py") continue;
      const text = await readFile(join(root, folder, file), "utf8").catch(() => "");
      for (const match of text.matchAll(/(?:\{%\s*icon\s+|\bicon=)["']([a-z0-9-]+)["']/g)) names.add(match[1]);
    }
  }
  return { names, listed };
}

async function sprite() {
  const { names, listed } = await namedIcons();
  const symbols = [];
  const missing = [];
  for (const name of [...names].sort()) {
    const filled = name.endsWith("-filled");
    const file = filled ? `filled/${name.slice(0, -7)}.svg` : `outline/${name}.svg`;
    const svg = await readFile(join(here, "node_modules/@tabler/icons/icons", file), "utf8").catch(() => null);
    if (svg === null) {
      missing.push(name);
      continue;
    }
    const inner = svg.replace(/<!--[\s\S]*?-->/g, "").replace(/^[\s\S]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "")
      .replace(/<path stroke="none" d="M0 0h24v24H0z" fill="none" \/>/, "").replace(/\s*\n\s*/g, "");
    symbols.push(`<symbol id="${name}" viewBox="0 0 24 24">${inner}</symbol>`);
  }
  if (missing.length) console.warn(`No such icon: ${missing.join(", ")} (names: tabler.io/icons)`);
  if (missing.some((name) => listed.has(name))) process.exitCode = 1;
  await writeFile(join(out, "icons.svg"), `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`);
  await writeFile(join(out, "icons.json"), JSON.stringify({ names: [...names].filter((n) => !missing.includes(n)).sort(), missing }) + "\n");
}

/** Land and borders of the map: Natural Earth at 1:50 million, in the public domain. */
async function world() {
  await copyFile(join(here, "node_modules/world-atlas/countries-50m.json"), join(out, "world.json"));
}

if (!watching) await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
if (watching) {
  await Promise.all([sprite(), world()]);
  await (await context(options)).watch();
} else {
  await Promise.all([build(options), sprite(), world()]);
}
