// One dialog, filled by the bridge in steps: what is asked, what it would change, what became of it.
// A step's form holds its request id, so what is sent twice is done once.
import { post, said } from "./send.js";
import { t } from "./text.js";

const dialog = document.getElementById("dialog");
const PAINTED = 204;
const ANEW = 205;
let from = null;

export function show(html, opener = from) {
  from = opener;
  dialog.innerHTML = html;
  dialog.setAttribute("aria-labelledby", "dialog-title");
  if (!dialog.open) dialog.showModal();
  dialog.querySelector("[autofocus]")?.focus();
}

// The stream of the page shows what changed; who cannot see it is told.
function painted() {
  if (dialog.open) dialog.close();
  const done = document.createElement("p");
  done.textContent = t("Done.");
  document.getElementById("say").append(done);
}

export function unreached() {
  const problem = document.createElement("p");
  problem.className = "banner warn";
  problem.setAttribute("role", "alert");
  problem.textContent = t("The bridge was not reached. Send it again: what was done already is not done twice.");
  (dialog.querySelector("form") ?? dialog).append(problem);
}

async function ask(button) {
  from = button;
  try {
    show(await (await fetch(button.dataset.ask)).text());
  } catch {
    show("");
    unreached();
  }
}

async function send(form) {
  if (form.dataset.busy) return;
  form.dataset.busy = "yes";
  const buttons = [...form.querySelectorAll("button")];
  for (const each of buttons) each.disabled = true;
  dialog.querySelector(".banner[role=alert]")?.remove();
  try {
    const answer = await post(form.dataset.send, said(form));
    if (answer.status === PAINTED) painted();
    else if (answer.status === ANEW) location.reload();
    else show(await answer.text());
  } catch {
    if (!dialog.open) show("");
    unreached();
  } finally {
    delete form.dataset.busy;
    for (const each of buttons) each.disabled = false;
  }
}

document.addEventListener("click", (event) => {
  const asks = event.target.closest("[data-ask]");
  if (asks) ask(asks);
  else if (event.target.closest("[data-close]")) dialog.close();
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.dataset.send) return;
  event.preventDefault();
  send(form);
});

dialog.addEventListener("close", () => {
  const changed = dialog.querySelector("[data-changed]");
  const then = dialog.querySelector("[data-then]")?.dataset.then;
  dialog.replaceChildren();
  from?.focus();
  if (then) location.assign(then + location.search);
  else if (changed) location.reload();
});

document.getElementById("leave").addEventListener("click", async () => {
  await post("/session:logout", {});
  location.replace("/login");
});
