// Where else a result is: said when its mark has the pointer or the focus, and shown by marking the
// same clip in the other columns.

const region = document.getElementById("columns");
let tip = null;
let mark = null; // that the tip is about
let leaving = 0;

function hide() {
  clearTimeout(leaving);
  if (!mark) return;
  tip.hidden = true;
  mark.removeAttribute("aria-describedby");
  mark = null;
  for (const item of region.querySelectorAll(".same")) item.classList.remove("same");
}

function place() {
  const box = mark.getBoundingClientRect();
  const left = Math.min(box.left, document.documentElement.clientWidth - tip.offsetWidth - 8);
  const isBelow = box.bottom + tip.offsetHeight + 8 < window.innerHeight;
  tip.style.left = `${Math.max(8, left) + window.scrollX}px`;
  tip.style.top = `${(isBelow ? box.bottom + 4 : box.top - tip.offsetHeight - 4) + window.scrollY}px`;
}

function show(of) {
  if (of === mark) return clearTimeout(leaving);
  hide();
  mark = of;
  tip.textContent = mark.dataset.where;
  tip.hidden = false;
  mark.setAttribute("aria-describedby", tip.id);
  const { row } = mark.closest("[data-row]").dataset;
  for (const item of region.querySelectorAll(`[data-row="${row}"]`)) item.classList.add("same");
  place();
}

// The pointer may move onto the tip.
function leave() {
  clearTimeout(leaving);
  leaving = setTimeout(() => mark !== document.activeElement && hide(), 200);
}

export function startMarks() {
  if (!region) return;
  tip = document.createElement("div");
  Object.assign(tip, { id: "also-tip", className: "also-tip", hidden: true });
  tip.setAttribute("role", "tooltip");
  document.getElementById("main").append(tip);
  for (const one of region.querySelectorAll(".also")) {
    one.dataset.where = one.title; // the tip stands for the title, which keys and touch do not get
    one.removeAttribute("title");
  }
  const of = (event) => event.target.closest?.(".also");
  region.addEventListener("pointerover", (event) => of(event) && show(of(event)));
  region.addEventListener("pointerout", (event) => of(event) && leave());
  region.addEventListener("focusin", (event) => (of(event) ? show(of(event)) : hide()));
  region.addEventListener("focusout", hide);
  region.addEventListener("click", (event) => of(event) && show(of(event)));
  tip.addEventListener("pointerenter", () => clearTimeout(leaving));
  tip.addEventListener("pointerleave", leave);
  document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
  region.addEventListener("scroll", () => mark && place());
}
