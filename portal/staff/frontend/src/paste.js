// What comes in from Word: old fonts, pictures of a disk we cannot see, headings of all sizes.

import { Extension } from "@tiptap/core";
import { Plugin } from "@tiptap/pm/state";
import { convertFonts } from "./legacy.js";
import { legacyOf, toUnicode } from "./legacy-text.js";
import { t } from "./words.js";

const OURS = /^\/m\/[0-9a-f]{64}\.[a-z0-9]+$/;

// The attribute `style` by another name, and the texts of the style sheets: see build.js. What a
// browser would run is called otherwise too, so that it has nothing to complain of.
function withoutStyles(html) {
  const styles = [];
  const rest = html.replace(/<style[^>]*>([\s\S]*?)<\/style>/gi, (all, text) => {
    styles.push(text);
    return "";
  });
  const renamed = rest.replace(/<[a-z][^>]*>/gi, (tag) =>
    tag
      .replace(/([\s"'/])style\s*=/gi, "$1data-style=")
      .replace(/([\s"'/])on[a-z]+\s*=/gi, "$1data-on="));
  return [renamed, styles];
}

const MEANT = [
  ["strong", /(^|;)\s*font-weight\s*:\s*(bold|[6-9]00)/i],
  ["em", /(^|;)\s*font-style\s*:\s*italic/i],
  ["u", /(^|;)\s*text-decoration[\w-]*\s*:[^;]*underline/i],
];

// Web editors write bold as a style of a span, and one of them wraps all in a <b> that is not.
function meantByStyles(doc) {
  for (const element of doc.querySelectorAll("span[data-style]")) {
    for (const [name, style] of MEANT) {
      if (!style.test(element.dataset.style)) continue;
      const mark = doc.createElement(name);
      mark.append(...element.childNodes);
      element.append(mark);
    }
  }
  for (const element of doc.querySelectorAll("b[data-style]")) {
    if (/(^|;)\s*font-weight\s*:\s*(normal|400)/i.test(element.dataset.style)) {
      element.replaceWith(...element.childNodes);
    }
  }
}

function clean(html, say) {
  const [renamed, styles] = withoutStyles(html);
  const doc = new DOMParser().parseFromString(renamed, "text/html");
  if (convertFonts(doc, styles)) say(t.converted);
  meantByStyles(doc);
  const lost = [...doc.querySelectorAll("img, v\\:imagedata")].filter(
    (image) => !OURS.test(image.getAttribute("src") ?? ""),
  );
  // Word writes every picture twice, once for its own eyes; those stand in comments here.
  lost.forEach((image) => image.remove());
  if (lost.length) say(t.images(lost.length));
  for (const [from, to] of [["h1", "h2"], ["h4", "h3"], ["h5", "h3"], ["h6", "h3"]]) {
    doc.querySelectorAll(from).forEach((heading) => {
      const other = doc.createElement(to);
      other.append(...heading.childNodes);
      heading.replaceWith(other);
    });
  }
  doc.querySelectorAll("script, link, meta, xml").forEach((element) => element.remove());
  return doc.documentElement.outerHTML;
}

// `say` shows a notice beside the editor. Runs before the extension that turns Word's lists into
// lists, because it takes away the styles that name the fonts.
export const Paste = Extension.create({
  name: "unionPaste",
  priority: 100000,
  addOptions: () => ({ say: () => {}, picture: () => {} }),
  addProseMirrorPlugins() {
    const { say, picture } = this.options;
    return [
      new Plugin({
        props: {
          transformPastedHTML: (html) => clean(html, say),
          transformPastedText: (text) => {
            const coding = legacyOf(text);
            if (!coding) return text.normalize("NFC");
            say(t.converted);
            return toUnicode(text, coding);
          },
          handlePaste: (view, event) => {
            const data = event.clipboardData;
            const file = [...(data?.files ?? [])].find((each) => each.type.startsWith("image/"));
            if (!file || data.types.includes("text/html")) return false;
            picture(file);
            return true;
          },
          handleDrop: (view, event) => {
            const file = [...(event.dataTransfer?.files ?? [])].find((each) =>
              each.type.startsWith("image/"),
            );
            if (!file) return false;
            event.preventDefault();
            picture(file);
            return true;
          },
        },
      }),
    ];
  },
});
