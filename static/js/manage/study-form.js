// The form of a protocol shows what the chosen collection, method and way of drawing have use for.
// Without it everything is shown; what has no use is not read.

const form = document.getElementById("design");

function show() {
  const { collection, method, way } = form.elements;
  const rules = [
    ["fieldset[data-collection]", (of) => of.collection === collection.value],
    ["[data-only]", (of) => of.only === method.value],
    ["[data-unless]", (of) => of.unless !== method.value],
    ["[data-way]", (of) => of.way.split(" ").includes(way.value)],
  ];
  for (const [selector, fits] of rules) {
    for (const part of form.querySelectorAll(selector)) part.hidden = !fits(part.dataset);
  }
}

form.addEventListener("change", show);
show();
