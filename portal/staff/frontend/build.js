// Bundles src/editor.js into FILE, and writes what went in to META: node build.js FILE META

import { readFileSync, writeFileSync } from "node:fs";
import * as esbuild from "esbuild";

// The pages' policy allows no style in an element, and Chromium complains of each one even in a
// document that is only read. So src/paste.js calls the attribute `data-style` before anything
// is read, and what turns Word's lists into lists has to look for it under that name.
const TURNED = [
  [/\[style\*=/g, "[data-style*=", 4],
  [/attributes\[`style`\]/g, "attributes[`data-style`]", 1],
  [/setAttribute\(`style`/g, "setAttribute(`data-style`", 1],
];
const readsDataStyle = {
  name: "reads-data-style",
  setup(build) {
    build.onLoad({ filter: /tiptap-extension-office-paste.*\.js$/ }, ({ path }) => {
      let contents = readFileSync(path, "utf8");
      for (const [found, put, times] of TURNED) {
        const seen = contents.match(found)?.length ?? 0;
        if (seen !== times) throw new Error(`${path}: ${found} found ${seen} times, not ${times}`);
        contents = contents.replace(found, put);
      }
      return { contents };
    });
  },
};

const [outfile, meta] = process.argv.slice(2);
const result = await esbuild.build({
  entryPoints: ["src/editor.js"],
  bundle: true,
  minify: true,
  charset: "utf8",
  legalComments: "none",
  target: ["chrome90", "firefox90", "safari15"],
  logLevel: "warning",
  metafile: true,
  plugins: [readsDataStyle],
  outfile,
});
writeFileSync(meta, JSON.stringify(result.metafile));
