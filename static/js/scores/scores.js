// The scores page without a round trip to the server: columns sort and classes are found in place.
// Without this file the same buttons and fields ask the server, which answers the same.

const said = document.getElementById("said");

// The address, the other forms and the links hold the state: keep them as the page is now.
function remember(key, value) {
  const here = new URL(location);
  here.searchParams.set(key, value);
  history.replaceState(history.state, "", here);
  for (const link of document.querySelectorAll("a[data-state], a.switch-side, .parts a")) {
    const address = new URL(link.href);
    address.searchParams.set(key, value);
    link.href = address;
  }
  for (const form of document.querySelectorAll("main form[method=get]")) {
    if ([...form.elements].some((one) => one.name === key && one.type !== "hidden")) continue;
    let field = [...form.querySelectorAll("input[type=hidden]")].find((one) => one.name === key);
    if (!field) {
      field = Object.assign(document.createElement("input"), { type: "hidden", name: key });
      form.append(field);
    }
    field.value = value;
  }
}

// Compare as the server does: what has no value comes last either way, ties keep their place.
function byColumn(column, numeric, descending) {
  const value = (row) => row.cells[column].dataset.v;
  return (one, other) => {
    const [a, b] = [value(one), value(other)];
    const tie = Number(one.dataset.place) - Number(other.dataset.place);
    if (a === b) return tie;
    if (a === "" || b === "") return a === "" ? 1 : -1;
    const less = numeric ? Number(a) < Number(b) : a < b;
    return less === descending ? 1 : -1;
  };
}

function sort(table, button) {
  const heading = button.closest("th");
  const asked = button.value;
  const descending = asked.startsWith("-");
  const order = byColumn(heading.cellIndex, heading.classList.contains("number"), descending);
  for (const body of table.tBodies) {
    body.append(...[...body.rows].filter((row) => row.dataset.place).sort(order));
  }
  for (const other of table.querySelectorAll("th[aria-sort]")) {
    const its = other.querySelector("button");
    its.value = its.dataset.first + its.value.replace(/^-/, "");
    other.removeAttribute("aria-sort");
  }
  const direction = descending ? "descending" : "ascending";
  heading.setAttribute("aria-sort", direction);
  const key = asked.replace(/^-/, "");
  remember(button.name, asked);
  button.value = descending ? key : `-${key}`;
  said.textContent = said.dataset.sorted
    .replace("{column}", button.firstChild.textContent).replace("{direction}", said.dataset[direction]);
}

for (const form of document.querySelectorAll("form[data-sorts]")) {
  const table = document.getElementById(form.dataset.sorts);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    sort(table, event.submitter);
  });
}

const find = document.getElementById("find");
const found = document.getElementById("found");
const PAUSE = 300; // milliseconds of silence before the address follows what is typed
let pause;

function search() {
  const wanted = plain(find.value.trim());
  const rows = [...document.querySelectorAll("#classes-table tbody tr")];
  for (const row of rows) {
    const [label, family] = [row.cells[0].dataset.v, row.cells[1].dataset.v];
    row.hidden = !plain(`${label} ${family}`).includes(wanted);
  }
  const shown = rows.filter((row) => !row.hidden).length;
  found.textContent = found.dataset.words.replace("{shown}", shown).replace("{all}", rows.length);
  clearTimeout(pause);
  pause = setTimeout(() => remember("find", find.value.trim()), PAUSE);
}

function plain(text) {
  return text.toLowerCase().replaceAll("_", " ");
}

if (find) {
  find.addEventListener("input", search);
  find.form.addEventListener("submit", () => clearTimeout(pause));
}

// On narrow screens the parts lie in a row that is wider than the page.
const parts = document.querySelector(".parts");
const part = parts?.querySelector("[aria-current]");
if (part) parts.scrollLeft = part.offsetLeft - parts.offsetLeft - (parts.clientWidth - part.offsetWidth) / 2;
