// Pages with jobs that go on: how far each is, until one's state is another; then the page is
// loaded again. Without it the page is looked at again by hand.

const PAUSE = 1500; // milliseconds between two looks

const shown = [...document.querySelectorAll("[data-job]")];
const numbers = [...new Set(shown.map((place) => place.dataset.job))];

function show(place, facts) {
  const sentence = place.querySelector("[data-far]");
  if (sentence.textContent !== facts.far) sentence.textContent = facts.far;
  const bar = place.querySelector("progress");
  if (bar && facts.total) {
    bar.max = facts.total;
    bar.value = facts.done;
  }
}

function isBusy() {
  // what somebody is typing or choosing is not to be lost
  const at = document.activeElement;
  return at && at !== document.body && at.closest("form") && at.matches("input, select, textarea");
}

async function look() {
  try {
    const asked = new URLSearchParams(numbers.map((number) => ["job", number]));
    const answer = await fetch(`${base}?${asked}`, { headers: { Accept: "application/json" } });
    if (answer.ok) {
      const found = await answer.json();
      const changed = shown.some((place) => found[place.dataset.job].state !== place.dataset.as);
      if (changed && !isBusy()) {
        location.reload();
        return;
      }
      for (const place of shown) show(place, found[place.dataset.job]);
    }
  } catch {
    // the server is away for a moment; the next look tells
  }
  setTimeout(look, PAUSE);
}

const base = document.getElementById("jobs-status")?.dataset.address;
if (numbers.length && base) setTimeout(look, PAUSE);
