// The experimenter's pages of studies: addresses to copy, and the page that waits for a study to
// be opened. Without it links are links, and the page is looked at again by hand.

const PAUSE = 1500; // milliseconds between two looks at how far the opening is

async function copy(text) {
  // navigator.clipboard is there on https and on localhost only
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "visually-hidden";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (!done) throw new Error("not copied");
}

function copyButton(from) {
  if (from instanceof HTMLButtonElement) {
    from.hidden = false;
    return from;
  }
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet-button";
  button.textContent = from.dataset.words;
  button.setAttribute("aria-label", from.dataset.label);
  Object.assign(button.dataset, from.dataset);
  from.replaceWith(button);
  return button;
}

const said = document.createElement("p");
said.className = "visually-hidden";
said.setAttribute("role", "status");
document.getElementById("main").append(said);

for (const from of document.querySelectorAll("[data-copy]")) {
  const button = copyButton(from);
  const words = button.textContent;
  button.addEventListener("click", async () => {
    try {
      await copy(button.dataset.copy);
    } catch {
      window.prompt(words, button.dataset.copy); // where nothing may be copied, it can be by hand
      return;
    }
    button.textContent = button.dataset.copied;
    said.textContent = button.dataset.copied;
    setTimeout(() => {
      button.textContent = words;
      said.textContent = "";
    }, 2000);
  });
}

const waiting = document.getElementById("waiting");

async function look() {
  try {
    const answer = await fetch(waiting.dataset.status, { headers: { Accept: "application/json" } });
    const found = answer.ok ? await answer.json() : { running: false };
    if (!found.running) {
      location.reload();
      return;
    }
    const clock = waiting.querySelector("[data-seconds]");
    clock.textContent = clock.dataset.words.replace("{}", found.seconds);
  } catch {
    // the server is away for a moment; the next look tells
  }
  setTimeout(look, PAUSE);
}

if (waiting) setTimeout(look, PAUSE);
