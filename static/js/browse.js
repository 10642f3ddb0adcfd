// The browse page: keys, the class list that follows the family, and one system at a time on
// narrow screens.
import "./player.js";
import { walkItems } from "./items.js";

walkItems({ within: (item) => item?.closest(".system") ?? document, seek: true });

const family = document.getElementById("family");
const classes = document.getElementById("class");
const groups = [...classes.querySelectorAll("optgroup")];

function narrow() {
  const chosen = classes.selectedOptions[0]?.parentElement;
  const kept = groups.filter((group) => !family.value || group.dataset.family === family.value);
  groups.forEach((group) => group.remove()); // Safari cannot hide an optgroup
  classes.append(...kept);
  if (chosen?.tagName === "OPTGROUP" && !kept.includes(chosen)) classes.value = "";
}

family.addEventListener("change", narrow);
narrow();

const tabs = [...document.querySelectorAll("#tabs [role=tab]")];

function select(tab) {
  for (const other of tabs) {
    const isChosen = other === tab;
    other.setAttribute("aria-selected", String(isChosen));
    other.tabIndex = isChosen ? 0 : -1;
    document.getElementById(other.getAttribute("aria-controls")).classList.toggle("shown", isChosen);
  }
}

tabs.forEach((tab, number) => {
  tab.addEventListener("click", () => select(tab));
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = tabs[(number + step + tabs.length) % tabs.length];
    select(next);
    next.focus();
    event.preventDefault();
    event.stopPropagation();
  });
});
if (tabs.length) select(tabs[0]);
