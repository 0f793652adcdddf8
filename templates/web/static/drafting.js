// Saves a draft by itself while it is written, and keeps what stands beside it up to date. Without
// this, the buttons do the same.

const REST = 1_000; // ms without a change before it is saved
const AGAIN = 5_000; // ms until what failed is tried again
const CALL = 15_000; // ms for one save

const form = document.getElementById("draft");
const lines = ["saved", "unsaved", "outside", "stale"].map((id) => document.getElementById(id));
let timer;
let saving = Promise.resolve();
let changed = false;
let lost = null; // what was sent and never answered: it may be kept, so it goes again as it was
let over = false; // somebody else changed it: from here on the buttons decide
let reckoning;

function show(id) {
  for (const line of lines) line.hidden = line.id !== id;
}

function later(pause) {
  clearTimeout(timer);
  if (!over) timer = setTimeout(() => { saving = saving.then(save); }, pause);
}

function written() {
  return new URLSearchParams(new FormData(form));
}

async function post(url, accept, signal, body = written()) {
  return fetch(url, { method: "POST", body, headers: { accept }, redirect: "manual", signal });
}

async function save() {
  if (!changed || over) return;
  const body = lost ?? written();
  changed = lost !== null; // what was typed since is saved after it
  lost = null;
  try {
    const answer = await post(form.action, "application/json", AbortSignal.timeout(CALL), body);
    if (answer.ok) {
      kept(await answer.json());
      if (changed) later(REST);
      return;
    }
    changed = true;
    if (answer.status === 409) {
      over = true;
      return show("stale");
    }
    show(answer.type === "opaqueredirect" ? "outside" : "unsaved");
  } catch {
    lost = body;
    changed = true;
    show("unsaved");
  }
  later(AGAIN);
}

function kept(saved) {
  form.elements.version.value = saved.version;
  form.elements.base.value = saved.base;
  if (form.elements.until_in.value) {
    form.elements.valid_until.value = saved.valid_until;
    form.elements.until_in.value = "";
  }
  lines[0].textContent = saved.said;
  show("saved");
}

// Who gets it and how it looks: an answer that comes too late is not shown.
async function reckon() {
  reckoning?.abort();
  reckoning = new AbortController();
  try {
    const answer = await post(form.dataset.reckon, "text/html", reckoning.signal);
    if (answer.status !== 200) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const id of ["audience", "previews"]) {
      const fresh = page.getElementById(id);
      if (fresh) document.getElementById(id)?.replaceWith(fresh);
    }
  } catch {
    // The next change asks again.
  }
}

if (document.getElementById("audience")) reckon();

let resting;
form.addEventListener("input", () => {
  changed = true;
  later(REST);
  if (!document.getElementById("audience")) return;
  clearTimeout(resting);
  resting = setTimeout(() => saving.then(reckon), REST); // frames show what is saved
});

// Browsers show the line with the cursor; whoever goes on with the tab key wants to see the field.
// Nothing else may move: a button that does, under the hand, is not pressed.
form.addEventListener("focusin", (event) => {
  if (event.target.matches("textarea")) event.target.scrollIntoView({ block: "nearest" });
});

// What is being saved is waited for: a button sends the version that comes of it.
let settled = false;
form.addEventListener("submit", async (event) => {
  clearTimeout(timer);
  if (settled) return;
  event.preventDefault();
  const by = event.submitter;
  await saving;
  if (lost) await save();
  over = settled = true;
  setTimeout(() => form.requestSubmit(by)); // not within this event: browsers ignore it there
});
window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
