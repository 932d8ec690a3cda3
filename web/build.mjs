// Builds src/webtv/viewers/static/vendor from the locked packages: `npm ci && npm run build`.
// The output is committed, so that a station needs nothing but Python; SHA256SUMS proves it whole.

import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const modules = join(here, "node_modules");
const vendor = join(here, "../src/webtv/viewers/static/vendor");
const scripts = ["latin", "latin-ext", "cyrillic", "hebrew", "arabic"];

await rm(vendor, { recursive: true, force: true });
await mkdir(vendor, { recursive: true });

await build({
  stdin: { contents: 'export { default as Hls } from "hls.js/light";', resolveDir: here },
  outfile: join(vendor, "hls.js"),
  bundle: true,
  format: "esm",
  minify: true,
  legalComments: "none",
  target: ["chrome109", "firefox115", "safari16"],
  banner: { js: `/* hls.js ${await version("hls.js")}, Apache-2.0, see hls.LICENSE.txt */` },
});
await writeFile(join(vendor, "hls.d.ts"), 'export { default as Hls } from "hls.js";\n');
await cp(join(modules, "hls.js/LICENSE"), join(vendor, "hls.LICENSE.txt"));

await build({
  stdin: { contents: 'export { default as mpegts } from "mpegts.js";', resolveDir: here },
  outfile: join(vendor, "mpegts.js"),
  bundle: true,
  format: "esm",
  minify: true,
  legalComments: "none",
  target: ["chrome109", "firefox115", "safari16"],
  banner: { js: `/* mpegts.js ${await version("mpegts.js")}, Apache-2.0, see mpegts.LICENSE.txt */` },
});
await writeFile(join(vendor, "mpegts.d.ts"), 'export { default as mpegts } from "mpegts.js";\n');
const mpegtsLicences = [
  await readFile(join(modules, "mpegts.js/LICENSE"), "utf8"),
  await readFile(join(modules, "es6-promise/LICENSE"), "utf8"), // both are bundled in its distribution
  await readFile(join(modules, "events/LICENSE"), "utf8"),
];
await writeFile(join(vendor, "mpegts.LICENSE.txt"), mpegtsLicences.join("\n\n----\n\n"));

const rubik = "@fontsource-variable/rubik";
for (const script of scripts) {
  await cp(join(modules, rubik, `files/rubik-${script}-wght-normal.woff2`), join(vendor, `rubik-${script}.woff2`));
}
const ranges = JSON.parse(await readFile(join(modules, rubik, "unicode.json"), "utf8"));
const faces = scripts.map(
  (script) => `@font-face {
  font-family: "Rubik";
  font-weight: 300 900;
  font-display: swap;
  src: url("rubik-${script}.woff2") format("woff2");
  unicode-range: ${ranges[script]};
}
`,
);
await writeFile(join(vendor, "rubik.css"), faces.join(""));
await cp(join(modules, rubik, "LICENSE"), join(vendor, "rubik.LICENSE.txt"));
await writeFile(
  join(vendor, "VERSIONS.txt"),
  `hls.js ${await version("hls.js")} (light) Apache-2.0\nmpegts.js ${await version("mpegts.js")} Apache-2.0\n${rubik} ${await version(rubik)} OFL-1.1\n`,
);

const sums = [];
for (const name of (await readdir(vendor)).sort()) {
  const digest = createHash("sha256").update(await readFile(join(vendor, name))).digest("hex");
  sums.push(`${digest}  ${name}\n`);
}
await writeFile(join(vendor, "SHA256SUMS"), sums.join(""));

/** @param {string} name */
async function version(name) {
  return JSON.parse(await readFile(join(modules, name, "package.json"), "utf8")).version;
}
