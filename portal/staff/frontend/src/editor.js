// The script of the staff pages. Every part finds its own elements and leaves the others alone;
// without it the same forms work, plainer.

import { pictureField, soundField } from "./dialogs.js";
import { previewBeside } from "./preview.js";
import { enrich } from "./rich.js";
import { forgetSaved, keepUnsaved } from "./unsaved.js";
import { t } from "./words.js";

function meter(field) {
  const shown = document.getElementById(field.dataset.meter);
  const limit = Number(field.dataset.limit);
  const update = () => {
    if ("rich" in field.dataset) {
      const text = new DOMParser().parseFromString(field.value.replace(/<\/(p|h2|h3|li|td|th)>/g,
        " "), "text/html").body.textContent.trim();
      shown.textContent = t.words(text ? text.split(/\s+/).length : 0);
      return;
    }
    const length = [...field.value.normalize("NFC")].length;
    const over = length - limit;
    shown.textContent = t.of(length, limit) + (over > 0 ? ` — ${t.over(over)}` : "");
    shown.classList.toggle("over", over > 0);
  };
  field.addEventListener("input", update);
  field.addEventListener("restored", update);
  field.form.addEventListener("input", update);
  update();
}

// What cannot be taken back is pressed twice.
function twice(button) {
  const label = button.textContent;
  button.addEventListener("click", (event) => {
    if (button.dataset.armed) return;
    event.preventDefault();
    button.dataset.armed = "yes";
    button.textContent = t.sure;
    setTimeout(() => {
      delete button.dataset.armed;
      button.textContent = label;
    }, 4000);
  });
}

document.querySelectorAll("textarea[data-rich]").forEach(enrich);
document.querySelectorAll("[data-picture]").forEach(pictureField);
document.querySelectorAll("[data-sound]").forEach(soundField);
document.querySelectorAll("[data-meter]").forEach(meter);
document.querySelectorAll("button[data-twice]").forEach(twice);
forgetSaved();
document.querySelectorAll("form[data-unsaved]").forEach((form) => {
  keepUnsaved(form);
  previewBeside(form);
});
document.querySelector("[data-problems]")?.focus();
