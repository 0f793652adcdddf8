// Shows what the town pushes, also while no page of it is open. It keeps no pages: without this
// worker the site is the same. SETTINGS is filled in by the server.
"use strict";

const SETTINGS = {{ settings | tojson }};
const CALL = 8_000; // ms for one call to the town
const PAUSES = [0, 2_000, 6_000]; // ms before each try of a call
const STORAGE = 2_000; // ms that what is kept may take: a warning does not wait for a slow disk
const THREADS = 200; // whose latest message is kept
const LATEST = 4 * 86_400_000; // ms after which no push service brings an older one
const RTL = new Set(["ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"]);
const ATTENTION = [300, 100, 300, 100, 600]; // ms of vibration and rest, for alerts

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
  settle().catch(() => {}); // not waited for: messages wait until this is over
});
self.addEventListener("push", (event) => event.waitUntil(receive(event.data)));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { url, beacon } = event.notification.data ?? {};
  const done = event.action && beacon ? answer(event.notification, event.action) : goTo(here(url));
  event.waitUntil(Promise.allSettled([done, tell(beacon && `${beacon}/opened`)]));
});
self.addEventListener("pushsubscriptionchange", (event) => {
  event.waitUntil(renew(event.oldSubscription, event.newSubscription));
});
self.addEventListener("message", (event) => {
  const [answer] = event.ports;
  const work = { keep, settle }[event.data]?.();
  if (work) event.waitUntil(work.catch(() => {}).then(() => answer?.postMessage("done")));
});

// Messages

let turn = Promise.resolve(); // one after the other, or an old one might be shown last

async function receive(data) {
  const notice = read(data);
  turn = turn.catch(() => {}).then(() => show(notice));
  await turn;
  await tell(notice.beacon);
}

function read(data) {
  let said = null;
  try {
    said = data?.json();
  } catch {
    // said below: a browser must show something, and something did come
  }
  if (typeof said?.title !== "string" || !said.title.trim()) return unreadable();
  return {
    title: said.title,
    body: text(said.body),
    url: text(said.url) || "/",
    tag: text(said.tag) || text(said.url) || "message",
    seq: Number.isFinite(said.seq) ? said.seq : 0,
    lang: text(said.lang),
    alert: said.kind === "alert",
    beacon: text(said.beacon),
    actions: answers(said.actions),
  };
}

// The answers that are buttons; where a browser has none, a tap leads to the page that has them.
function answers(given) {
  if (!Array.isArray(given)) return [];
  return given
    .map((one) => ({ action: text(one?.action), title: text(one?.title) }))
    .filter(({ action, title }) => action && title);
}

function text(value) {
  return typeof value === "string" ? value : "";
}

function unreadable() {
  const { lang, title, body } = inWords(SETTINGS.unreadable, self.navigator.language);
  const seq = Date.now();
  return { title, body, url: "/", tag: "unreadable", seq, lang, alert: false, beacon: "", actions: [] };
}

// What the town says where a message of its own does not, in a language or else its first.
function inWords(said, language) {
  const known = Object.keys(said);
  const lang = known.find((tag) => base(tag) === base(language)) ?? known[0];
  return { lang, ...said[lang] };
}

function base(tag) {
  return tag.toLowerCase().split("-")[0];
}

async function show(notice) {
  const { latest, news } = await within(STORAGE, newest(notice)).catch(() => onScreen(notice));
  await self.registration.showNotification(latest.title, {
    ...looks(latest),
    data: { url: latest.url, beacon: latest.beacon, seq: latest.seq, actions: latest.actions },
    actions: latest.actions ?? [],
    requireInteraction: latest.alert,
    renotify: news,
    silent: !news,
    ...(news && latest.alert ? { vibrate: ATTENTION } : {}),
  });
}

function looks({ body, tag, lang }) {
  const dir = RTL.has(base(lang)) ? "rtl" : "ltr";
  return { body, tag, lang, dir, icon: SETTINGS.icon, badge: SETTINGS.badge };
}

// A button was pressed: what became of the answer stands where the question stood, without a sound.
async function answer({ tag, lang, data }, action) {
  const { url, beacon, seq } = data;
  const reply = await post(here(`${beacon}/answer`), { choice: Number(action) });
  const told = await reply?.json().catch(() => null);
  const fallback = inWords(SETTINGS.uncounted, lang || self.navigator.language);
  const said = text(told?.title) ? { lang, ...told } : fallback;
  await self.registration.showNotification(said.title, {
    ...looks({ body: text(said.body), tag, lang: said.lang }),
    data: { url, beacon, seq },
    silent: true,
  });
}

