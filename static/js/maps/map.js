// The page of a collection's maps: colours, lists and sounds, the same on both maps.
import "../player/player.js";
import { save } from "../core/figures.js";
import { walkItems } from "../core/items.js";
import { Clips, categories } from "./clips.js";
import { Form } from "./form.js";
import { drawLegend } from "./legend.js";
import { ClipList, Selection } from "./list.js";
import { MapPlot } from "./plot.js";

const NEAR = 15;

const section = document.getElementById("maps");
const { dataset } = section;
const KEPT = `sounding-board-map-${dataset.name}`;
const look = {
  colours: dataset.colours.split(" "),
  symbols: dataset.symbols.split(" "),
  grey: dataset.grey,
  words: { several: dataset.several, noFamily: dataset.noFamily, rest: dataset.rest },
};
let clips = null;
let plots = [];
let tool = matchMedia("(hover: none)").matches ? "" : "lasso";

const form = new Form(document.getElementById("map-form"), JSON.parse(dataset.classes), recolour);
const pressed = new ClipList(document.getElementById("clip-item"), dataset.list, { added: addNearest });
const list = new ClipList(document.getElementById("list"), dataset.list, { added: addNearest });
const selection = new Selection(document.getElementById("selection"), list, Number(dataset.listed));
const said = selection.said.dataset;

function counted(count, one, some) {
  return (count === 1 ? one : some).replace("{count}", count.toLocaleString("en"));
}

function coloured() {
  return categories(clips, form, look);
}

function recolour() {
  if (!plots.length) return;
  const now = coloured();
  showLegend(now);
  for (const plot of plots) plot.recolour(now);
}

function showLegend(now) {
  drawLegend(document.getElementById("legend"), now, (key, isHidden) => form.hide(key, isHidden));
  const note = document.getElementById("legend-note");
  const words = form.chosen.length ? note.dataset.class : note.dataset.empty;
  note.textContent = form.colour === "class" && (form.chosen.length !== 1) ? words : "";
}

// Choose clips on all maps and list them.
async function choose(rows, words) {
  const chosen = rows.length ? new Set(rows) : null;
  const unplaced = rows.filter((row) => plots.some((plot) => !plot.has(row))).length;
  for (const plot of plots) plot.choose(chosen);
  keep(rows);
  const more = unplaced ? ` ${said.unplaced.replace("{count}", unplaced)}` : "";
  await selection.choose(rows, `${words}${more}`);
}

function surrounded(rows) {
  const sorted = rows.sort((one, other) => one - other);
  choose(sorted, rows.length ? counted(rows.length, said.one, said.some) : said.empty);
}

// The chosen clips stay when another map is shown, in this tab.
function keep(rows) {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(rows.map((row) => clips.ids[row])));
  } catch {
    // storage is switched off or full: they are chosen until the page is left
  }
}

function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "[]").map((id) => clips.row.get(id)).filter((row) => row !== undefined);
  } catch {
    return [];
  }
}

async function press(row) {
  const panel = document.getElementById("clip");
  for (const plot of plots) plot.ring(row);
  if (!(await pressed.show([row]))) return;
  panel.hidden = false;
  panel.querySelector("sound-player").play();
}

// Each item leads to the clips that lie nearest to it, on each map.
function addNearest(item) {
  const row = Number(item.dataset.row);
  for (const plot of plots.filter((one) => one.has(row))) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet-button";
    button.textContent = dataset.near.replace("{map}", plot.title);
    button.addEventListener("click", () => {
      const rows = plot.nearest(row, NEAR);
      const words = dataset.nearSaid.replace("{count}", rows.length - 1)
        .replace("{clip}", clips.ids[row]).replace("{map}", plot.title);
      for (const one of plots) one.ring(row);
      choose(rows, words).then(() => {
        selection.said.scrollIntoView({ block: "nearest" });
        list.element.querySelector("[data-item]")?.focus({ preventScroll: true });
      });
    });
    item.querySelector(".map-actions").append(button);
  }
}

document.addEventListener("sound-play", ({ target }) => {
  const item = target.closest("[data-row]");
  if (item) for (const plot of plots) plot.ring(Number(item.dataset.row));
});

document.getElementById("find-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const words = document.getElementById("find").value.trim();
  const own = clips.row.get(words);
  const rows = own === undefined ? clips.find(words) : [own];
  const text = rows.length ? counted(rows.length, said.foundOne, said.found) : said.none;
  choose(rows, text.replace("{words}", words));
  if (own !== undefined) for (const plot of plots) plot.ring(own);
});

document.getElementById("clear").addEventListener("click", () => {
  choose([], said.empty);
  document.getElementById("find").focus();
});

document.getElementById("copy").addEventListener("click", async ({ currentTarget: button }) => {
  const ids = selection.rows.map((row) => clips.ids[row]).join("\n");
  const words = button.textContent;
  try {
    await navigator.clipboard.writeText(ids);
  } catch {
    window.prompt(button.dataset.byHand, ids.replaceAll("\n", " ")); // only https and localhost have a clipboard
    return;
  }
  button.textContent = button.dataset.copied;
  setTimeout(() => { button.textContent = words; }, 2000);
});

document.getElementById("clip-close").addEventListener("click", () => {
  pressed.empty();
  document.getElementById("clip").hidden = true;
});

function useTool(name) {
  tool = name;
  for (const button of document.querySelectorAll("[data-tool]")) {
    button.setAttribute("aria-pressed", String(button.dataset.tool === name));
  }
  for (const plot of plots) plot.use(name);
}

for (const button of document.querySelectorAll("[data-tool]")) {
  button.addEventListener("click", () => useTool(button.dataset.tool));
}

const whole = document.getElementById("whole");
whole.addEventListener("click", () => plots.forEach((plot) => plot.whole()));

function offerFiles(plot) {
  plot.figure.dataset.figure = plot.figure.dataset.map; // the file's name
  for (const button of plot.figure.querySelectorAll("[data-save]")) {
    button.hidden = false;
    button.addEventListener("click", () => save(plot.figure, plot.picture(), button.dataset.save));
  }
}

async function load(address, as) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer[as]();
}

async function start() {
  const figures = [...section.querySelectorAll("[data-points]")];
  const [facts, ...points] = await Promise.all([
    load(dataset.clips, "json"), ...figures.map((figure) => load(figure.dataset.points, "arrayBuffer")),
  ]);
  clips = new Clips(facts);
  const drawn = figures.map((figure, number) => (
    new MapPlot(figure, new Float32Array(points[number]), clips, { pressed: press, surrounded })
  ));
  const now = coloured();
  showLegend(now);
  for (const plot of drawn) {
    await plot.draw(now, tool);
    offerFiles(plot);
  }
  plots = drawn;
  useTool(tool);
  whole.hidden = false;
  document.getElementById("no-webgl").hidden = plots.every((plot) => plot.type === "scattergl");
  const before = kept();
  if (before.length) choose(before, counted(before.length, said.one, said.some));
  section.dataset.ready = "yes";
}

walkItems({ within: (item) => item?.closest(".results") ?? document, seek: true });
start().catch(() => {
  for (const waits of section.querySelectorAll(".figure-waits")) waits.textContent = dataset.failed;
});
