// Signs in: by password, with a second factor, by a provider, or by the link that the bridge printed.
import { post, said } from "./send.js";
import { t } from "./text.js";

const problem = document.getElementById("problem");
const challenge = document.getElementById("challenge");
const query = new URLSearchParams(location.search);
let asked = null;

function tell(text) {
  problem.textContent = text;
  problem.hidden = !text;
}

// An invitation waits in this tab while its browser is at the provider, and is taken out once.
function keep(invitation) {
  if (invitation) sessionStorage.setItem("invitation", invitation);
  else sessionStorage.removeItem("invitation");
}

function taken() {
  const invitation = sessionStorage.getItem("invitation");
  sessionStorage.removeItem("invitation");
  return invitation ? { invitation } : {};
}

function onward() {
  const next = query.get("next") ?? "/";
  location.replace(/^\/[A-Za-z0-9]/.test(next) ? next : "/");
}

async function tried(path, body) {
  tell("");
  let answer;
  try {
    answer = await post(path, body);
  } catch {
    tell(t("The bridge was not reached. Try again."));
    return;
  }
  const told = await answer.json();
  if (!answer.ok) tell(told.message || t("That did not work."));
  else if (told.challenge) second(told.challenge);
  else if (told.signedIn) onward();
  else tell(t("That did not work."));
}

function second(found) {
  asked = found.challenge;
  document.getElementById("login")?.toggleAttribute("hidden", true);
  challenge.hidden = false;
  challenge.elements.code.focus();
}

document.getElementById("login")?.addEventListener("submit", (event) => {
  event.preventDefault();
  tried("/session:login", said(event.target));
});

challenge?.addEventListener("submit", (event) => {
  event.preventDefault();
  tried("/session:answerChallenge", { challenge: asked, ...said(event.target) });
});

for (const button of document.querySelectorAll("[data-provider]")) {
  button.addEventListener("click", async () => {
    tell("");
    keep(document.getElementById("invitation")?.value.trim() ?? "");
    const answer = await post("/session:beginExternalSignIn", { provider: button.dataset.provider });
    const told = await answer.json();
    if (!answer.ok) {
      tell(told.message);
      return;
    }
    location.assign(told.authorizationUri);
  });
}

if (document.querySelector("[data-return]")) {
  const [state, code, issuer] = ["state", "code", "iss"].map((name) => query.get(name) ?? "");
  history.replaceState(null, "", "/login/return");
  if (code) tried("/session:finishExternalSignIn", { state, code, issuer, ...taken() });
  else tell(query.get("error_description") ?? t("The provider did not sign you in."));
}

if (document.querySelector("[data-enter]")) {
  const code = location.hash.slice(1);
  history.replaceState(null, "", "/enter");
  tried("/session:enter", { code });
}

// Another site's link brings no cookie with it: who is signed in already goes on.
if (document.getElementById("login")) {
  const told = await (await fetch("/session")).json();
  if (told.signedIn) onward();
}
