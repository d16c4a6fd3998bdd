// Makes src/spsnet/viewer/static of web/src and three.js: `make viewer`. What it writes is committed, so that
// `pip install` needs no npm. The script's first line holds the sources' sha256, by which a test sees a stale build.
import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { build } from "esbuild";

const here = new URL(".", import.meta.url);
const into = new URL("../src/spsnet/viewer/static/", here);

async function hashSources() {
  const digest = createHash("sha256");
  for (const name of (await readdir(new URL("src/", here))).sort()) {
    digest.update(await readFile(new URL(`src/${name}`, here)));
  }
  digest.update(await readFile(new URL("package-lock.json", here)));
  return digest.digest("hex");
}

await mkdir(into, { recursive: true });
const { version } = JSON.parse(await readFile(new URL("node_modules/three/package.json", here)));
for (const name of ["viewer.js", "viewer.css"]) {
  const source = name === "viewer.js" ? "main.js" : "style.css";
  const made = await build({
    entryPoints: [new URL(`src/${source}`, here).pathname],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    legalComments: "none",
    write: false,
  });
  const heading = `/* sources ${await hashSources()}; holds three.js ${version}, MIT, see three-LICENSE.txt */\n`;
  await writeFile(new URL(name, into), (name === "viewer.js" ? heading : "") + made.outputFiles[0].text);
}
await copyFile(new URL("src/page.html", here), new URL("viewer.html", into));
await copyFile(new URL("node_modules/three/LICENSE", here), new URL("three-LICENSE.txt", into));
