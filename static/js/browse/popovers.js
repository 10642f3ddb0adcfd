// What opens over the page, each a <details>: one at a time, closed by Escape, by pressing elsewhere
// and by leaving it. Without this file each is opened and closed by its own summary.

export function startPopovers(selector) {
  const open = () => [...document.querySelectorAll(`:is(${selector})[open]`)];
  const closeBut = (target) => open().forEach((one) => { if (!one.contains(target)) one.open = false; });

  document.addEventListener("click", ({ target }) => closeBut(target));
  document.addEventListener("focusin", ({ target }) => closeBut(target));
  document.addEventListener("keydown", (event) => {
    const one = event.target.closest(`:is(${selector})[open]`);
    if (event.key !== "Escape" || !one || event.defaultPrevented) return;
    one.open = false;
    one.querySelector("summary").focus();
  });
}
