// Bundles what the console takes from npm into ../assets/vendor, with a lock.json that says what each file holds.
// `npm ci && npm run build` here; README.md says when.
import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "../assets/vendor");
const bundles = ["ui", "graphql-ws", "codemirror"];

await rm(out, { recursive: true, force: true });
await mkdir(join(out, "licenses"), { recursive: true });

const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: bundles.map((name) => `src/${name}.js`),
  outdir: out,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none",
  metafile: true,
});

/** The package that a bundled module belongs to; null for the entry points of src/. */
function packageOf(module) {
  const at = module.lastIndexOf("node_modules/");
  if (at < 0) return null;
  const parts = module.slice(at + "node_modules/".length).split("/");
  return module.slice(0, at) + "node_modules/" + (parts[0].startsWith("@") ? parts.slice(0, 2) : parts.slice(0, 1)).join("/");
}

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** Copies a package's licence text, and says which package it is. */
async function described(folder) {
  const { name, version, license } = JSON.parse(await readFile(join(here, folder, "package.json"), "utf8"));
  const text = (await readdir(join(here, folder))).find((file) => /^licen[cs]e/i.test(file));
  if (!text) throw new Error(`${name} ships no licence text`);
  const file = `licenses/${name.replace("/", "__")}.txt`;
  await cp(join(here, folder, text), join(out, file));
  return { package: name, version, licence: license, licenceFile: file };
}

const lock = [];
for (const [path, output] of Object.entries(metafile.outputs)) {
  const folders = [...new Set(Object.keys(output.inputs).map(packageOf).filter(Boolean))].sort();
  const packages = [];
  for (const folder of folders) packages.push(await described(folder));
  lock.push({ file: basename(path), sha256: sha256(await readFile(join(here, path))), bytes: output.bytes, packages });
}
lock.sort((one, other) => one.file.localeCompare(other.file));
await writeFile(join(out, "lock.json"), `${JSON.stringify(lock, null, 2)}\n`);
for (const { file, bytes, packages } of lock) console.log(`${file}: ${bytes} bytes, ${packages.map((p) => `${p.package} ${p.version}`).join(", ")}`);
