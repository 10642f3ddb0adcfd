// On narrow screens one system is in sight at a time: it is swiped to, or chosen by its tab. Without
// this file the tabs of the browse page are links to the columns, and columns are swiped all the same.

const narrow = matchMedia("(max-width: 900px)"); // as in browse.css

const region = document.querySelector(".sheet-columns");
const tabs = () => [...document.querySelectorAll("#tabs [role=tab]")];
const panelOf = (tab) => document.getElementById(tab.getAttribute("aria-controls"));
const isChosen = (tab) => tab.getAttribute("aria-selected") === "true";

// What is out of sight is out of reach for keys and screen readers, too.
function reach() {
  for (const tab of tabs()) panelOf(tab).inert = narrow.matches && !isChosen(tab);
}

function select(chosen) {
  for (const tab of tabs()) {
    tab.setAttribute("aria-selected", String(tab === chosen));
    tab.tabIndex = tab === chosen ? 0 : -1;
    panelOf(tab).classList.toggle("shown", tab === chosen);
  }
  reach();
  const list = chosen.parentElement;
  list.scrollLeft = chosen.offsetLeft - (list.clientWidth - chosen.offsetWidth) / 2;
}

function bring(tab) {
  if (narrow.matches) region.scrollTo({ left: panelOf(tab).offsetLeft, behavior: "instant" });
}

// on(tab) is called when a swipe has brought another column into sight.
function startSwiping(on) {
  region.addEventListener("scroll", () => {
    if (!narrow.matches) return;
    const tab = tabs()[Math.round(region.scrollLeft / region.clientWidth)];
    if (tab && !isChosen(tab)) on(tab);
  }, { passive: true });
}

// chosen(system) is called when another system is to be shown.
export function startTabs(chosen = () => {}) {
  const first = tabs().find(isChosen);
  if (!first) return;
  const turn = (tab) => {
    select(tab);
    chosen(tab.dataset.system);
  };
  const choose = (tab) => {
    turn(tab);
    bring(tab);
  };
  const settle = () => {
    reach();
    bring(tabs().find(isChosen));
  };
  select(first);
  bring(first);
  startSwiping(turn);
  narrow.addEventListener("change", settle);
  const list = document.getElementById("tabs");
  list.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (!tab || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    choose(tab);
  });
  list.addEventListener("keydown", (event) => {
    const all = tabs();
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const ends = { Home: all[0], End: all.at(-1) }[event.key];
    const at = all.indexOf(event.target.closest("[role=tab]"));
    const next = ends ?? (step ? all[(at + step + all.length) % all.length] : undefined);
    if (event.key === " ") choose(event.target);
    else if (!next) return;
    else {
      choose(next);
      next.focus();
    }
    event.preventDefault();
    event.stopPropagation();
  });
}
