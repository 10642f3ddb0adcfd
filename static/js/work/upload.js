// A form with a file, which is sent in slices before the form is: a slice that is lost comes again,
// and no proxy finds it too large. Without it the form sends a small file as a whole.

const PAUSE = 2000; // milliseconds before a slice that was lost is sent again

const form = document.getElementById("sending");
const field = form?.querySelector("[data-upload]");

function wait(milliseconds) {
  return new Promise((done) => setTimeout(done, milliseconds));
}

function tell(file, came) {
  const bar = field.querySelector("progress");
  bar.hidden = false;
  bar.max = file.size;
  bar.value = came;
  const values = { name: file.name, done: (came / 1e6).toFixed(0), all: (file.size / 1e6).toFixed(0) };
  field.querySelector("[data-said]").textContent = field.dataset.sending.replace(/{(\w+)}/g, (_, key) => values[key]);
}

function refuse(sentence) {
  const place = field.querySelector("[data-failed]");
  place.textContent = sentence;
  place.hidden = !sentence;
}

// Post until the server answers; what it refuses is thrown as its sentence.
async function post(address, body, type) {
  for (;;) {
    let answer;
    try {
      answer = await fetch(address, {
        method: "POST",
        body,
        headers: { Accept: "application/json", "Content-Type": type, "X-CSRFToken": form.elements.csrf_token.value },
      });
      if (answer.status < 500 && answer.status !== 429) {
        const said = await answer.json();
        refuse("");
        if (!answer.ok) throw new RangeError(said.error);
        return said;
      }
    } catch (error) {
      if (error instanceof RangeError) throw error;
    }
    refuse(field.dataset.away);
    await wait(PAUSE);
  }
}

async function send(file) {
  const about = JSON.stringify({ name: file.name, size: file.size });
  const begun = await post(field.dataset.upload, about, "application/json");
  let came = 0;
  tell(file, came);
  while (came < file.size) {
    const slice = file.slice(came, came + begun.slice);
    const address = `${field.dataset.upload}/${begun.upload}?at=${came}`;
    came = (await post(address, slice, "application/octet-stream")).came;
    tell(file, came);
  }
  return begun.upload;
}

if (field) {
  const chosen = field.querySelector("input[type=file]");
  form.addEventListener("submit", async (event) => {
    const [file] = chosen.files;
    if (!file) return;
    event.preventDefault();
    const button = form.querySelector("button:not([type])");
    button.disabled = true;
    try {
      form.elements.upload.value = await send(file);
      chosen.disabled = true; // it came already
      form.submit();
    } catch (error) {
      refuse(error.message);
      button.disabled = false;
    }
  });
}
