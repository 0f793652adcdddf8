"""Every face that a page shows only once something was done there, or to somebody in particular.

A template that is a page belongs here or into `places.py`; a test holds both against the folder.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, NamedTuple

from playwright.async_api import Page

from notify.domain.codes import Purpose
from notify.domain.residents import JudgedAddress
from notify.domain.words import Channel
from notify.services import confirming, leaving, proving, reaching
from notify.services.joining import Evidence
from tests.browser.hands import press
from tests.browser.stage import Stage, new_mail
from tests.web.joiner import latest_code

EACH: Final = 50  # messages on one page

# Leaving and confirming


async def _left(stage: Stage, *, choice: str) -> Page:
    who = await stage.resident("musterstadt", "altstadt")
    token = leaving.seal(
        stage.app.keyring, resident=who, address_id=await stage.address(who),
        broadcast=stage.scene.news,
    )  # fmt: skip
    page = await stage.open(f"/leave/{token}")
    await press(page, f"button[value={choice}]")
    return page


async def _returned(stage: Stage) -> Page:
    page = await _left(stage, choice="all")
    await press(page, "button[name=back]")
    return page


async def _unsaid(stage: Stage) -> Page:
    page = await stage.open(f"/leave/{stage.scene.leave}?lang={stage.language}")
    async with page.expect_navigation():
        await page.evaluate("document.querySelector('main form').submit()")
    return page


async def _confirmed(stage: Stage) -> Page:
    who = await stage.resident("musterstadt", state="unverified")
    token = confirming.seal(stage.app.keyring, address_id=await stage.address(who))
    page = await stage.open(f"/confirm/{token}")
    await press(page, "main button")
    return page


# Signing up


async def _join_empty(stage: Stage) -> Page:
    page = await stage.open("/join")
    await press(page, "button.main")
    return page


async def _join_wrong(stage: Stage) -> Page:
    page = await stage.open("/join")
    await page.check("#f-group-altstadt")
    await page.fill("#f-email", "anna@")
    await page.fill("#f-phone", "110")
    await press(page, "button.main")
    return page


async def _join_unwarned(stage: Stage) -> Page:
    page = await stage.open("/join/altstadt")
    await page.fill("#f-email", new_mail())
    await page.uncheck("#f-alerts-email")
    await page.uncheck("#f-alerts-sms")
    await press(page, "button.main")
    return page


async def _code_wrong(stage: Stage) -> Page:
    page, _ = await stage.sign_up(Channel.EMAIL, Channel.SMS, alerts=[Channel.SMS])
    await press(page, ".choice button.main")
    return page


async def _code_change(stage: Stage) -> Page:
    page, _ = await stage.sign_up(Channel.EMAIL, alerts=[Channel.EMAIL])
    await page.click("summary")
    await page.fill("details input[type=email]", "anna@")
    await press(page, "button[name=change]")
    return page


async def _one_left(stage: Stage) -> Page:
    page, (mail, _) = await stage.sign_up(Channel.EMAIL, Channel.SMS, alerts=[Channel.SMS])
    await page.locator(".code input").first.fill(await stage.digits(mail))
    await press(page, ".choice button.main")
    return page


async def _joined(stage: Stage) -> Page:
    page, (mail,) = await stage.sign_up(Channel.EMAIL, alerts=[])
    await page.fill(".code input", await stage.digits(mail))
    await press(page, ".choice button.main")
    return page


async def _elsewhere(stage: Stage) -> Page:
    who, mail = await stage.resident("musterstadt"), new_mail()
    await reaching.ask_for(
        stage.app.db, stage.app.keyring, settings=stage.app.settings, resident=who,
        address=JudgedAddress(Channel.EMAIL, mail), evidence=Evidence("page"),
    )  # fmt: skip
    code, _ = await latest_code(stage.app.db, stage.app.keyring, mail)
    page = await stage.open(f"/code/{proving.seal(stage.app.keyring, code)}")
    await press(page, "main button")
    return page


# The resident's own pages


async def _door(stage: Stage, *typed: str) -> Page:
    """The door, where this is typed into the field of one page after the other."""
    page = await stage.open("/my")
    for text in typed:
        await page.fill("main input[type=text]", text)
        await press(page, "main button.main")
    return page


async def _pressed(stage: Stage, path: str, button: str) -> Page:
    page = await stage.open(path, await stage.resident("musterstadt"))
    await press(page, button)
    return page


async def _alone(stage: Stage, path: str) -> Page:
    return await stage.open(path, await stage.resident())


async def _busy(stage: Stage, path: str, *buttons: str) -> Page:
    page = await stage.open(path, await stage.busy_resident())
    for button in buttons:
        await press(page, button)
    return page


async def _many(stage: Stage) -> Page:
    who = await stage.resident("musterstadt")
    for _ in range(EACH + 1):
        async with stage.app.db.transaction() as connection:
            await proving.send(connection, await stage.address(who), purpose=Purpose.OPEN)
    return await stage.open("/my/received", who)


async def _unwarned(stage: Stage) -> Page:
    page = await stage.open("/my", await stage.resident("musterstadt", "altstadt"))
    await page.uncheck("[name='alerts.altstadt']")
    await press(page, "button.main")
    return page


async def _more_groups(stage: Stage, *unticked: str) -> Page:
    """A group added, but for what is no longer ticked."""
    page = await stage.open("/my/join", await stage.resident("musterstadt"))
    await page.check("#f-group-kita")
    for name in unticked:
        await page.uncheck(f"[name={name}]")
    await press(page, "main button.main")
    return page


async def _added(stage: Stage, typed: str) -> Page:
    page = await stage.open("/my/addresses", await stage.resident("musterstadt"))
    await page.fill("#f-address", typed)
    await press(page, "form[action*='/addresses/add'] button")
    return page


async def _half_quiet(stage: Stage) -> Page:
    page = await stage.open("/my/settings", await stage.resident("musterstadt"))
    await page.fill("#f-begin", "22:00")
    await press(page, "main button.main")
    return page


async def _feedback(stage: Stage, **typed: str) -> Page:
    page = await stage.open("/accessibility")
    for field, text in typed.items():
        await page.fill(f"#f-{field}", text)
    await press(page, "main button.main")
    return page


class Face(NamedTuple):
    """How it is reached, and the template in `templates/web` that it is made of."""

    reach: Callable[[Stage], Awaitable[Page]]
    template: str


_CLOSE: Final = ".own form button"
_CODE: Final = "form[action*='/addresses/code'] button"
_AGAIN: Final = "form[action*='/addresses/again'] button"
_REMOVE: Final = "form[action*='/addresses/remove'] button"

FACES: Final[Mapping[str, Face]] = {
    "left these": Face(lambda stage: _left(stage, choice="this"), "left"),
    "left this way": Face(lambda stage: _left(stage, choice="channel"), "left"),
    "left all": Face(lambda stage: _left(stage, choice="all"), "left"),
    "returned": Face(_returned, "returned"),
    "leave unsaid": Face(_unsaid, "leave"),
    "confirmed": Face(_confirmed, "confirmed"),
    "join empty": Face(_join_empty, "join"),
    "join wrong": Face(_join_wrong, "join"),
    "join unwarned": Face(_join_unwarned, "join"),
    "join-code wrong": Face(_code_wrong, "join_code"),
    "join-code change wrong": Face(_code_change, "join_code"),
    "join-code one left": Face(_one_left, "join_code"),
    "join-done unwarned": Face(_joined, "join_done"),
    "join elsewhere": Face(_elsewhere, "join_elsewhere"),
    "my-enter wrong": Face(lambda stage: _door(stage, "nonsense"), "my/enter"),
    "my-code asked": Face(lambda stage: _door(stage, "nobody@example.org"), "my/code"),
    "my-code wrong": Face(lambda stage: _door(stage, "nobody@example.org", "123456"), "my/code"),
    "my busy": Face(lambda stage: _busy(stage, "/my"), "my/overview"),
    "my alone": Face(lambda stage: _alone(stage, "/my"), "my/overview"),
    "my unwarned": Face(_unwarned, "my/overview"),
    "my-closed": Face(lambda stage: _pressed(stage, "/my", _CLOSE), "my/closed"),
    "my-erased": Face(lambda stage: _pressed(stage, "/my/erase", "button.main"), "my/erased"),
    "my-join empty": Face(lambda stage: _pressed(stage, "/my/join", "button.main"), "my/join"),
    "my-join no way": Face(lambda stage: _more_groups(stage, "alerts", "news"), "my/join"),
    "my-join unwarned": Face(lambda stage: _more_groups(stage, "alerts"), "my/join"),
    "my-addresses busy": Face(lambda stage: _busy(stage, "/my/addresses"), "my/addresses"),
    "my-addresses wrong code": Face(
        lambda stage: _busy(stage, "/my/addresses", _CODE), "my/addresses"
    ),
    "my-addresses stopped": Face(
        lambda stage: _busy(stage, "/my/addresses", f".place:has(.problem) {_AGAIN}"),
        "my/addresses",
    ),
    "my-addresses last": Face(
        lambda stage: _pressed(stage, "/my/addresses", _REMOVE), "my/addresses"
    ),
    "my-addresses wrong": Face(lambda stage: _added(stage, "nonsense"), "my/addresses"),
    "my-addresses asked": Face(lambda stage: _added(stage, new_mail()), "my/addresses"),
    "my-settings busy": Face(lambda stage: _busy(stage, "/my/settings"), "my/settings"),
    "my-settings wrong": Face(_half_quiet, "my/settings"),
    "my-received busy": Face(lambda stage: _busy(stage, "/my/received"), "my/received"),
    "my-received many": Face(_many, "my/received"),
    "my-received nothing": Face(lambda stage: _alone(stage, "/my/received"), "my/received"),
    "accessibility wrong": Face(_feedback, "accessibility"),
    "accessibility sent": Face(
        lambda stage: _feedback(stage, message="Zu klein.", reply_to="anna@example.org"),
        "feedback_sent",
    ),
}
