// Text of the fonts that came before Unicode (.VnTime and its family, VNI), as Word pastes it.

import { legacyOf, toUnicode } from "./legacy-text.js";

// The font that Word means, whether it is written at the element or in its style sheet. A style
// sheet made by a script is never applied to the page; it is only read.
function fonts(doc, styles) {
  const named = new Map();
  for (const style of styles) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(style.replace(/<!--|-->/g, ""));
    for (const rule of sheet.cssRules) {
      const font = rule.style?.fontFamily;
      if (!font) continue;
      try {
        doc.querySelectorAll(rule.selectorText).forEach((element) => named.set(element, font));
      } catch {
        // A selector that only Word knows.
      }
    }
  }
  return (element) => {
    for (let each = element; each; each = each.parentElement) {
      const written = /font-family\s*:\s*([^;]+)/i.exec(each.getAttribute("data-style") ?? "");
      const font = written?.[1] ?? each.getAttribute("face") ?? named.get(each);
      if (font) return font;
    }
    return "";
  };
}

// Turns the text of `doc` into Unicode where its font says so, or where only that makes
// Vietnamese of it. `styles` are the texts of its style sheets. Returns whether anything was turned.
export function convertFonts(doc, styles) {
  const fontOf = fonts(doc, styles);
  const walker = doc.createTreeWalker(doc.body, NodeFilter.SHOW_TEXT);
  const nodes = [];
  while (walker.nextNode()) {
    if (walker.currentNode.data.trim()) nodes.push(walker.currentNode);
  }
  let turned = false;
  let byFont = false;
  for (const node of nodes) {
    const font = fontOf(node.parentElement).trim().replace(/^["']/, "");
    const coding = /^\.Vn/i.test(font) ? "tcvn3" : /^VNI[-_ ]/i.test(font) ? "vni" : null;
    if (!coding) continue;
    byFont = true;
    const capitals = coding === "tcvn3" && /^\.Vn\w*H\b/.test(font);
    const text = toUnicode(node.data, coding);
    const result = capitals ? text.toUpperCase() : text;
    turned ||= result !== node.data;
    node.data = result;
  }
  if (byFont) return turned;
  const coding = legacyOf(nodes.map((node) => node.data).join(" "));
  if (!coding) return false;
  for (const node of nodes) node.data = toUnicode(node.data, coding);
  return true;
}
