// What the page is about, which the address holds: maps, colours, chosen classes, what is hidden.

export class Form {
  // changed() is called when the colours are to be drawn anew
  constructor(form, chosen, changed) {
    this.form = form;
    this.chosen = chosen; // in the order of choosing, which gives them their colours
    this.hidden = new Set([...form.querySelectorAll("[name=hide]")].map(({ value }) => value));
    this.changed = changed;
    this.boxes = [...form.querySelectorAll("[name=class]")];
    this.most = Number(form.querySelector("#classes").dataset.most);
    form.addEventListener("change", (event) => this.onChange(event));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      location.assign(this.address());
    });
    const find = form.querySelector("#class-find");
    find.addEventListener("input", () => this.narrow(find.value));
    find.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault(); // it finds while one types
    });
    this.limit();
  }

  get colour() {
    return this.form.elements.colour.value;
  }

  onChange({ target }) {
    if (target.name === "class") {
      this.chosen = this.chosen.filter((one) => one !== target.value);
      if (target.checked) this.chosen.push(target.value);
      if (this.chosen.length && this.colour !== "class") this.colourByClass();
    } else if (target.name === "colour") {
      if (target.value === "class" && !this.chosen.length) this.form.querySelector("#class-picker").open = true;
    } else return;
    this.hidden.clear();
    this.show();
  }

  colourByClass() {
    this.form.querySelector('[name=colour][value="class"]').checked = true;
  }

  hide(key, isHidden) {
    if (isHidden) this.hidden.add(key);
    else this.hidden.delete(key);
    this.show();
  }

  show() {
    this.limit();
    history.replaceState(history.state, "", this.address());
    this.changed();
  }

  // Only as many classes as there are colours.
  limit() {
    const isFull = this.chosen.length >= this.most;
    for (const box of this.boxes) box.disabled = isFull && !box.checked;
    const count = this.form.querySelector("#class-count");
    count.textContent = count.dataset.words.replace("{count}", this.chosen.length);
  }

  narrow(text) {
    const words = text.trim().toLowerCase().replaceAll("_", " ");
    for (const group of this.form.querySelectorAll("#classes fieldset")) {
      for (const label of group.querySelectorAll("label")) {
        label.hidden = !label.querySelector("input").value.toLowerCase().replaceAll("_", " ").includes(words);
      }
      group.hidden = !group.querySelector("label:not([hidden])");
    }
    this.form.querySelector("#class-none").hidden = this.form.querySelector("#classes fieldset:not([hidden])") !== null;
  }

  address() {
    const address = new URL(this.form.action);
    const maps = [...this.form.elements.map].map(({ value }) => value).filter(Boolean);
    for (const value of maps) address.searchParams.append("map", value);
    address.searchParams.set("colour", this.colour);
    for (const name of this.chosen) address.searchParams.append("class", name);
    for (const key of this.hidden) address.searchParams.append("hide", key);
    return address;
  }
}
