// Prints the issues that Khronos' validator finds in each file, as JSON: node validate.mjs a.glb b.glb
import { readFileSync } from "node:fs";
import { validateBytes } from "gltf-validator";

const issues = [];
for (const path of process.argv.slice(2)) {
  issues.push((await validateBytes(new Uint8Array(readFileSync(path)))).issues);
}
console.log(JSON.stringify(issues));
