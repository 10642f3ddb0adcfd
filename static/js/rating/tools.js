// Listening tools of a judging page: two sounds side by side, a part played over and over, a sound from
// its start. By key, of the sound where the focus is; by button, of the sound that was played last.
import { singleKeys, soundingItem, typing } from "../core/items.js";
import { numeral } from "../core/words.js";
import { switchTo } from "../player/compare.js";
import { sounding } from "../player/player.js";
import { pressLoop, startRegions } from "../player/region.js";

const bar = document.getElementById("tools");
const told = document.getElementById("tools-told");
const query = document.querySelector("#query sound-player");

let marked = null; // the sound that was marked as A; the query where none was
let partner = null; // B: the sound that was played last and is not A

const first = () => marked ?? query;

function tell(words, values) {
  told.textContent = bar.dataset[words].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// Write on the two sounds which is A and which is B.
function label() {
  for (const player of document.querySelectorAll("sound-player")) {
    const side = player === first() ? "A" : player === partner ? "B" : "";
    if (side && (marked || partner)) player.button.dataset.side = side;
    else delete player.button.dataset.side;
  }
}

function draw(player = sounding().player) {
  bar.querySelector('[data-tool="mark"]').setAttribute("aria-pressed", String(Boolean(marked)));
  bar.querySelector('[data-tool="loop"]').setAttribute("aria-pressed", String(Boolean(player?.region)));
}

// From A to the sound where the rater is, and back; where that is A itself, to the last that was not.
function compare(here) {
  const now = sounding().player;
  const a = first();
  if (here !== a) partner = here;
  if (!partner) return tell("alone");
  label();
  if (now !== a && now !== partner) return partner.play();
  const next = now === a ? partner : a;
  tell(next === a ? "first" : "second", { name: next.dataset.name });
  return switchTo(next);
}

function mark(here) {
  marked = marked === here || here === query ? null : here;
  if (partner === first()) partner = null;
  label();
  draw();
  tell(marked ? "first" : "unmarked", { name: first().dataset.name });
}

function loop(here) {
  const done = pressLoop(here);
  if (!done) return;
  draw(here);
  const { from = 0, to = 0 } = here.region ?? {};
  const at = here.loop.start ?? 0;
  tell(done, { name: here.dataset.name, at: numeral(at, 1), from: numeral(from, 1), to: numeral(to, 1) });
}

const TOOLS = { compare, mark, loop, restart: (here) => here.restart() };

export function startTools() {
  const keys = new Map();
  for (const button of bar.querySelectorAll("[data-tool]")) {
    const { tool, key } = button.dataset;
    keys.set(key, tool);
    button.disabled = false;
    // The pointer leaves the focus where it is, so that keys go on with their sound.
    button.addEventListener("mousedown", (event) => event.preventDefault());
    button.addEventListener("click", () => TOOLS[tool](sounding().player ?? soundingItem().querySelector("sound-player")));
  }
  document.addEventListener("keydown", (event) => {
    const tool = keys.get(event.key);
    if (!tool || typing(event) || event.repeat || !singleKeys()) return;
    const player = soundingItem()?.querySelector("sound-player");
    if (!player) return;
    event.preventDefault();
    TOOLS[tool](player);
  });
  document.addEventListener("sound-play", ({ target }) => {
    if (partner && target !== first()) partner = target;
    label();
    draw(target);
  });
  startRegions((player) => {
    draw(player);
    const { from, to } = player.region;
    tell("set", { name: player.dataset.name, from: numeral(from, 1), to: numeral(to, 1) });
  });
}
