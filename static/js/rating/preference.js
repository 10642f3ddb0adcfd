// Which of two lists is better: by button or by the keys a, b and n.
import { singleKeys, typing } from "../core/items.js";
import { isPaced, way } from "./pace.js";
import { answered } from "./rhythm.js";
import { onSaving, sayUndecided, send, work } from "./saving.js";

export function preference(panel) {
  const buttons = [...panel.querySelectorAll(".choice")];
  const state = panel.querySelector(".state");
  let last = "";

  const chosen = () => buttons.find((button) => button.getAttribute("aria-pressed") === "true")?.dataset.choice;

  function show(choice, words) {
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.choice === choice));
    state.textContent = words === "unrated" ? state.dataset.unrated : work[words];
    panel.dataset.state = words;
  }

  function give(choice) {
    if (chosen() === choice) return; // nothing new was said
    if (!chosen()) answered();
    show(choice, "saving");
    last = send("prefer", {
      block: work.block, choice, given_at: new Date().toISOString(), ...(isPaced && { way: way() }),
    });
  }

  onSaving({
    saved: ({ body }) => body.uuid === last && show(body.choice, "saved"),
    kept: () => panel.dataset.state === "saving" && show(chosen(), "kept"),
    refused: ({ body }) => body.uuid === last && show(null, "unrated"),
  });
  panel.addEventListener("click", (event) => {
    const button = event.target.closest(".choice");
    if (button) give(button.dataset.choice);
  });
  document.addEventListener("keydown", (event) => {
    if (typing(event) || event.repeat || !singleKeys()) return;
    const button = buttons.find((one) => one.dataset.key === event.key);
    if (button) give(button.dataset.choice);
  });

  return {
    get open() { return chosen() ? 0 : 1; },
    firstOpen() {},
    flush() {},
    sayMissing() {
      if (chosen()) return false;
      sayUndecided();
      buttons[0].focus();
      return true;
    },
    restore({ body }) {
      if (body.block !== work.block) return false;
      last = body.uuid;
      show(body.choice, "kept");
      return true;
    },
  };
}
