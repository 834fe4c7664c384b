// What is pressed before the scripts of a page run is kept, and pressed again as soon as they do.
// This one is no module: it runs before there is anything to press, and modules only at the end.
{
  const kept = new Set();
  const keep = (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    kept.add(button);
  };
  document.addEventListener("click", keep, true);
  document.addEventListener("DOMContentLoaded", () => {
    document.removeEventListener("click", keep, true);
    for (const button of kept) button.click();
  });
}
