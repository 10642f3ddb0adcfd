// The list of keys, opened by its button or by "?", and the switch for single keys.
import { singleKeys, typing } from "./items.js";

export function startHelp() {
  const dialog = document.getElementById("keys-help");
  const button = document.getElementById("keys-button");
  const checkbox = document.getElementById("single-keys");
  checkbox.checked = singleKeys();
  checkbox.addEventListener("change", () => singleKeys(checkbox.checked));
  button.hidden = false;
  button.addEventListener("click", () => dialog.showModal());
  document.addEventListener("keydown", (event) => {
    if (event.key !== "?" || typing(event) || !singleKeys()) return;
    dialog.showModal();
    event.preventDefault();
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close(); // beside it
  });
}
