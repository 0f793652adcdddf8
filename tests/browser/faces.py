"""Every face that a page shows only once something was done there, or to somebody in particular.

A template that is a page belongs here or into `places.py`; a test holds both against the folder.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, NamedTuple

from playwright.async_api import Page

from notify.domain.codes import Purpose
from notify.domain.draft import Content
from notify.domain.grants import Role
from notify.domain.residents import JudgedAddress
from notify.domain.words import Channel
from notify.services import (
    confirming,
    drafting,
    leaving,
    proving,
    reaching,
    signing_in,
    staff_sessions,
    staffing,
)
from notify.services.joining import Evidence
from tests.browser.asked import ask, link
from tests.browser.hands import press
from tests.browser.stage import Stage, new_mail
from tests.services.test_overseeing import waiting
from tests.web.joiner import latest_code
from tests.web.officer import EVERYWHERE, PASSWORD, enrol
from tests.web.officer import code as totp

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


# Answering a poll


async def _voted(stage: Stage, *picks: str, secret: bool = True) -> Page:
    """Somebody who is asked picks these answers."""
    who = await stage.resident("musterstadt")
    (group,) = await stage.groups("musterstadt")
    poll = await ask(stage.app, group, who, secret=secret)
    path = link(stage.app, poll=poll, resident=who, address=await stage.address(who))
    page = await stage.open(path)
    for pick in picks:
        await page.check(pick)
    await press(page, "main button.main")
    return page


async def _on_paper(stage: Stage, *presses: str, again: bool = False) -> Page:
    """A paper of somebody who is asked, at the desk."""
    who = await stage.resident("musterstadt")
    (group,) = await stage.groups("musterstadt")
    poll = await ask(stage.app, group, who)
    page = await stage.visits.open(
        f"/staff/messages/{poll}/desk?lang={stage.language}", language=stage.language,
        staff=stage.scene.staff,
    )  # fmt: skip
    for _ in range(2 if again else 1):
        await page.fill("#f-named", str(who))
        await press(page, "main button.main")
        for pick in presses:
            await page.check(pick)
        await press(page, "main button.main")
    if again:
        await page.fill("#f-named", str(who))
        await press(page, "main button.main")
    return page


async def _not_asked(stage: Stage) -> Page:
    who = await stage.resident("musterstadt")
    path = f"/staff/messages/{stage.scene.asked}/desk"
    return await _typed_by_staff(stage, path, {"#f-named": str(who)}, "main button.main")


async def _voted_before(stage: Stage, *, secret: bool) -> Page:
    page = await _voted(stage, "#f-q1", "#f-q2-3", secret=secret)
    await page.goto(page.url)
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


# Staff


async def _invited(stage: Stage) -> Page:
    added = await staffing.add(
        stage.app.db, settings=stage.app.settings, within=EVERYWHERE, email=new_mail(), name="Neu",
        role=Role.VIEWER, group=None, language=stage.language,
    )  # fmt: skip
    assert added.link
    return await stage.open(added.link.removeprefix(stage.app.settings.public_url))


async def _welcomed(stage: Stage, password: str) -> Page:
    page = await _invited(stage)
    secret = (await page.inner_text(".secret")).replace(" ", "")
    await page.fill("#f-password", password)
    await page.fill("#f-code", totp(secret))
    await press(page, "button.main")
    return page


async def _signed_in_wrong(stage: Stage) -> Page:
    page = await stage.open(f"/staff/sign-in?lang={stage.language}")
    await page.fill("#f-email", "vera@example.org")
    await press(page, "main button.main")
    return page


async def _signed_in_too_often(stage: Stage) -> Page:
    """Strangers have used up what there is for an account."""
    rate, app = signing_in.BY_ACCOUNT[0], stage.app
    whom = app.keyring.address_hash("staff", "locked@example.org").hex()
    for _ in range(rate.most):
        await app.rates.hit(f"staff/account/{rate.seconds}", whom, rate)
    page = await stage.open(f"/staff/sign-in?lang={stage.language}")
    await page.fill("#f-email", "locked@example.org")
    await press(page, "main button.main")
    return page


async def _by_staff(stage: Stage, path: str, selector: str) -> Page:
    page = await stage.visits.open(
        f"{path}?lang={stage.language}", language=stage.language, staff=stage.scene.staff
    )
    await press(page, selector)
    return page


async def _versions(stage: Stage) -> Page:
    """Somebody else saves while a title and a text are typed."""
    page = await stage.visits.open(
        f"/staff/drafts/{stage.scene.draft}?lang={stage.language}", language=stage.language,
        staff=stage.scene.staff,
    )  # fmt: skip
    await stage.town.change(
        "UPDATE drafts SET version = version + 1,"
        " content = jsonb_set(jsonb_set(content, '{texts,de,title}', to_jsonb('Orkan ' || version)),"
        " '{groups}', '[\"altstadt\", \"kita\"]') WHERE id = %(id)s",
        id=stage.scene.draft,
    )
    await page.fill("#f-body-de", "Bleiben Sie im Haus.")
    await press(page, "#draft .buttons button")
    return page


async def _asked(stage: Stage, reason: str) -> Page:
    """The history of somebody about whom there is something, asked for with this reason."""
    path = f"/staff/residents/{await stage.busy_resident()}/history?lang={stage.language}"
    page = await stage.visits.open(path, language=stage.language, staff=stage.scene.staff)
    await page.fill("#f-reason", reason)
    await press(page, "main button.main")
    return page


async def _held(stage: Stage) -> Page:
    """What was being sent when a backup was made."""
    alert = await waiting(stage.town, "altstadt")
    await stage.town.change(
        "UPDATE broadcasts SET status = 'dispatching', dispatching_at = now() - interval '1 min',"
        " held_at = now(), held_why = 'under_way', restored_at = now() WHERE id = %(id)s",
        id=alert,
    )
    page = await stage.visits.open(
        f"/staff/messages/{alert}?lang={stage.language}", language=stage.language,
        staff=stage.scene.staff,
    )  # fmt: skip
    # Nothing goes on in the town of the other pages.
    await stage.town.change(
        "UPDATE broadcasts SET cancelled_at = now() WHERE id = %(id)s", id=alert
    )
    return page


async def _typed_by_staff(
    stage: Stage, path: str, typed: Mapping[str, str], *selectors: str
) -> Page:
    """A page of the staff's, with this typed into its fields, and these buttons pressed."""
    page = await stage.visits.open(
        f"{path}?lang={stage.language}", language=stage.language, staff=stage.scene.staff
    )
    for field, text in typed.items():
        await page.fill(field, text)
    for selector in selectors:
        await press(page, selector)
    return page


