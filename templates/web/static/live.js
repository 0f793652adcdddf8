// Keeps the numbers of a message as they are now. Without this, looking again does the same.

const SOON = 5_000; // milliseconds; spread, for all who watch lose the server at the same moment
const LATE = 120_000;

const numbers = document.getElementById("numbers");
const lost = document.getElementById("numbers-lost");
let wait = SOON;
let before = standing();

// How the message stands, by its numbers.
function standing() {
  return numbers?.querySelector(".standing strong")?.textContent;
}

// The head says how it stands as well. The buttons stay as they are: none may move under a thumb.
function move() {
  const now = standing();
  if (now === before) return;
  before = now;
  document.getElementById("standing").textContent = now;
  document.getElementById("moved").hidden = false;
}

function follow() {
  const source = new EventSource(numbers.dataset.live);
  source.addEventListener("numbers", (event) => {
    numbers.innerHTML = event.data; // made by our own server, from the template of the page
    move();
    lost.hidden = true;
    wait = SOON;
  });
  for (const name of ["over", "out"]) {
    source.addEventListener(name, () => {
      source.close();
      document.getElementById(`numbers-${name}`).hidden = false;
    });
  }
  source.addEventListener("error", () => {
    lost.hidden = false;
    // After an answer that is no stream, as of a proxy without us, browsers try no more.
    if (source.readyState === EventSource.CLOSED) {
      setTimeout(follow, wait * (1 + Math.random()));
      wait = Math.min(2 * wait, LATE);
    }
  });
}

if (numbers?.dataset.live) follow();
