// Writes the licences of every package that reached the pages: node licences.js META... > FILE

import { readFileSync, readdirSync } from "node:fs";

const packages = new Set(["@picocss/pico", "htmx.org", "uplot"]);
for (const meta of process.argv.slice(2)) {
  for (const input of Object.keys(JSON.parse(readFileSync(meta, "utf8")).inputs)) {
    const found = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input);
    if (found) packages.add(found[1]);
  }
}
console.log("Packages in these files, each under its own licence.\n");
for (const name of [...packages].sort()) {
  const folder = `node_modules/${name}`;
  const { version, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  if (!file) throw new Error(`${name} has no licence file`);
  const text = readFileSync(`${folder}/${file}`, "utf8").trim();
  console.log(`== ${name} ${version} (${license})\n\n${text}\n`);
}
