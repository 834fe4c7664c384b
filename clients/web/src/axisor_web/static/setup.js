// The forms of the setup: each sends one step, and goes on or says in place why not.
import { post, said } from "./send.js";
import { t } from "./text.js";

async function send(form) {
  if (form.dataset.busy) return;
  form.dataset.busy = "yes";
  const buttons = [...form.querySelectorAll("button")];
  for (const each of buttons) each.disabled = true;
  const place = form.querySelector("[data-answer]");
  place.replaceChildren();
  try {
    const answer = await post(form.dataset.step, said(form));
    if (answer.headers.get("content-type").startsWith("application/json")) {
      location.assign((await answer.json()).next);
      return;
    }
    place.innerHTML = await answer.text();
    if (answer.ok) afresh(form);
  } catch {
    place.textContent = t("The bridge was not reached. Try again.");
  }
  delete form.dataset.busy;
  for (const each of buttons) each.disabled = false;
}

// What is done once however often it is sent may be asked for again once it is done.
function afresh(form) {
  const id = form.elements.request_id;
  if (id) id.value = crypto.randomUUID();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.dataset.step) return;
  event.preventDefault();
  send(form);
});

document.addEventListener("click", (event) => {
  const preset = event.target.closest("[data-preset]");
  if (!preset) return;
  const [trigger, target] = preset.dataset.preset.split(" ");
  preset.form.elements.trigger.value = trigger;
  preset.form.elements.target.value = target;
});

// A key is asked for only where an account is added.
const added = document.querySelector("[data-for-new]");
function look() {
  added.hidden = !document.querySelector("[data-new]:checked");
}
if (added) {
  document.addEventListener("change", look);
  look();
}