async def _over(stage: Stage) -> Page:
    """A form that was sent after its session ended."""
    page = await stage.visits.open(
        f"/staff/templates/new?lang={stage.language}", language=stage.language,
        staff=stage.scene.staff,
    )  # fmt: skip
    await page.context.clear_cookies()
    await page.fill("#f-name", "Sturm <b>")
    await press(page, "main button.main")
    return page


async def _uploaded(stage: Stage, *selectors: str) -> Page:
    """A file of two people tried, by somebody who has no other, and what these buttons do with it."""
    operator = await enrol(stage.town, Role.OPERATOR, email=new_mail())
    page = await stage.visits.open(
        f"/staff/residents/import?lang={stage.language}", language=stage.language,
        staff=operator.word,
    )  # fmt: skip
    text = f"email,groups\n{new_mail()},altstadt\n{new_mail()},kita\n"
    await page.set_input_files(
        "#f-file", {"name": "liste.csv", "mimeType": "text/csv", "buffer": text.encode()}
    )
    for selector in ("main button.main", *selectors):
        await press(page, selector)
    return page


async def _own(stage: Stage, selector: str, **typed: str) -> Page:
    """Somebody made for this, on the page that staff see of them."""
    who = await stage.resident("musterstadt", state="unverified")
    typed = {f"#f-{field}": text for field, text in typed.items()}
    return await _typed_by_staff(stage, f"/staff/residents/{who}", typed, selector)


async def _key_made(stage: Stage) -> Page:
    page = await stage.visits.open(
        f"/staff/keys?lang={stage.language}", language=stage.language, staff=stage.scene.staff
    )
    await page.fill("#f-name", "Neues Programm")
    await page.check("#f-scope-4")
    await press(page, "main button.main")
    return page


async def _reckoned(stage: Stage, *, drill: bool) -> Page:
    """As a browser without scripts posts it."""
    vera = await staff_sessions.find(stage.app.db, stage.scene.staff)
    assert vera is not None
    group = "uebung" if drill else "musterstadt"
    draft = await drafting.begin(stage.app.db, vera, Content(groups=(group,)))
    page = await stage.visits.open(
        f"/staff?lang={stage.language}", language=stage.language, staff=stage.scene.staff
    )
    fields = {
        "kind": "alert", "severity": "severe", "groups": group,
        "title-de": "Wichtige Information",
        "body-de": "Es brennt.\n\n- Schließen Sie **Fenster und Türen**.\n- Meiden Sie [Straße].",
        "title-en": "Fire in Harbour Street", "body-en": "Close windows until 8 pm.",
        "valid_until": "2030-12-31T22:00",
    } | ({"drill": "1"} if drill else {})  # fmt: skip
    async with page.expect_navigation():
        await page.evaluate(
            """([action, fields]) => {
              const form = Object.assign(document.createElement("form"), {method: "post", action});
              for (const [name, value] of Object.entries(fields)) {
                form.append(Object.assign(document.createElement("textarea"), {name, value}));
              }
              document.body.append(form);
              form.submit();
            }""",
            [f"/staff/drafts/{draft.id}/reckon?lang={stage.language}", fields],
        )
    return page