// What to show of a thread: this, or what came after it and arrived before. A browser wants
// something shown each time; what was shown before is shown without a sound.
async function newest(notice) {
  const store = await kept("threads");
  const before = await done(store.get(notice.tag));
  if (before?.seq >= notice.seq && before.at > Date.now() - LATEST) return { latest: before, news: false };
  await done(store.put({ ...notice, at: Date.now() }));
  if ((await done(store.count())) > THREADS) {
    const [oldest] = await done(store.index("at").getAllKeys(null, 1));
    await done(store.delete(oldest));
  }
  return { latest: notice, news: true };
}

// The same where nothing can be kept: only what is still on the screen is known.
async function onScreen(notice) {
  const shown = await self.registration.getNotifications({ tag: notice.tag });
  const before = shown.find((one) => one.data?.seq >= notice.seq);
  if (!before) return { latest: notice, news: true };
  const { title, body, tag, lang, requireInteraction, data } = before;
  return { latest: { title, body, tag, lang, alert: requireInteraction, ...data }, news: false };
}

async function goTo(url) {
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = windows.find((one) => here(one.url) === url);
  if (!there) return self.clients.openWindow(url);
  try {
    await there.focus();
  } catch {
    return self.clients.openWindow(url);
  }
  return there.navigate(url); // what it shows may be old
}

// An address of this site, whatever name of it the message was written with.
function here(url) {
  const to = new URL(url || "/", self.location.origin);
  return `${self.location.origin}${to.pathname}${to.search}`;
}

async function tell(beacon) {
  if (beacon) await post(here(beacon), {});
}

// The subscription: a browser may replace it, and we are to send to the new one.

async function renew(before, after) {
  const old = before?.toJSON() ?? (await recall());
  const current = after ?? (await self.registration.pushManager.getSubscription());
  const fresh = current && current.endpoint !== old?.endpoint ? current : await subscribe();
  if (old && fresh) await replace(old, fresh);
}

// What was missed: a change told to nobody, or a call that failed.
async function settle() {
  const old = await recall();
  const current = await self.registration.pushManager.getSubscription();
  if (old && current && old.endpoint !== current.endpoint) await replace(old, current);
}

async function replace(old, fresh) {
  const { endpoint, keys } = old;
  const answer = await post("/push/renew", {
    old: { endpoint, auth: keys?.auth },
    subscription: fresh.toJSON(),
  });
  if (answer?.status < 500) await keep();
}

async function subscribe() {
  if (!SETTINGS.key) return null;
  return self.registration.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: SETTINGS.key,
  });
}

async function keep() {
  const current = await self.registration.pushManager.getSubscription();
  const store = await kept("browser");
  await done(current ? store.put(current.toJSON(), "subscription") : store.delete("subscription"));
}

async function recall() {
  return done((await kept("browser")).get("subscription"));
}

// Tools

async function post(url, value) {
  for (const pause of PAUSES) {
    await new Promise((go) => setTimeout(go, pause));
    try {
      const answer = await fetch(url, {
        method: "POST",
        body: JSON.stringify(value),
        headers: { "Content-Type": "application/json" },
        credentials: "omit",
        redirect: "error",
        keepalive: true,
        signal: AbortSignal.timeout(CALL),
      });
      if (answer.status < 500 && answer.status !== 429) return answer;
    } catch {
      // no network just now
    }
  }
  return null;
}

function within(ms, work) {
  const late = new Promise((_, fail) => setTimeout(() => fail(new Error("too slow")), ms));
  return Promise.race([work, late]);
}

async function kept(name) {
  const asked = indexedDB.open("notify", 1);
  asked.onupgradeneeded = () => {
    asked.result.createObjectStore("threads", { keyPath: "tag" }).createIndex("at", "at");
    asked.result.createObjectStore("browser");
  };
  return (await done(asked)).transaction(name, "readwrite").objectStore(name);
}

function done(request) {
  return new Promise((good, bad) => {
    request.onsuccess = () => good(request.result);
    request.onerror = () => bad(request.error);
  });
}
