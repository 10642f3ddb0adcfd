// A report's tables: a heading sorts the rows of each group, and classes are found by name.

// What has no value comes last either way; equal rows keep their places.
function order(column, numeric, descending) {
  const value = (row) => row.cells[column].dataset.v;
  return (one, other) => {
    const [a, b] = [value(one), value(other)];
    if (a === "" || b === "") return (a === "") - (b === "");
    const found = numeric ? Number(a) - Number(b) : a.localeCompare(b);
    return descending ? -found : found;
  };
}

function sort(table, heading) {
  const numeric = heading.classList.contains("number");
  const now = heading.getAttribute("aria-sort");
  const descending = now ? now === "ascending" : numeric;
  for (const body of table.tBodies) {
    const rows = [...body.rows].filter((row) => !row.classList.contains("group"));
    body.append(...rows.sort(order(heading.cellIndex, numeric, descending)));
  }
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
}

for (const table of document.querySelectorAll("table[data-sortable]")) {
  for (const heading of table.tHead.rows[0].cells) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...[...heading.childNodes].filter((one) => !one.classList?.contains("provenance")));
    heading.append(button);
    button.addEventListener("click", () => sort(table, heading));
  }
}

const plain = (text) => text.toLowerCase().replaceAll("_", " ");
const find = document.getElementById("find");

function search() {
  const rows = [...document.querySelectorAll("#classes-table tbody tr")];
  const wanted = plain(find.value.trim());
  for (const row of rows) {
    row.hidden = !`${row.cells[0].dataset.v} ${row.cells[1].dataset.v}`.includes(wanted);
  }
  document.getElementById("found").textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} classes`;
}

if (find) {
  document.getElementById("search").hidden = false;
  find.addEventListener("input", search);
  search();
}
