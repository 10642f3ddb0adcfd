// On narrow screens one system is shown at a time, chosen by tabs. Without this file the tabs of the
// browse page are links that load the page with another system shown.

const tabs = () => [...document.querySelectorAll("#tabs [role=tab]")];

function select(tab) {
  for (const other of tabs()) {
    const isChosen = other === tab;
    other.setAttribute("aria-selected", String(isChosen));
    other.tabIndex = isChosen ? 0 : -1;
    document.getElementById(other.getAttribute("aria-controls")).classList.toggle("shown", isChosen);
  }
  tab.scrollIntoView({ block: "nearest", inline: "nearest" });
}

// chosen(system) is called when another system is to be shown.
export function startTabs(chosen = () => {}) {
  const first = tabs().find((tab) => tab.getAttribute("aria-selected") === "true");
  if (!first) return;
  for (const tab of tabs()) tab.tabIndex = tab === first ? 0 : -1;
  const choose = (tab) => {
    select(tab);
    chosen(tab.dataset.system);
  };
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
