// The phone beside the form: shows what is typed, as the real pages would.

import { t } from "./words.js";

const WAIT_MS = 700;

// The button posts the form into the frame, which is enough without scripts; here the frame is
// led to the finished page instead, so that the Back button still leads out of the form.
export function previewBeside(form) {
  const button = document.querySelector("[data-preview]");
  const frame = document.querySelector("iframe[name=phone]");
  const told = document.querySelector("[data-preview-told]");
  if (!button || !frame) return;
  let timer;
  let running = null;
  const show = async () => {
    running?.abort();
    running = new AbortController();
    const body = new FormData(form);
    for (const [name, value] of [...body]) if (value instanceof File) body.delete(name);
    body.set("_phone",
      document.querySelector("[name=_phone]:checked")?.value ?? "vi");
    try {
      const answer = await fetch(button.formAction, {
        method: "POST", body, signal: running.signal, headers: { Accept: "application/json" },
      });
      if (!answer.ok) throw new Error(String(answer.status));
      const { page, problems } = await answer.json();
      const top = frame.contentWindow.scrollY;
      frame.addEventListener("load", () => frame.contentWindow.scrollTo(0, top), { once: true });
      frame.contentWindow.location.replace(page);
      told.textContent = problems;
    } catch (error) {
      if (error.name !== "AbortError") told.textContent = t.previewFailed;
    }
  };
  button.addEventListener("click", (event) => {
    event.preventDefault();
    show();
  });
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, WAIT_MS);
  });
  document.querySelectorAll("[name=_phone]").forEach((each) =>
    each.addEventListener("change", show));
  show();
}
