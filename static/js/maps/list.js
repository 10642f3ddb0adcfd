// Clips as list items with their players, which the server writes: the one that was pressed, and
// the chosen ones, page by page.

export class ClipList {
  // on: added(item), for what the page adds to an item
  constructor(element, address, on) {
    Object.assign(this, { element, address, on });
    this.asked = 0;
  }

  // Fetch and show some rows in place of what is shown; return false where it was overtaken.
  async show(rows) {
    const number = ++this.asked;
    if (!rows.length) {
      this.empty();
      return true;
    }
    const query = new URLSearchParams(rows.map((row) => ["row", row]));
    const answer = await fetch(`${this.address}?${query}`);
    if (!answer.ok) throw new Error(`${answer.status}`);
    const text = await answer.text();
    if (number !== this.asked) return false;
    this.empty();
    this.element.append(document.createRange().createContextualFragment(text));
    for (const item of this.element.children) this.on.added(item);
    return true;
  }

  // A sound that goes out of sight with its player stops.
  empty() {
    this.element.querySelector("sound-player.playing")?.toggle();
    this.element.replaceChildren();
  }
}

// The chosen clips: as many as a page takes at a time.
export class Selection {
  constructor(section, list, perPage) {
    this.rows = [];
    this.page = 0;
    this.perPage = perPage;
    this.list = list;
    const of = (id) => section.querySelector(`#${id}`);
    [this.said, this.actions, this.pages, this.words] = ["selection-said", "selection-actions", "pages", "page-words"].map(of);
    for (const button of this.pages.querySelectorAll("button")) {
      button.addEventListener("click", async () => {
        if (button.getAttribute("aria-disabled") === "true") return;
        await this.turn(this.page + Number(button.dataset.turn));
        list.element.querySelector("[data-item]")?.focus();
      });
    }
  }

  // Show rows; `said` are the words about them.
  async choose(rows, said) {
    this.rows = rows;
    this.said.textContent = said;
    this.actions.hidden = !rows.length;
    await this.turn(0);
  }

  async turn(page) {
    this.page = page;
    const first = page * this.perPage;
    const last = Math.min(first + this.perPage, this.rows.length);
    this.pages.hidden = this.rows.length <= this.perPage;
    this.words.textContent = this.words.dataset.words
      .replace("{first}", first + 1).replace("{last}", last).replace("{count}", this.rows.length.toLocaleString("en"));
    const [before, next] = this.pages.querySelectorAll("button");
    before.setAttribute("aria-disabled", String(page === 0));
    next.setAttribute("aria-disabled", String(last === this.rows.length));
    this.list.element.start = first + 1;
    await this.list.show(this.rows.slice(first, last));
  }
}