async def _filled(stage: Stage, path: str, selector: str) -> Page:
    """A template with its gaps filled."""
    page = await stage.visits.open(
        f"{path.format(stage.scene.prepared)}{'&' if '?' in path else '?'}lang={stage.language}", language=stage.language,
        staff=stage.scene.staff,
    )  # fmt: skip
    await page.fill("#f-gap-0", "Altstadt und Kirchviertel")
    await page.fill("#f-gap-1", "Im Netz sind Keime gefunden worden")
    await press(page, selector)
    return page


async def _alone_wrong(stage: Stage) -> Page:
    page = await _filled(stage, "/staff/break-glass/{}", "main button.main")
    await press(page, "button.alone")
    return page


async def _stale(stage: Stage) -> Page:
    page = await stage.visits.open(
        f"/staff/groups/feuerwehr?lang={stage.language}", language=stage.language,
        staff=stage.scene.staff,
    )  # fmt: skip
    await page.evaluate(
        "document.querySelectorAll('[name=seen]').forEach(field => { field.value = 'x' })"
    )
    await page.fill("[name='name.de']", "Die Feuerwehr")
    await press(page, "form[action*='/names'] button")
    return page


_LOOK: Final = "form[action*='/staff/suppressions'] button.main"
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
    "answered": Face(lambda stage: _voted(stage, "#f-q1", "#f-q2", "#f-q3-5"), "answered"),
    "answered in part": Face(lambda stage: _voted(stage, "#f-q1-2", secret=False), "answered"),
    "paper entered": Face(lambda stage: _on_paper(stage, "#f-q1"), "staff/desk"),
    "paper wrong": Face(_on_paper, "staff/desk_paper"),
    "paper there": Face(lambda stage: _on_paper(stage, "#f-q1-2", again=True), "staff/desk_paper"),
    "sent too late": Face(_over, "staff/over"),
    "paper not asked": Face(_not_asked, "staff/desk"),
    "answer missing": Face(_voted, "answer"),
    "answer too much": Face(
        lambda stage: _voted(stage, "#f-q1-2", "#f-q2", "#f-q2-2", "#f-q2-3"), "answer"
    ),
    "answered before": Face(lambda stage: _voted_before(stage, secret=True), "answer"),
    "answered by name": Face(lambda stage: _voted_before(stage, secret=False), "answer"),
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
    "welcome weak": Face(lambda stage: _welcomed(stage, "kurz"), "staff/welcome"),
    "recovery": Face(lambda stage: _welcomed(stage, PASSWORD), "staff/recovery"),
    "sign in wrong": Face(_signed_in_wrong, "staff/sign_in"),
    "sign in too often": Face(_signed_in_too_often, "staff/sign_in"),
    "people wrong": Face(
        lambda stage: _by_staff(stage, "/staff/people", "main button.main"), "staff/people"
    ),
    "me wrong": Face(
        lambda stage: _by_staff(stage, "/staff/me", "form[action*=password] button"), "staff/me"
    ),
    "person to close": Face(
        lambda stage: _by_staff(
            stage, f"/staff/people/{stage.scene.person}", "form[action*='/end'] button"
        ),
        "staff/person",
    ),
    "draft versions": Face(_versions, "staff/draft_versions"),
    "draft to throw away": Face(
        lambda stage: _by_staff(
            stage, f"/staff/drafts/{stage.scene.draft}", "form[action*=drop] button"
        ),
        "staff/draft",
    ),
    "message returned wrong": Face(
        lambda stage: _by_staff(
            stage, f"/staff/messages/{stage.scene.waiting}", "form[action*=return] button"
        ),
        "staff/message",
    ),
    "poll to close": Face(
        lambda stage: _by_staff(
            stage, f"/staff/messages/{stage.scene.running}", "form[action*='/close'] button"
        ),
        "staff/message",
    ),
    "message to recall": Face(
        lambda stage: _by_staff(
            stage, f"/staff/messages/{stage.scene.waiting}", "form[action*=recall] button"
        ),
        "staff/message",
    ),
    "message held": Face(_held, "staff/message"),
    "reckoned": Face(lambda stage: _reckoned(stage, drill=False), "staff/reckoned"),
    "reckoned drill": Face(lambda stage: _reckoned(stage, drill=True), "staff/reckoned"),
    "history unasked": Face(lambda stage: _asked(stage, ""), "staff/ask"),
    "history": Face(lambda stage: _asked(stage, "Fragt nach der Warnung"), "staff/asked"),
    "review wrong": Face(
        lambda stage: _by_staff(
            stage, f"/staff/messages/{stage.scene.broken}/review", "main button.main"
        ),
        "staff/review",
    ),
    "template wrong": Face(
        lambda stage: _by_staff(stage, "/staff/templates/new", "main button.main"),
        "staff/template_form",
    ),
    "template to retire": Face(
        lambda stage: _by_staff(
            stage, f"/staff/templates/{stage.scene.prepared}", "form[action*=retire] button"
        ),
        "staff/template",
    ),
    "template not filled": Face(
        lambda stage: _by_staff(
            stage, f"/staff/templates/{stage.scene.prepared}/use", "main button.main"
        ),
        "staff/template_use",
    ),
    "template as it reads": Face(
        lambda stage: _filled(stage, "/staff/templates/{}/use", "main button:not([name])"),
        "staff/template_use",
    ),
    "alone, not filled": Face(
        lambda stage: _by_staff(
            stage, f"/staff/break-glass/{stage.scene.prepared}", "main button.main"
        ),
        "staff/glass_fields",
    ),
    "alone, a look": Face(
        lambda stage: _filled(stage, "/staff/break-glass/{}", "main button.main"),
        "staff/glass_look",
    ),
    "alone, practised": Face(
        lambda stage: _filled(stage, "/staff/break-glass/{}?drill=1", "main button.main"),
        "staff/glass_look",
    ),
    "alone, not said why": Face(_alone_wrong, "staff/glass_look"),
    "group wrong": Face(
        lambda stage: _typed_by_staff(
            stage,
            "/staff/groups/altstadt",
            {"[name='identity.colour']": "#ffcc00"},
            "form[action*='/identity'] button",
        ),
        "staff/group",
    ),
    "group stale": Face(_stale, "staff/group"),
    "group new wrong": Face(
        lambda stage: _by_staff(stage, "/staff/groups/new", "main button.main"), "staff/group_new"
    ),
    "residents nobody": Face(
        lambda stage: _typed_by_staff(
            stage, "/staff/residents", {"#f-named": "nobody@example.org"}, "main button.main"
        ),
        "staff/residents",
    ),
    "resident unsaid": Face(lambda stage: _own(stage, "main button.main"), "staff/resident"),
    "resident seen": Face(
        lambda stage: _own(stage, "main button.main", reason="Sie hat angerufen"), "staff/resident"
    ),
    "resident wrong code": Face(
        lambda stage: _own(stage, "form[action*='/confirm'] button", code="123456"),
        "staff/resident",
    ),
    "resident to leave": Face(
        lambda stage: _own(stage, "form[action*='/leave'] button"), "staff/resident"
    ),
    "resident to erase": Face(
        lambda stage: _own(stage, "form[action*='/erase'] button"), "staff/resident"
    ),
    "import no file": Face(
        lambda stage: _by_staff(stage, "/staff/residents/import", "main button.main"),
        "staff/import",
    ),
    "import tried": Face(_uploaded, "staff/import_trial"),
    "import done": Face(lambda stage: _uploaded(stage, "main button.main"), "staff/import_trial"),
    "suppressions wrong": Face(
        lambda stage: _by_staff(stage, "/staff/suppressions", _LOOK), "staff/suppressions"
    ),
    "suppressions free": Face(
        lambda stage: _typed_by_staff(
            stage,
            "/staff/suppressions",
            {"#f-named": "frei@example.org", "#f-reason": "Sie hat angerufen"},
            _LOOK,
        ),
        "staff/suppressions",
    ),
    "key made": Face(_key_made, "staff/keys"),
    "key wrong": Face(
        lambda stage: _by_staff(stage, "/staff/keys", "main button.main"), "staff/keys"
    ),
    "key to end": Face(
        lambda stage: _by_staff(stage, "/staff/keys", "form[action*='/end'] button"), "staff/keys"
    ),
    "audit checked": Face(
        lambda stage: _by_staff(stage, "/staff/audit", "form[action*='/verify'] button"),
        "staff/audit",
    ),
    "accessibility wrong": Face(_feedback, "accessibility"),
    "accessibility sent": Face(
        lambda stage: _feedback(stage, message="Zu klein.", reply_to="anna@example.org"),
        "feedback_sent",
    ),
}
