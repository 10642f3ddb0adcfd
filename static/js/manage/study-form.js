// The form that writes a study. What is typed is kept on the server as it is typed (and in the tab, until
// the server has it), the plan beside it follows, and what the choice has no use for is hidden. Without
// this all of it works by the buttons.

const form = document.getElementById("design");
const address = form.getAttribute("action"); // form.action is the buttons of that name
const aside = form.querySelector("[data-plan]");
const plan = document.getElementById("plan");
const kept = document.getElementById("kept");
const PAUSE = 600; // ms after the last key
const MOST_SHORT = 40; // characters of a short name that is made from a title
const AGAIN = 400; // ms until the plan is asked for again, longer each time

const WAITING = `unfinished:${location.pathname}`; // in the tab's own store
const TYPED = ["text", "search", "date", "textarea", "select-one", "checkbox"];

let typed = false; // something that is not kept
let timer = 0;
let going = null; // the keeping that is under way, to be given up when the page leaves
let asked = 0; // number of the last question for the plan

function holds(rule) {
  const [name, value] = rule.split("=");
  const field = form.elements.namedItem(name);
  return value === undefined ? field.checked : field.value === value;
}

function show() {
  for (const part of form.querySelectorAll("[data-when], [data-unless]")) {
    const { when, unless } = part.dataset;
    part.hidden = when ? !when.split(" ").some(holds) : unless.split(" ").some(holds);
  }
}

function posted() {
  const fields = new FormData(form);
  fields.set("action", "save");
  return fields;
}

function remember() {
  try {
    sessionStorage.setItem(WAITING, JSON.stringify([...new FormData(form)]));
  } catch {
    // no room, or not allowed: the server has it in a moment
  }
}

function restore() {
  const waiting = JSON.parse(sessionStorage.getItem(WAITING) ?? "null");
  if (!waiting) return false;
  for (const field of form.elements) {
    if (!field.name || !TYPED.includes(field.type)) continue;
    const own = waiting.filter(([name]) => name === field.name).map(([, value]) => value);
    if (field.type === "checkbox") field.checked = own.includes(field.value);
    else if (own.length) field.value = own[0];
  }
  return true;
}

function say(words) {
  if (kept.textContent !== words) kept.textContent = words;
}

async function keep() {
  clearTimeout(timer);
  going?.abort();
  going = new AbortController();
  typed = false;
  try {
    const answer = await fetch(address, { method: "POST", body: posted(), signal: going.signal });
    if (!answer.ok || answer.redirected) throw new Error(answer.statusText);
    if (!typed) sessionStorage.removeItem(WAITING);
    say(kept.dataset.kept);
    return true;
  } catch (error) {
    if (error.name === "AbortError") return false;
    typed = true;
    say(kept.dataset.lost);
    return false;
  } finally {
    going = null;
  }
}

async function showPlan(pause = AGAIN) {
  if (!aside) return;
  const number = ++asked;
  plan.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(aside.dataset.plan, { headers: { Accept: "application/json" } });
    if (number !== asked || !answer.ok) return;
    const { html, waits } = await answer.json();
    if (number !== asked) return;
    plan.innerHTML = html;
    tidy(plan);
    const words = plan.querySelector("[data-said]")?.textContent ?? "";
    const said = document.getElementById("plan-said");
    if (words && said.textContent !== words) said.textContent = words;
    if (waits) setTimeout(() => number === asked && showPlan(1.5 * pause), pause);
  } catch {
    // the server is away: what was said last stays
  } finally {
    if (number === asked) plan.removeAttribute("aria-busy");
  }
}

async function keepAndPlan() {
  if (await keep()) await showPlan();
}

function tidy(part) {
  for (const one of part.querySelectorAll(".without-script")) one.hidden = true;
}

// Another collection has other systems: the page is asked for again, and they are put in place.
async function bring(id) {
  if (!(await keep())) return;
  const page = await (await fetch(location.href)).text();
  const found = new DOMParser().parseFromString(page, "text/html").getElementById(id);
  if (found) document.getElementById(id).replaceWith(document.adoptNode(found));
  await showPlan();
}

function leave() {
  if (typed && navigator.sendBeacon(address, posted())) typed = false;
}

// A short name that is empty follows the title, until another one is typed.
function follow(short) {
  const source = form.elements.namedItem(short.dataset.from);
  source.addEventListener("input", () => {
    const plain = source.value.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
    const words = plain.replace(/[^a-z0-9]+/g, "-").slice(0, MOST_SHORT);
    short.value = words.replace(/^-+|-+$/g, "");
  }, { signal: typedIn(short) });
}

function typedIn(field) {
  const typing = new AbortController();
  field.addEventListener("input", () => typing.abort(), { once: true });
  return typing.signal;
}

for (const short of form.querySelectorAll("[data-from]")) if (!short.value) follow(short);
if (kept) {
  form.addEventListener("input", () => {
    typed = true;
    remember();
    clearTimeout(timer);
    timer = setTimeout(keepAndPlan, PAUSE);
  });
  form.addEventListener("change", (event) => {
    const { brings } = event.target.dataset;
    if (brings) bring(brings);
  });
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    going?.abort();
    typed = false;
    sessionStorage.removeItem(WAITING);
  });
  addEventListener("pagehide", leave);
  document.addEventListener("visibilitychange", () => document.hidden && leave());
}
if (kept && restore()) keepAndPlan();
else showPlan();
form.addEventListener("change", show);
tidy(form);
show();
document.querySelector(".problems")?.focus();
