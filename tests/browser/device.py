"""A resident's device: a real browser whose push service is the sandbox.

Chromium cannot subscribe without the internet, so `PushManager` hands out the sandbox's
subscriptions, with real keys. What the sandbox then decrypted is delivered to the service worker by
the browser itself. All else is real: page, service worker, server, worker, encryption.
"""

import asyncio
import json
from collections.abc import Callable
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any, Final
from uuid import UUID

from playwright.async_api import CDPSession, Page, Worker

from channels.vapid import public_key
from tests.browser.looking import Visits
from tests.journeys.world import World

SUBSCRIPTIONS: Final = """
(() => {
  const { all, key } = GIVEN;
  const made = (raw) => ({
    ...raw, toJSON: () => raw, unsubscribe: async () => delete localStorage.subscribed,
  });
  PushManager.prototype.getSubscription = async () =>
    localStorage.subscribed ? made(JSON.parse(localStorage.subscribed)) : null;
  PushManager.prototype.subscribe = async ({ userVisibleOnly, applicationServerKey }) => {
    if (!userVisibleOnly || applicationServerKey !== key) throw new DOMException("bad options");
    const used = Number(localStorage.used ?? 0);
    localStorage.used = used + 1;
    localStorage.subscribed = JSON.stringify(all[used]);
    return made(all[used]);
  };
})();
"""

POLLS: Final = 300  # looks, each 0.05 s after the one before

SHOWN: Final = """async () => {
  const registration = await navigator.serviceWorker.ready;
  return (await registration.getNotifications()).map((one) => ({
    title: one.title, body: one.body, tag: one.tag, lang: one.lang, dir: one.dir, data: one.data,
    requireInteraction: one.requireInteraction, silent: one.silent,
  }));
}"""

# The browser's own permission is asked for here, so that a test sees whether it was asked at all.
ASKED: Final = """
window.asked = 0;
const ask = Notification.requestPermission.bind(Notification);
Notification.requestPermission = () => { window.asked += 1; return ask(); };
"""


