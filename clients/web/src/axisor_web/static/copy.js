// Buttons that copy a command.
import { t } from "./text.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const command = button.dataset.copy.replace("{origin}", location.origin);
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(command);
    button.textContent = t("Copied");
  } catch {
    button.textContent = command;
    return;
  }
  setTimeout(() => {
    button.textContent = before;
  }, 1500);
});
