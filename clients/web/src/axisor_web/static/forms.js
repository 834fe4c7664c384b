// Forms of settings: what is wrong is shown in place, what they would change in the dialog.
import { show, unreached } from "./dialogs.js";
import { post, said } from "./send.js";

const UNFIT = 422;

async function send(form) {
  if (form.dataset.busy) return;
  form.dataset.busy = "yes";
  const buttons = [...form.querySelectorAll("button")];
  for (const each of buttons) each.disabled = true;
  try {
    const answer = await post(form.getAttribute("action"), said(form));
    if (answer.status === UNFIT) again(form, await answer.text());
    else show(await answer.text(), form.querySelector("button.primary"));
  } catch {
    show("");
    unreached();
  } finally {
    delete form.dataset.busy;
    for (const each of buttons) each.disabled = false;
  }
}

function again(form, html) {
  const made = document.createElement("template");
  made.innerHTML = html;
  const fresh = made.content.querySelector("form");
  form.replaceWith(fresh);
  const wrong = fresh.querySelector("[aria-invalid]");
  wrong?.closest("details")?.setAttribute("open", "");
  (wrong ?? fresh.querySelector("[role=alert]")).focus();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.hasAttribute("data-form")) return;
  event.preventDefault();
  send(form);
});
