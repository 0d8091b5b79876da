// A text field that works as in Word. The textarea under it stays what is sent.

import { Editor } from "@tiptap/core";
import { StarterKit } from "@tiptap/starter-kit";
import { Image } from "@tiptap/extension-image";
import { Table, TableCell, TableHeader, TableRow } from "@tiptap/extension-table";
import OfficePaste from "@intevation/tiptap-extension-office-paste";
import { askDescription, askLink, askPicture } from "./dialogs.js";
import { Paste } from "./paste.js";
import { t } from "./words.js";

// The page's policy allows no style in an element, and widths are the phone's business.
const PlainTable = Table.extend({
  renderHTML: () => ["table", ["tbody", 0]],
});
const bare = { colspan: { default: 1 }, rowspan: { default: 1 } };
const PlainCell = TableCell.extend({ addAttributes: () => bare });
const PlainHeader = TableHeader.extend({ addAttributes: () => bare });

function extensions(say, picture) {
  return [
    StarterKit.configure({
      heading: { levels: [2, 3] },
      code: false, codeBlock: false, horizontalRule: false, strike: false,
      link: {
        openOnClick: false,
        protocols: ["http", "https", "tel"],
        HTMLAttributes: { target: null, rel: null, class: null },
      },
    }),
    Image.configure({ allowBase64: false }),
    PlainTable.configure({ resizable: false }),
    TableRow, PlainCell, PlainHeader,
    Paste.configure({ say, picture }),
    OfficePaste,
  ];
}

// Label, what it does, and whether it is on. `in`: shown only there.
function buttons(picture) {
  return [
    [["bold", "B", (c) => c.toggleBold(), (e) => e.isActive("bold")],
      ["italic", "I", (c) => c.toggleItalic(), (e) => e.isActive("italic")],
      ["underline", "U", (c) => c.toggleUnderline(), (e) => e.isActive("underline")]],
    [["h2", null, (c) => c.toggleHeading({ level: 2 }), (e) => e.isActive("heading", { level: 2 })],
      ["h3", null, (c) => c.toggleHeading({ level: 3 }),
        (e) => e.isActive("heading", { level: 3 })]],
    [["bullets", null, (c) => c.toggleBulletList(), (e) => e.isActive("bulletList")],
      ["numbers", null, (c) => c.toggleOrderedList(), (e) => e.isActive("orderedList")],
      ["deeper", null, (c) => c.sinkListItem("listItem"), null, "listItem"],
      ["shallower", null, (c) => c.liftListItem("listItem"), null, "listItem"],
      ["quote", null, (c) => c.toggleBlockquote(), (e) => e.isActive("blockquote")]],
    [["link", null, link, (e) => e.isActive("link")],
      ["picture", null, () => picture(), (e) => e.isActive("image")],
      ["table", null, (c) => c.insertTable({ rows: 3, cols: 3, withHeaderRow: true })]],
    [["rowAfter", null, (c) => c.addRowAfter(), null, "table"],
      ["columnAfter", null, (c) => c.addColumnAfter(), null, "table"],
      ["rowGone", null, (c) => c.deleteRow(), null, "table"],
      ["columnGone", null, (c) => c.deleteColumn(), null, "table"],
      ["tableGone", null, (c) => c.deleteTable(), null, "table"]],
    [["plain", null, (c) => c.unsetAllMarks().clearNodes()],
      ["undo", null, (c) => c.undo()],
      ["redo", null, (c) => c.redo()]],
  ];
}

async function link(chain, editor) {
  const address = await askLink(editor.getAttributes("link").href);
  if (address === null) return;
  const at = editor.chain().focus().extendMarkRange("link");
  if (!address) at.unsetLink().run();
  else if (editor.state.selection.empty && !editor.isActive("link")) {
    const text = address.replace(/^(https?:\/\/|tel:)/, "");
    const marks = [{ type: "link", attrs: { href: address } }];
    at.insertContent({ type: "text", text, marks }).run();
  } else at.setLink({ href: address }).run();
}

