// Which of the old codings a text is in, and its Unicode. The same as portal/staff/old_fonts.py,
// from the same table; one set of examples tests both.

import TABLES from "../../old_fonts.json";

const TONES = /[\u0300\u0301\u0303\u0309\u0323]/g;
const SYLLABLE = new RegExp(
  "^(ngh?|nh|ch|gh|gi|kh|ph|qu|th|tr|[bcdđghklmnpqrstvx])?" +
    "(iêu|yêu|oai|oao|oay|oeo|uây|uôi|uya|uyê|uyu|ươi|ươu|ai|ao|au|ay|âu|ây|eo|êu|ia|iê|iu|oa|oă" +
    "|oe|oi|oo|ôi|ơi|ua|uâ|uê|ui|uô|uơ|uy|ưa|ưi|ươ|ưu|yê|[aăâeêioôơuưy])" +
    "(ng|nh|ch|[cmnpt])?$",
);
const BETWEEN = /[\s!-/:-@[-`{-~‘’“”–—…]+/;
const UNICODE_ONLY = /[\u1ea0-\u1ef9ăĂđĐơƠưƯ]/;

export function toUnicode(text, coding) {
  const table = TABLES[coding];
  let result = "";
  for (let at = 0; at < text.length; ) {
    const two = table[text.slice(at, at + 2)];
    if (two !== undefined && at + 1 < text.length) {
      result += two;
      at += 2;
    } else {
      result += table[text[at]] ?? text[at];
      at += 1;
    }
  }
  return result.normalize("NFC");
}

function isSyllable(word) {
  const letters = word.toLowerCase().normalize("NFD");
  if ((letters.match(TONES) ?? []).length > 1) return false;
  return SYLLABLE.test(letters.replace(TONES, "").normalize("NFC"));
}

// "tcvn3", "vni" or null.
export function legacyOf(text) {
  if (UNICODE_ONLY.test(text)) return null;
  for (const coding of ["tcvn3", "vni"]) {
    const marked = text.split(BETWEEN).filter((word) => /[\u00a1-\u00ff]/.test(word));
    if (marked.length < 3) return null;
    const before = marked.filter(isSyllable).length;
    const after = marked.filter((word) => isSyllable(toUnicode(word, coding))).length;
    if (before <= 0.3 * marked.length && after >= 0.8 * marked.length) return coding;
  }
  return null;
}
