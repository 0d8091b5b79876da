// The two questions the editor asks: where does a link lead, what does a picture show.

import { send, shrink, kilobytes } from "./shrink.js";
import { t } from "./words.js";

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

let count = 0;

function ask(title, fields, check) {
  const name = `ask-${++count}`;
  const problem = element("p", { class: "problem", role: "alert" });
  const form = element("form", { method: "dialog" });
  const dialog = element("dialog", { "aria-labelledby": name });
  const cancel = element("button", { type: "button", class: "secondary" }, t.cancel);
  const ok = element("button", { type: "submit" }, t.ok);
  form.append(
    element("h2", { id: name }, title), ...fields, problem,
    element("div", { class: "row" }, ok, cancel),
  );
  dialog.append(element("article", {}, form));
  document.body.append(dialog);
  return new Promise((done) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      done(null);
    });
    cancel.addEventListener("click", () => dialog.close());
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      ok.disabled = true;
      problem.textContent = "";
      try {
        done(await check((words) => (problem.textContent = words)));
        dialog.close();
      } catch (error) {
        problem.textContent = error.message;
        ok.disabled = false;
      }
    });
    dialog.showModal();
  });
}

// An address that may stand in a link; "" drops the link.
export function addressOf(typed) {
  const text = typed.trim();
  if (!text) return "";
  if (/^[+0-9][0-9 .()-]{2,}$/.test(text)) return `tel:${text.replace(/[^+0-9]/g, "")}`;
  if (/^(https?:\/\/|tel:|\/a\/)/i.test(text)) return text;
  if (/^[\w-]+(\.[\w-]+)+([/?#].*)?$/u.test(text)) return `https://${text}`;
  throw new Error(t.linkWrong);
}

// null: nothing is to change.
export function askLink(current) {
  const input = element("input", { type: "text", value: current ?? "", autocomplete: "off" });
  return ask(t.linkTitle, [element("label", {}, t.linkAddress, input)], async () =>
    addressOf(input.value),
  );
}

// {name, width, height, alt}, or null.
export function askPicture(file) {
  const input = element("input", { type: "file", accept: "image/*" });
  const alt = element("input", { type: "text", maxlength: "200", autocomplete: "off" });
  const fields = [element("label", {}, t.alt, alt)];
  if (!file) fields.unshift(element("label", {}, t.pictureFile, input));
  return ask(t.pictureTitle, fields, async (say) => {
    const chosen = file ?? input.files[0];
    if (!chosen) throw new Error(t.pictureMissing);
    if (!alt.value.trim()) throw new Error(t.altMissing);
    say(t.working);
    const sent = await send(await shrink(chosen), "body", t.failed);
    return { ...sent, alt: alt.value.trim() };
  });
}

// A better description of a picture that is there already, or null.
export function askDescription(current) {
  const alt = element("input", { type: "text", maxlength: "200", value: current ?? "" });
  return ask(t.altTitle, [element("label", {}, t.alt, alt)], async () => {
    if (!alt.value.trim()) throw new Error(t.altMissing);
    return alt.value.trim();
  });
}

// A file field for a picture or a sound of the item itself: sends the file at once, and keeps what
// the server says of it in the hidden fields, so that saving sends no file.
function fileField(field, showing, sending) {
  const file = field.querySelector("input[type=file]");
  const told = field.querySelector("[data-told]");
  const shown = field.querySelector(showing);
  const drop = field.querySelector("[data-drop]");
  const parts = [...field.querySelectorAll("[data-part]")];
  const name = parts.find((each) => each.dataset.part === "name");
  const show = () => {
    shown.hidden = !name.value;
    drop.hidden = !name.value;
    if (name.value) shown.src = `/m/${name.value}`;
    else shown.removeAttribute("src");
  };
  const put = (sent) => {
    for (const each of parts) each.value = sent[each.dataset.part] ?? "";
    show();
    name.dispatchEvent(new Event("input", { bubbles: true }));
  };
  field.addEventListener("restored", show);
  drop.addEventListener("click", () => {
    put({});
    told.textContent = "";
  });
  file.addEventListener("change", async () => {
    const chosen = file.files[0];
    if (!chosen) return;
    try {
      const { sent, words } = await sending(chosen, (text) => (told.textContent = text));
      put(sent);
      told.textContent = words;
      file.value = "";
    } catch (error) {
      told.textContent = error.message;
    }
  });
}

export function pictureField(field) {
  fileField(field, "img", async (chosen, say) => {
    say(t.working);
    const sent = await send(await shrink(chosen), field.dataset.picture, t.failed);
    return { sent, words: t.sent(kilobytes(chosen.size), kilobytes(sent.bytes)) };
  });
}

export function soundField(field) {
  fileField(field, "audio", async (chosen, say) => {
    say(t.workingSound);
    const sent = await send(chosen, "sound", t.failed);
    const length = `${Math.floor(sent.seconds / 60)}:${String(sent.seconds % 60).padStart(2, "0")}`;
    return { sent, words: t.sentSound(length, kilobytes(sent.bytes)) };
  });
}
