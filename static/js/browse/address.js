// The page's address holds its whole state. What changes without loading it again is written into
// the address, and into every link and form that leads from here.

// Change parameters, { name: [value, ...] }, in an address of this page.
function changed(address, changes) {
  const url = new URL(address, location.href);
  for (const [name, values] of Object.entries(changes)) {
    url.searchParams.delete(name);
    for (const value of values) url.searchParams.append(name, value);
  }
  return url;
}

function hiddenInput(name, value) {
  const input = document.createElement("input");
  Object.assign(input, { type: "hidden", name, value });
  return input;
}

// A link's data-fixed names what it chooses itself, and so does a field that is seen.
export function setState(changes) {
  history.replaceState(history.state, "", changed(location.href, changes));
  for (const link of document.querySelectorAll("main a[href]")) {
    if (link.pathname !== location.pathname || link.origin !== location.origin) continue;
    const fixed = link.dataset.fixed?.split(" ") ?? [];
    link.href = changed(link.href, Object.fromEntries(
      Object.entries(changes).filter(([name]) => !fixed.includes(name)),
    ));
  }
  for (const form of document.querySelectorAll("main form[method=get]")) {
    for (const [name, values] of Object.entries(changes)) {
      if (form.querySelector(`[name="${name}"]:not([type=hidden])`)) continue;
      for (const old of form.querySelectorAll(`[name="${name}"]`)) old.remove();
      form.prepend(...values.map((value) => hiddenInput(name, value)));
    }
  }
}

export function addressWith(changes) {
  return String(changed(location.href, changes));
}
