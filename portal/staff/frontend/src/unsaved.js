// Keeps what is typed on this computer until it is saved, and offers it after a reload.

import { t } from "./words.js";

const KEPT_DAYS = 14;
const BEFORE = "unsaved ";

const read = (key) => {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
};

function fields(form) {
  return [...form.elements].filter(
    (each) => each.name && each.name !== "_phone" && each.type !== "file" && each.type !== "submit" && each.type !== "button",
  );
}

function values(form) {
  return fields(form).map((each) =>
    [each.name, each.type === "radio" || each.type === "checkbox" ? [each.value, each.checked]
      : each.value]);
}

function fill(form, kept) {
  for (const [name, value] of kept) {
    for (const each of form.elements) {
      if (each.name !== name || each.type === "file") continue;
      if (Array.isArray(value)) {
        if (each.value === value[0]) each.checked = value[1];
      } else if (each.type !== "radio" && each.type !== "checkbox") each.value = value;
    }
  }
  form.querySelectorAll("[data-rich], [data-picture], [data-sound]").forEach((each) =>
    each.dispatchEvent(new Event("restored")));
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

function forgetOld() {
  for (const key of Object.keys(localStorage)) {
    if (!key.startsWith(BEFORE)) continue;
    const kept = read(key);
    if (!kept || Date.now() - kept.at > KEPT_DAYS * 86400000) localStorage.removeItem(key);
  }
}

// `form.dataset.unsaved` names the text; `form.dataset.revision` says upon what it was written.
export function keepUnsaved(form) {
  const key = BEFORE + form.dataset.unsaved;
  const told = form.querySelector("[data-kept]");
  try {
    forgetOld();
  } catch {
    return; // No storage in this browser: typing goes on without.
  }
  const loaded = JSON.stringify(values(form));
  const kept = read(key);
  const saved = kept?.sent && form.dataset.revision !== kept.revision;
  if (saved || (kept && JSON.stringify(kept.values) === loaded)) localStorage.removeItem(key);
  else if (kept) offer(form, key, kept);
  let timer;
  const keep = () => {
    const now = values(form);
    if (JSON.stringify(now) === loaded) return;
    try {
      localStorage.setItem(key, JSON.stringify(
        { at: Date.now(), revision: form.dataset.revision, values: now }));
      if (told) told.textContent = t.kept;
    } catch {
      // The storage is full.
    }
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(keep, 400);
  });
  window.addEventListener("pagehide", () => {
    if (timer) keep();
  });
  form.addEventListener("submit", (event) => {
    if (event.submitter?.hasAttribute("formtarget")) return;
    clearTimeout(timer);
    timer = null;
    keep();
    const last = read(key);
    if (last) localStorage.setItem(key, JSON.stringify({ ...last, sent: true }));
  });
}

// On the page that follows saving a new text.
export function forgetSaved() {
  const saved = document.querySelector("[data-saved]")?.dataset.saved;
  try {
    if (saved) localStorage.removeItem(BEFORE + saved);
  } catch {
    // No storage.
  }
}

function offer(form, key, kept) {
  const at = new Date(kept.at).toLocaleString(document.documentElement.lang || "vi", {
    hour: "2-digit", minute: "2-digit", day: "numeric", month: "numeric",
  });
  const box = document.createElement("div");
  box.className = "notice unsaved";
  box.setAttribute("role", "status");
  const words = document.createElement("p");
  words.textContent = t.unsaved(at);
  const row = document.createElement("div");
  row.className = "row";
  const button = (label, secondary, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = label;
    if (secondary) made.className = "secondary";
    made.addEventListener("click", act);
    row.append(made);
  };
  button(t.restore, false, () => {
    fill(form, kept.values);
    words.textContent = t.restored;
    row.remove();
  });
  button(t.forget, true, () => {
    localStorage.removeItem(key);
    box.remove();
  });
  box.append(words, row);
  form.prepend(box);
}