function toolbar(editor, picture, label) {
  const bar = document.createElement("div");
  bar.className = "toolbar";
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", `${t.toolbar}: ${label}`);
  const all = [];
  for (const group of buttons(picture)) {
    const box = document.createElement("span");
    for (const [name, sign, run, on, only] of group) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = sign ?? t[name];
      button.title = t[name];
      if (sign) button.setAttribute("aria-label", t[name]);
      button.dataset.does = name;
      button.addEventListener("click", () => {
        editor.view.focus(); // At once: what is typed next belongs there.
        const chain = editor.chain().focus();
        const done = run(chain, editor);
        if (done === chain) chain.run();
      });
      all.push({ button, on, only });
      box.append(button);
    }
    bar.append(box);
  }
  // One stop of the Tab key, arrows inside (ARIA Authoring Practices, toolbar).
  let stop = 0;
  const seen = () => all.filter(({ button }) => !button.hidden).map(({ button }) => button);
  const settle = () => seen().forEach((button, n) => (button.tabIndex = n === stop ? 0 : -1));
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const list = seen();
    if (step) stop = (list.indexOf(document.activeElement) + step + list.length) % list.length;
    else if (event.key === "Home") stop = 0;
    else if (event.key === "End") stop = list.length - 1;
    else return;
    event.preventDefault();
    settle();
    list[stop].focus();
  });
  const update = () => {
    for (const { button, on, only } of all) {
      if (on) button.setAttribute("aria-pressed", String(on(editor)));
      if (only) button.hidden = !editor.isActive(only);
    }
    stop = Math.min(stop, seen().length - 1);
    settle();
  };
  editor.on("transaction", update);
  update();
  return bar;
}

// Puts an editor in the place of `textarea`. Its text is the textarea's again after every change.
export function enrich(textarea) {
  const label = document.querySelector(`label[for="${textarea.id}"]`);
  const box = document.createElement("div");
  box.className = "rich";
  const told = document.createElement("p");
  told.className = "told";
  told.setAttribute("role", "status");
  const said = new Set();
  const say = (words) => {
    said.add(words);
    told.textContent = [...said].join(" ");
    setTimeout(() => said.delete(words), 500);
  };
  let editor;
  const picture = async (file) => {
    // With a picture selected the button asks for its description.
    if (!file && editor.isActive("image")) {
      const alt = await askDescription(editor.getAttributes("image").alt);
      if (alt) editor.chain().focus().updateAttributes("image", { alt }).run();
      return;
    }
    const sent = await askPicture(file);
    if (sent) editor.chain().focus().setImage({ src: `/m/${sent.name}`, alt: sent.alt }).run();
  };
  editor = new Editor({
    element: box,
    injectCSS: false,
    content: textarea.value,
    extensions: extensions(say, picture),
    editorProps: {
      attributes: {
        id: `${textarea.id}-rich`,
        role: "textbox",
        "aria-multiline": "true",
        "aria-label": label.textContent.trim(),
        ...(textarea.getAttribute("aria-describedby")
          ? { "aria-describedby": textarea.getAttribute("aria-describedby") }
          : {}),
        lang: textarea.lang,
      },
    },
    onUpdate: () => {
      textarea.value = editor.isEmpty ? "" : editor.getHTML().replace(/(<p><\/p>)+$/, "");
      textarea.dispatchEvent(new Event("input", { bubbles: true }));
    },
  });
  box.prepend(toolbar(editor, picture, label.textContent.trim()));
  box.append(told);
  textarea.hidden = true;
  textarea.after(box);
  label.addEventListener("click", () => editor.commands.focus());
  textarea.addEventListener("restored", () => {
    if (editor.getHTML() !== textarea.value) {
      editor.commands.setContent(textarea.value, { emitUpdate: false });
    }
  });
  return editor;
}
