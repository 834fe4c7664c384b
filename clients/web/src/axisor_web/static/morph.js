// Makes a part of a page like new HTML while what stays the same stays in place: focus, open menus,
// and what a screen reader is reading. Rows are told apart by their key, never by their place.

const KEPT = new Set(["open"]);

export function morph(part, html) {
  const made = document.createElement("template");
  made.innerHTML = html;
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  children(part, made.content);
  if (focused && focused !== document.activeElement && focused.isConnected) focused.focus();
}

function children(from, to) {
  const keyed = new Map(
    [...from.children].filter((each) => each.dataset.key).map((each) => [each.dataset.key, each]),
  );
  let at = from.firstChild;
  for (const wanted of [...to.childNodes]) {
    const key = wanted.dataset?.key;
    const known = key ? keyed.get(key) : at && !at.dataset?.key && like(at, wanted) ? at : null;
    if (!known) {
      from.insertBefore(wanted, at);
      continue;
    }
    if (known === at) at = at.nextSibling;
    else from.insertBefore(known, at);
    if (key) keyed.delete(key);
    update(known, wanted);
  }
  while (at) {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  }
}

const like = (one, other) => one.nodeType === other.nodeType && one.nodeName === other.nodeName;

function update(from, to) {
  if (from.nodeType !== Node.ELEMENT_NODE) {
    if (from.nodeValue !== to.nodeValue) from.nodeValue = to.nodeValue;
    return;
  }
  if (from.isEqualNode(to)) return;
  for (const { name } of [...from.attributes]) {
    if (!to.hasAttribute(name) && !KEPT.has(name)) from.removeAttribute(name);
  }
  for (const { name, value } of to.attributes) {
    if (from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
  children(from, to);
}
