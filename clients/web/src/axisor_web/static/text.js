// Texts and numbers in the language of the page. The page tells the texts that scripts say in
// <script type="application/json" id="texts">{{ texts|tojson }}</script>, a block of data that
// runs nothing; what is not told is said in English.

const told = JSON.parse(document.getElementById("texts")?.textContent || "{}");
const grouped = new Intl.NumberFormat(document.documentElement.lang || "en-US");

// Sats come as digits in a string, and more of them than a number holds: BigInt keeps each.
export function number(value) {
  return grouped.format(typeof value === "string" && /^-?\d+$/.test(value) ? BigInt(value) : value);
}

export function t(message, values = {}) {
  return (told[message] ?? message).replace(/\{([a-z][a-z0-9_]*)\}/g, (_, name) => {
    if (!(name in values)) throw new Error(`the text has no value for ${name}: ${message}`);
    const value = values[name];
    return typeof value === "number" || typeof value === "bigint" ? number(value) : String(value);
  });
}

// A text that is translated where it is shown.
export const marked = (message) => message;
