// The pickers: the class lists follow the family, another list comes when the last one is used, and
// what does not count is not shown. Without this file every field is there once a class is chosen.

const form = document.getElementById("draw");
const family = document.getElementById("family");

const selects = (name) => [...form.querySelectorAll(`select[name="${name}"]`)];

// Safari cannot hide an optgroup, so those of other families leave the list. What is chosen stays.
function narrow(select) {
  const { value } = select;
  const chosen = select.selectedOptions[0]?.parentElement;
  const fits = (group) => !family?.value || group.dataset.family === family.value || group === chosen;
  select.groups.forEach((group) => group.remove());
  select.append(...select.groups.filter(fits));
  select.value = value;
}

// A family that is chosen takes the place of the classes outside it.
function drop() {
  for (const select of selects("class")) {
    const group = select.selectedOptions[0]?.parentElement;
    if (!family.value || !select.value || group.dataset.family === family.value) continue;
    select.value = "";
    tidy(select);
  }
}

function another(select) {
  const field = select.closest(".class-field").cloneNode(true);
  const copy = field.querySelector("select");
  copy.replaceChildren(copy.options[0], ...select.groups.map((group) => group.cloneNode(true)));
  copy.options[0].textContent = field.dataset.none;
  copy.value = "";
  select.closest(".class-field").after(field);
  copy.groups = [...copy.querySelectorAll("optgroup")];
  if (select.name === "class") narrow(copy);
}

// One list is empty, to be used next: the one that was just emptied, or a new one at the end.
function tidy(changed) {
  const empty = selects(changed.name).filter((select) => !select.value);
  const kept = empty.includes(changed) ? changed : empty.at(-1);
  for (const select of empty) if (select !== kept) select.closest(".class-field").remove();
  if (!kept) another(selects(changed.name).at(-1));
  selects(changed.name).forEach((select, number) => {
    const field = select.closest(".class-field");
    const label = field.querySelector("label");
    select.id = `${changed.name}-${number + 1}`;
    label.htmlFor = select.id;
    label.textContent = number ? `${field.dataset.label} ${number + 1}` : field.dataset.label;
  });
}

function show() {
  const several = selects("class").filter((select) => select.value).length > 1;
  document.getElementById("match").hidden = !several;
  const order = document.getElementById("order");
  const than = document.getElementById("than-field");
  if (than) than.hidden = !["difference", "overlap"].includes(order.value);
}

export function startPickers() {
  if (!form) return;
  for (const select of [...selects("class"), ...selects("exclude")]) {
    select.groups = [...select.querySelectorAll("optgroup")];
  }
  selects("class").forEach(narrow);
  // Some of its fields lie outside of it.
  document.addEventListener("change", ({ target }) => {
    if (target.form !== form) return;
    if (target === family) {
      drop();
      selects("class").forEach(narrow);
    }
    if (["class", "exclude"].includes(target.name)) tidy(target);
    show();
  });
  show();
}
