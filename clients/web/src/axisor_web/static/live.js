// Keeps the page true: one stream of parts that the bridge paints, and the age of what is shown.
import { morph } from "./morph.js";
import { t } from "./text.js";

const { live, staleS, ageMs } = document.body.dataset;
const link = document.getElementById("link");
const say = document.getElementById("say");
const icon = document.getElementById("icon");
const name = document.title;
const SIGNS = { ok: "", warn: "!", crit: "!!", none: "" };
const MOST_SAID = 20;
const SILENT_MS = 25_000;
const AGAIN_MS = 2_000;

let shown = { level: "none", closest: "" };
let pricedAt = ageMs === "" ? null : performance.now() - Number(ageMs);
let fresh = true;
let heardAt = performance.now();
let lost = "";

function paint(frame) {
  for (const [part, html] of Object.entries(frame.parts)) {
    const element = document.querySelector(`[data-part="${part}"]`);
    if (element) morph(element, html);
  }
  shown = frame;
  fresh = frame.fresh;
  pricedAt = frame.ageMs === null ? null : performance.now() - frame.ageMs;
  for (const line of frame.say) tell(line);
  document.dispatchEvent(new CustomEvent("painted", { detail: frame }));
}

function tell(line) {
  const said = document.createElement("p");
  said.textContent = line;
  say.append(said);
  while (say.children.length > MOST_SAID) say.firstChild.remove();
}

function look() {
  const now = performance.now();
  if (!lost && now - heardAt > SILENT_MS) lost = t("nothing was heard for a while");
  const age = pricedAt === null ? null : (now - pricedAt) / 1000;
  const stale = Boolean(lost) || !fresh || age === null || age > Number(staleS);
  document.body.classList.toggle("stale", stale);
  link.hidden = !lost;
  if (lost) link.textContent = t("~ The core is not heard: {why}. What is shown is as old as it says; the guard does not need this page.", { why: lost });
  const text = document.getElementById("age");
  if (text && age !== null) {
    const places = age < 10 ? 1 : 0;
    const seconds = age.toLocaleString(document.documentElement.lang, { minimumFractionDigits: places, maximumFractionDigits: places });
    text.textContent = stale ? t("~ stale, {seconds} s old", { seconds }) : t("data {seconds} s", { seconds });
  }
  const level = stale ? "none" : shown.level;
  const sign = stale ? "~" : SIGNS[level];
  const title = [shown.closest, sign, name].filter(Boolean).join(" ");
  if (document.title !== title) document.title = title;
  const href = icon.dataset[level];
  if (icon.getAttribute("href") !== href) icon.setAttribute("href", href);
}

function heard() {
  heardAt = performance.now();
}

function open() {
  const stream = new EventSource(live);
  stream.addEventListener("paint", (event) => {
    heard();
    lost = "";
    paint(JSON.parse(event.data));
    look();
  });
  stream.addEventListener("lost", (event) => {
    heard();
    lost = JSON.parse(event.data).text;
    look();
  });
  stream.addEventListener("refused", (event) => {
    lost = JSON.parse(event.data).text;
    stream.close();
    look();
    location.assign("/login");
  });
  stream.addEventListener("error", () => {
    lost ||= t("the bridge does not answer");
    look();
    if (stream.readyState === EventSource.CLOSED) setTimeout(again, AGAIN_MS);
  });
}

// A browser comes back by itself where a line broke, and never where it was answered by an error.
async function again() {
  try {
    const told = await (await fetch("/session")).json();
    if (told.signedIn) open();
    else location.assign("/login");
  } catch {
    setTimeout(again, AGAIN_MS);
  }
}

open();
setInterval(look, 500);
