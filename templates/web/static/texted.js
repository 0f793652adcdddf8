// Goes on by itself once the code that the page shows was texted. Without scripts the button does.

const PAUSE = 4_000; // ms between two looks
const LONGEST = 15 * 60_000; // ms: as long as a code holds
const CALL = 10_000; // ms for one look

const form = document.querySelector("form[data-texted]");
const began = Date.now();

// True once it came. A look that fails is made again.
async function look() {
  const body = new URLSearchParams(new FormData(form));
  body.set("look", "1");
  const signal = AbortSignal.timeout(CALL);
  try {
    const answer = await fetch(form.action, { method: "POST", body, redirect: "manual", signal });
    return answer.type === "opaqueredirect";
  } catch {
    return false;
  }
}

// Whoever is typing another code here is not interrupted.
function busy() {
  return [...document.querySelectorAll("main input:not([type=hidden])")].some(
    (field) => field === document.activeElement || field.value !== field.defaultValue,
  );
}

async function watch() {
  while (Date.now() - began < LONGEST) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    if (document.hidden || busy()) continue;
    if (await look()) return location.assign(form.dataset.next);
  }
}

const hint = document.querySelector("[data-by-itself]");
hint.hidden = false;
await watch();
hint.hidden = true; // the code is over: it goes on no more
