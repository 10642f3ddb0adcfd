// A page in the order of the rater's own grades, to check them against each other; pressed again, in
// the order that was given. It is how the page is looked at and changes no answer.

function grade(gradable) {
  return gradable.scales[0].grade ?? -1; // what has none comes last
}

export function orderByGrades(gradables) {
  const button = document.getElementById("by-grades");
  if (!button) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    const isOrdered = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(isOrdered));
    const shown = isOrdered ? [...gradables].sort((one, other) => grade(other) - grade(one)) : gradables;
    for (const { element } of shown) element.parentElement.append(element);
  });
}
