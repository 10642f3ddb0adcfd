// The last page: send what is still kept in this browser, or say that it is, and copy the code.
import { kept, queue, work } from "./saving.js";

const code = document.getElementById("code");
const copy = document.getElementById("copy");

// Without https there is no clipboard: the code is marked instead.
function mark() {
  getSelection().selectAllChildren(code);
  copy.textContent = copy.dataset.marked;
}

if (copy) {
  copy.hidden = false;
  copy.addEventListener("click", () => {
    if (!navigator.clipboard) return mark();
    return navigator.clipboard.writeText(code.textContent.trim())
      .then(() => { copy.textContent = copy.dataset.copied; }, mark);
  });
}

if (work.forget) {
  await queue.forget();
} else {
  await queue.retry();
  await queue.adopt();
}
kept.draw();
