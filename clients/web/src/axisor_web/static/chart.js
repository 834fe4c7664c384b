// The chart of a position: candles, loaded further back as one scrolls; the prices that count; and
// what was done to it.
import { CandlestickSeries, LineStyle, createChart, createSeriesMarkers } from "./vendor/lightweight-charts.mjs";
import { number, t } from "./text.js";

const SECONDS = { "1m": 60, "5m": 300, "1h": 3600, "4h": 14_400, "1d": 86_400 };
const PAGE = 300;
const EDGE = 20;
const READ_MS = 30_000;

const host = document.getElementById("chart");
const problem = document.getElementById("chart-problem");
const charted = document.getElementById("charted");
const dark = matchMedia("(prefers-color-scheme: dark)");
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const chart = createChart(host, {
  autoSize: true,
  layout: { attributionLogo: true },
  timeScale: { timeVisible: true, secondsVisible: false },
});
const series = chart.addSeries(CandlestickSeries, {});
const markers = createSeriesMarkers(series, []);
const marks = JSON.parse(host.dataset.marks);

let range = "1m";
let candles = [];
let exhausted = false;
let loading = false;
let lines = [];

function dress() {
  chart.applyOptions({
    layout: { background: { color: colour("--card") }, textColor: colour("--text")},
    grid: { vertLines: { color: colour("--line") }, horzLines: { color: colour("--line") } },
  });
  series.applyOptions({
    upColor: colour("--good"),
    wickUpColor: colour("--good"),
    downColor: colour("--bad"),
    wickDownColor: colour("--bad"),
    borderVisible: false,
    priceFormat: { type: "price", precision: 1, minMove: 0.5 },
    autoscaleInfoProvider: scaled,
  });
  rule();
  mark();
}

// The prices that count are always in sight, however far the candles are from them.
function scaled(own) {
  const found = own();
  const counted = lines.map((line) => line.options().price);
  if (!found?.priceRange) return found;
  const { minValue, maxValue } = found.priceRange;
  return { ...found, priceRange: { minValue: Math.min(minValue, ...counted), maxValue: Math.max(maxValue, ...counted) } };
}

// The position whose prices are ruled: on the overview the one that is closest to liquidation.
const ruled = () => document.getElementById("lines")?.dataset ?? {};

function rule() {
  for (const line of lines) series.removePriceLine(line);
  const told = ruled();
  charted.textContent = told.name ?? "";
  lines = [
    ["entry", t("entry"), "--muted", LineStyle.Dotted],
    ["trigger", t("trigger"), "--warn", LineStyle.Dashed],
    ["liquidation", t("liquidation"), "--bad", LineStyle.Solid],
    ["stop", t("stop-loss"), "--accent", LineStyle.Dashed],
    ["target", t("take-profit"), "--good", LineStyle.Dashed],
  ]
    .filter(([name]) => told[name])
    .map(([name, title, from, lineStyle]) =>
      series.createPriceLine({ price: Number(told[name]), title, color: colour(from), lineStyle, lineWidth: 2 }),
    );
}

function mark() {
  const first = candles[0]?.time ?? Infinity;
  const step = SECONDS[range];
  const { position } = ruled();
  markers.setMarkers(
    marks
      .filter((each) => each.position === position)
      .map((each) => ({ ...each, at: each.time - (each.time % step) }))
      .filter((each) => each.at >= first)
      .map((each) => ({
        time: each.at,
        position: "belowBar",
        shape: "arrowUp",
        color: colour(each.guard ? "--accent" : "--muted"),
        text: each.sats ? `+${number(each.sats)}` : each.what,
      })),
  );
}

const shaped = (each) => ({
  time: Math.floor(Date.parse(each.startTime) / 1000),
  open: Number(each.openPriceUsd),
  high: Number(each.highPriceUsd),
  low: Number(each.lowPriceUsd),
  close: Number(each.closePriceUsd),
});

async function listed(start, end) {
  const query = new URLSearchParams({
    range,
    pageSize: String(PAGE),
    startTime: new Date(start * 1000).toISOString(),
    endTime: new Date(end * 1000).toISOString(),
  });
  const answer = await fetch(`${host.dataset.candles}?${query}`);
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.message);
  return told.candles.map(shaped);
}

function failed(error) {
  problem.hidden = false;
  problem.textContent = t("No candles: {why}", { why: error.message });
}

async function older() {
  if (loading || exhausted) return;
  loading = true;
  const wanted = range;
  try {
    const end = candles[0]?.time ?? Math.floor(Date.now() / 1000) + SECONDS[range];
    const found = await listed(end - PAGE * SECONDS[range], end);
    if (wanted !== range) return;
    exhausted = found.length === 0;
    candles = [...found.filter((each) => each.time < end), ...candles];
    series.setData(candles);
    mark();
    problem.hidden = candles.length > 0;
    host.hidden = candles.length === 0;
    if (!candles.length) problem.textContent = t("No candles yet.");
  } catch (error) {
    exhausted = true;
    failed(error);
  } finally {
    loading = false;
  }
}

// The last candle follows the price; the venue, which counts what it is asked, is asked now and then.
function follow({ price, at }) {
  const last = candles.at(-1);
  if (!last || !price) return;
  const [close, time] = [Number(price), at - (at % SECONDS[range])];
  if (time < last.time) return;
  const next = time === last.time ? last : { time, open: last.close, high: last.close, low: last.close };
  const made = { ...next, close, high: Math.max(next.high, close), low: Math.min(next.low, close) };
  if (time === last.time) candles.pop();
  candles.push(made);
  series.update(made);
}

async function newest() {
  if (loading || !candles.length) return;
  const wanted = range;
  const last = candles.at(-1).time;
  try {
    const found = await listed(last, Math.floor(Date.now() / 1000) + SECONDS[range]);
    if (wanted !== range) return;
    for (const each of found) {
      if (each.time < candles.at(-1).time) continue;
      if (each.time === candles.at(-1).time) candles.pop();
      candles.push(each);
      series.update(each);
    }
  } catch (error) {
    failed(error);
  }
}

for (const button of document.querySelectorAll("[data-range]")) {
  button.addEventListener("click", async () => {
    range = button.dataset.range;
    for (const each of document.querySelectorAll("[data-range]")) each.setAttribute("aria-pressed", String(each === button));
    candles = [];
    exhausted = loading = false;
    await older();
    chart.timeScale().fitContent();
  });
}

chart.timeScale().subscribeVisibleLogicalRangeChange((seen) => {
  if (seen && seen.from < EDGE) older();
});
dark.addEventListener("change", dress);

let before = "";
let readAt = performance.now();
document.addEventListener("painted", ({ detail }) => {
  const told = JSON.stringify({ ...ruled() });
  if (told !== before) {
    rule();
    mark();
  }
  before = told;
  follow(detail);
  if (performance.now() - readAt < READ_MS) return;
  readAt = performance.now();
  newest();
});

dress();
await older();
chart.timeScale().fitContent();
