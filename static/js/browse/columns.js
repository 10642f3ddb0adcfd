// Columns that move: by dragging, by their menus, and the focus by Shift and the arrows. Systems
// of simulated vectors stay behind the divider: a column moves among those of its own kind.
import { addressWith, setState } from "./address.js";
import { typing } from "../core/items.js";

const region = document.getElementById("columns");
let dragged = null;

const columns = (within = region) => [...within.querySelectorAll(".system")];
const names = () => columns().map((column) => column.dataset.system);
const groupOf = (column) => column.closest(".group-columns");

// What follows from the order: the address, the tabs, which moves there are.
function settle() {
  const order = names();
  const { system } = region.querySelector(".system.shown").dataset;
  setState({ system: order, columns: [], compare: [region.dataset.compared], tab: [system] });
  const tabs = document.getElementById("tabs");
  tabs?.append(...order.map((name) => tabs.querySelector(`[data-system="${CSS.escape(name)}"]`)));
  for (const column of columns()) {
    const own = columns(groupOf(column));
    column.querySelector('[data-move="-1"]').hidden = own[0] === column;
    column.querySelector('[data-move="1"]').hidden = own.at(-1) === column;
    const rest = order.filter((name) => name !== column.dataset.system);
    const remove = column.querySelector("[data-remove]");
    remove.href = addressWith({ system: rest, columns: [], tab: [] });
  }
  for (const legend of document.querySelectorAll(".choose legend")) {
    const boxes = order.map((name) => legend.parentElement.querySelector(`[value="${CSS.escape(name)}"]`));
    legend.after(...boxes.filter(Boolean).map((box) => box.closest("label")));
  }
}

function place(column, other, isAfter) {
  if (column === other) return;
  if (isAfter) other.after(column);
  else other.before(column);
  settle();
}

function move(column, by) {
  const own = columns(groupOf(column));
  const other = own[own.indexOf(column) + by];
  if (!other) return;
  place(column, other, by > 0);
  column.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function isRightHalf(column, event) {
  const box = column.getBoundingClientRect();
  return event.clientX > box.left + box.width / 2;
}

function unmark() {
  for (const column of columns()) column.classList.remove("drop-before", "drop-after", "dragged");
}

function startDragging() {
  for (const grip of region.querySelectorAll(".grip")) grip.hidden = false;
  region.addEventListener("dragstart", (event) => {
    if (!event.target.closest?.(".grip")) return;
    dragged = event.target.closest(".system");
    dragged.classList.add("dragged");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.system);
    event.dataTransfer.setDragImage(dragged.querySelector(".system-head"), 10, 10);
  });
  region.addEventListener("dragover", (event) => {
    const column = event.target.closest(".system");
    if (!dragged || !column || groupOf(column) !== groupOf(dragged)) return;
    event.preventDefault();
    const isAfter = isRightHalf(column, event);
    for (const one of columns()) {
      one.classList.toggle("drop-after", one === column && isAfter);
      one.classList.toggle("drop-before", one === column && !isAfter);
    }
  });
  region.addEventListener("drop", (event) => {
    const column = event.target.closest(".system");
    if (!dragged || !column || groupOf(column) !== groupOf(dragged)) return;
    event.preventDefault();
    place(dragged, column, isRightHalf(column, event));
  });
  region.addEventListener("dragend", () => {
    dragged = null;
    unmark();
  });
}

function startMenus() {
  region.addEventListener("click", (event) => {
    const item = event.target.closest("[data-move]");
    if (!item || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const menu = item.closest("details");
    move(item.closest(".system"), Number(item.dataset.move));
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}

// Shift and an arrow: the result of the same rank in the next column.
function step(event) {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!by || !event.shiftKey || typing(event)) return;
  const item = document.activeElement?.closest(".result");
  if (!item) return;
  event.preventDefault();
  event.stopPropagation();
  const all = columns();
  const own = item.closest(".system");
  const items = all[all.indexOf(own) + by]?.querySelectorAll(".result[data-item]");
  if (!items?.length || items[0].closest("[inert]")) return;
  const rank = [...own.querySelectorAll(".result[data-item]")].indexOf(item);
  const next = items[Math.min(rank, items.length - 1)];
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest", inline: "nearest" });
}

export function startColumns() {
  if (!region) return;
  startDragging();
  startMenus();
  document.addEventListener("keydown", step, { capture: true });
}