class Device:
    """`resident` follows the world's town by mail; their page is open in this browser."""

    def __init__(self, world: World, page: Page, resident: str) -> None:
        self.world = world
        self.page = page
        self.resident = resident
        self._registrations: dict[str, str] = {}
        self._active: dict[str, str] = {}
        self._delivered = 0
        self._displayed: set[tuple[float, str]] = set()

    async def listen(self, cdp: CDPSession) -> None:
        """Learn of service workers, and steer them, over this session from here on."""
        self.cdp = cdp
        cdp.on("ServiceWorker.workerRegistrationUpdated", self._registered)
        cdp.on("ServiceWorker.workerVersionUpdated", self._versions)
        cdp.on("BackgroundService.backgroundServiceEventReceived", self._happened)
        await cdp.send("ServiceWorker.enable")
        await cdp.send("BackgroundService.startObserving", {"service": "notifications"})
        await cdp.send(
            "BackgroundService.setRecording", {"service": "notifications", "shouldRecord": True}
        )

    def _happened(self, event: dict[str, Any]) -> None:
        one = event["backgroundServiceEvent"]
        if one["eventName"] == "Notification displayed":
            self._displayed.add((one["timestamp"], one["instanceId"]))

    def _versions(self, event: dict[str, Any]) -> None:
        for one in event["versions"]:
            self._active[one["registrationId"]] = f"{one['status']}, {one['runningStatus']}"

    def _registered(self, event: dict[str, Any]) -> None:
        for one in event["registrations"]:
            self._registrations[one["scopeURL"]] = one["registrationId"]

    @property
    def origin(self) -> str:
        return self.world.environment["NOTIFY_PUBLIC_URL"]

    async def turn_on(self) -> None:
        await self.page.goto("/my/push")
        await self.page.click("#push-on button")
        await self.page.wait_for_selector('[data-when="on"] h2', state="visible")

    async def deliver(self, payload: str) -> None:
        """Have the browser take in a push message, decrypted, and wait until it shows something.

        Nobody may read what is on the screen before: Chromium forgets what it has kept but not yet
        shown when it is asked for the notifications in between.
        """
        registration = self._registrations[f"{self.origin}/"]
        for _ in range(POLLS):
            if self._active.get(registration, "").startswith("activated"):
                break
            await asyncio.sleep(0.05)
        await self.cdp.send(
            "ServiceWorker.deliverPushMessage",
            {"origin": self.origin, "registrationId": registration, "data": payload},
        )
        self._delivered += 1
        for _ in range(POLLS):
            if len(self._displayed) >= self._delivered:
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"displayed: {self._displayed} of {self._delivered}")

    async def worker(self) -> Worker:
        workers = self.page.context.service_workers
        return workers[0] if workers else await self.page.context.wait_for_event("serviceworker")

    async def shown(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self.page.evaluate(SHOWN)
        return found

    async def shows(self, fits: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        """What is on the screen once it fits."""
        found: list[dict[str, Any]] = []
        for _ in range(POLLS):
            found = await self.shown()
            if fits(found):
                return found
            await asyncio.sleep(0.05)
        raise AssertionError(f"{found}; workers: {self._active}, {self._registrations}")

    async def pushed(self, fits: Callable[[dict[str, Any]], bool] = lambda _: True) -> str:
        """The latest message that the push service has for anybody, decrypted."""
        for _ in range(POLLS):
            books = await asyncio.to_thread(self.world.box.books, "push")
            found = [one["payload"] for one in books if fits(json.loads(one["payload"] or "{}"))]
            if found:
                return str(found[-1])
            await asyncio.sleep(0.05)
        raise AssertionError("nothing was pushed")

    def addresses(self) -> list[dict[str, Any]]:
        return self.world.rows(
            "SELECT * FROM addresses WHERE resident_id = %(id)s AND channel = 'push' ORDER BY id",
            id=UUID(self.resident),
        )

    async def becomes(self, status: str, *, kind: str = "broadcast") -> None:
        """Wait until the latest push delivery to the resident has this status."""
        found: list[str] = []
        column = "broadcast_id" if kind == "broadcast" else "note_id"
        for _ in range(POLLS):
            rows = self.world.rows(
                "SELECT status, broadcast_id, note_id FROM deliveries WHERE resident_id = %(id)s"
                " AND channel = 'push' ORDER BY id DESC LIMIT 5",
                id=UUID(self.resident),
            )
            found = [row["status"] for row in rows if row[column] is not None]
            if found[:1] == [status]:
                return
            await asyncio.sleep(0.05)
        raise AssertionError(found)

    def receipts(self) -> list[str]:
        """What browsers told of this resident's messages, in order."""
        rows = self.world.rows(
            "SELECT r.report FROM receipts r JOIN deliveries d ON d.id = r.delivery_id"
            " WHERE d.resident_id = %(id)s AND r.provider = 'push' ORDER BY r.id",
            id=UUID(self.resident),
        )
        return [row["report"] for row in rows]


async def device(
    journey: Visits,
    world: World,
    *,
    script: str = "",
    permission: bool = True,
    subscribes: bool = True,
    **more: Any,
) -> Device:
    """A device with an open page of a new resident's. `script` runs before every page."""
    resident = world.resident(email=world.mail())
    page = await journey.open("/healthz", **more)
    context = page.context
    if permission:
        await context.grant_permissions(["notifications"])
    made = world.browsers(4)
    if subscribes:
        given = json.dumps({"all": made, "key": public_key(world.vapid)})
        fake = SUBSCRIPTIONS.replace("GIVEN", given, 1)
        await context.add_init_script(fake + ASKED)
    if script:
        await context.add_init_script(script)
    here = Device(world, page, resident)
    await here.listen(await context.new_cdp_session(page))
    await open_page(here)
    return here


async def open_page(here: Device) -> None:
    """Let the resident in, as a code would."""
    word = token_urlsafe(32)
    here.world.change(
        "INSERT INTO sessions (hash, resident_id, valid_until)"
        " VALUES (%(hash)s, %(id)s, now() + interval '30 min')",
        hash=sha256(word.encode()).digest(),
        id=UUID(here.resident),
    )
    await here.page.context.add_cookies([{"name": "notify", "value": word, "url": here.origin}])
