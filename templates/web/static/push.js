// Turns push messages on and off in this browser, and tries them. All words are in the page.

const LONGEST = 20_000; // ms for the browser to subscribe: some never answer without a network
const CALL = 10_000; // ms for one call to the town
const LOOK = 1_000; // ms between two looks at a test message
const LOOKS = 90;
const LATE = new Set(["silent", "stuck"]);

let watched = null; // the test message that is looked at

const root = document.getElementById("push");
const said = document.getElementById("push-said");
const words = document.getElementById("push-words").content;
const buttons = [...root.querySelectorAll("button")];

// The states of the page: nothing, old, iphone, unsafe, denied, off, on; unknown shows none of them

function show(state, { focus = false } = {}) {
  for (const part of root.querySelectorAll("[data-when]")) {
    part.hidden = part.dataset.when !== state;
  }
  if (focus) root.querySelector(`[data-when="${state}"] h2`).focus();
}

function say(sentence = "", { advice = "", look = "old" } = {}) {
  said.replaceChildren();
  for (const text of [sentence, advice].filter(Boolean)) {
    const line = document.createElement("p");
    line.textContent = text;
    said.append(line);
  }
  said.className = sentence ? look : "";
}

function sayWord(name, options) {
  say(words.querySelector(`[data-said="${name}"]`).textContent, options);
}

function onIphone() {
  const { userAgent, maxTouchPoints } = navigator;
  return /iPhone|iPad|iPod/.test(userAgent) || (/Macintosh/.test(userAgent) && maxTouchPoints > 1);
}

function onHomeScreen() {
  return navigator.standalone === true || matchMedia("(display-mode: standalone)").matches;
}

function able() {
  return "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
}

async function begin() {
  if (!window.isSecureContext) return show("unsafe");
  if (!able()) return show(onIphone() && !onHomeScreen() ? "iphone" : "old");
  if (Notification.permission === "denied") return show("denied");
  const on = await isOn().catch(() => false);
  show(on === null ? "unknown" : on ? "on" : "off");
}

// Null, and why is said, where the town does not tell.
async function isOn() {
  const registration = await navigator.serviceWorker.getRegistration("/");
  const subscription = await registration?.pushManager.getSubscription();
  if (!subscription || Notification.permission !== "granted") return false;
  await ask(registration, "settle");
  const answer = await post("/my/push/known", { endpoint: subscription.endpoint });
  if (answer.ok) return answer.known;
  say(answer.said, { look: "problem" });
  return null;
}

// What the buttons do

async function turnOn(event) {
  event.preventDefault();
  const form = new FormData(event.target);
  sayWord("asking");
  const permission = await Notification.requestPermission();
  if (permission === "denied") {
    say();
    return show("denied", { focus: true });
  }
  if (permission !== "granted") return sayWord("dismissed");
  sayWord("working");
  let registration, subscription;
  try {
    [registration, subscription] = await within(LONGEST, subscribe());
  } catch {
    return sayWord("unreachable", { look: "problem" });
  }
  const answer = await post("/my/push", {
    subscription: subscription.toJSON(),
    alerts: form.has("alerts"),
    news: form.has("news"),
  });
  if (!answer.ok) {
    // The subscription before is no more: if the town still sends there, it is to send to this one.
    await ask(registration, "settle");
    return say(answer.said, { look: "problem" });
  }
  await ask(registration, "keep");
  say();
  show("on", { focus: true });
}

// Always a new subscription: one that is there and not known to the town may have ended.
async function subscribe() {
  await navigator.serviceWorker.register("/sw.js", { scope: "/", updateViaCache: "none" });
  const registration = await navigator.serviceWorker.ready;
  const old = await registration.pushManager.getSubscription();
  if (old) await old.unsubscribe();
  const subscription = await registration.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: root.dataset.key,
  });
  return [registration, subscription];
}

async function turnOff() {
  watched = null;
  sayWord("working");
  const registration = await navigator.serviceWorker.getRegistration("/");
  const subscription = await registration?.pushManager.getSubscription();
  if (subscription) {
    const answer = await post("/my/push/off", { endpoint: subscription.endpoint });
    if (!answer.ok) return say(answer.said, { look: "problem" });
    await subscription.unsubscribe().catch(() => {}); // nothing is sent there any more
    await ask(registration, "keep");
  }
  say();
  show("off", { focus: true });
}

async function tryIt() {
  sayWord("working");
  const registration = await navigator.serviceWorker.getRegistration("/");
  const subscription = await registration?.pushManager.getSubscription();
  const sent = await post("/my/push/trial", { endpoint: subscription?.endpoint ?? "" });
  if (!sent.ok) {
    say(sent.said, { look: "problem" });
    return sent.status === 404 ? show("off", { focus: true }) : undefined;
  }
  watched = sent.trial;
  await watch(sent.trial, LOOKS);
}

// Tells what becomes of a test message, until that is known. Once it is late nobody is kept waiting:
// the buttons work again, and should it still come, that is told.
async function watch(trial, looks) {
  if (watched !== trial) return;
  if (looks === 0) return sayWord("offline", { look: "problem" });
  const told = await call(`/my/push/trial/${trial}`, {});
  if (watched !== trial) return;
  if (told.status !== 0) say(told.said, { advice: told.advice, look: appearance(told) });
  if (told.over || (!told.ok && told.status !== 0)) return;
  await new Promise((go) => setTimeout(go, LOOK));
  const rest = watch(trial, looks - 1);
  if (!LATE.has(told.step)) await rest;
}

function appearance(told) {
  if (told.step === "shown") return "calm";
  return told.over || !told.ok || LATE.has(told.step) ? "problem" : "old";
}

// Tools

function post(path, value) {
  return call(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(value),
  });
}

// The answer's JSON with `ok` and `status`, 0 where there was none.
async function call(path, options) {
  try {
    const url = `${path}?lang=${encodeURIComponent(document.documentElement.lang)}`;
    const answer = await fetch(url, { ...options, signal: AbortSignal.timeout(CALL) });
    return { ...(await answer.json()), ok: answer.ok, status: answer.status };
  } catch {
    const sentence = words.querySelector('[data-said="offline"]').textContent;
    return { said: sentence, ok: false, status: 0 };
  }
}

// Have the service worker do something; waits for it a little.
async function ask(registration, what) {
  const worker = registration.active;
  if (!worker) return;
  const { port1, port2 } = new MessageChannel();
  const answered = new Promise((go) => (port1.onmessage = go));
  worker.postMessage(what, [port2]);
  await within(5_000, answered).catch(() => {});
}

function within(ms, work) {
  const late = new Promise((_, fail) => setTimeout(() => fail(new Error("too slow")), ms));
  return Promise.race([work, late]);
}

// One thing at a time. A button that waits stays where it is, so that focus does too.
function does(work) {
  return async (event) => {
    event.preventDefault();
    if (root.ariaBusy === "true") return;
    root.ariaBusy = "true";
    for (const button of buttons) button.ariaDisabled = "true";
    try {
      await work(event);
    } catch {
      sayWord("offline", { look: "problem" });
    } finally {
      root.ariaBusy = "false";
      for (const button of buttons) button.ariaDisabled = null;
    }
  };
}

document.getElementById("push-on").addEventListener("submit", does(turnOn));
document.getElementById("push-try").addEventListener("click", does(tryIt));
document.getElementById("push-off").addEventListener("click", does(turnOff));
begin();
