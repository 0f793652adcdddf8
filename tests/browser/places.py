"""Every page there is, with an example of it in a town where much is going on.

A new route that answers GET with a page belongs into PAGES; what is no page into NO_PAGES. A test
holds both against the application, so that no page is left unlooked at. What shows only once
something was done stands in `faces.py`.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb

from notify.bootstrap import App
from notify.domain.broadcast import Text
from notify.domain.codes import Purpose
from notify.domain.draft import Content, Words
from notify.domain.draft_questions import Asked, Asking, Typed
from notify.domain.grants import Role
from notify.domain.poll import How
from notify.domain.scopes import ORDINARY
from notify.domain.words import Kind
from notify.services import (
    closing_polls,
    confirming,
    drafting,
    keys,
    leaving,
    preparing,
    proving,
    staff_sessions,
    staffing,
    telling_staff,
    visiting,
)
from notify.services.staffing import Added
from notify.store import poll_names, uploads
from tests.browser.asked import ask
from tests.polled import NAMED, poll
from tests.services.test_breaking_glass import broken
from tests.services.test_inbound import said as texted
from tests.services.test_inbound import take
from tests.services.test_overseeing import waiting
from tests.services.test_preparing import WATER, approved, officer
from tests.town import ALL, Town
from tests.web.conftest import publisher
from tests.web.officer import EVERYWHERE, Person, enrol
from tests.web.test_staff_answers import SAFE

NO_PAGES: Final = (
    "/api/", "/hooks/", "/polls/{reference}/result.", "/static/", "/colour/", "/healthz", "/readyz", "/metrics",
    "/join/{slug}/qr.svg", "/manifest.webmanifest", "/sw.js", "/my/export", "/my/push/trial/",
    "/staff/messages/{broadcast_id}/live", "/staff/messages/{broadcast_id}/mail",
    "/staff/drafts/{draft_id}/mail", "/staff/messages/{broadcast_id}/answering",
    "/staff/drafts/{draft_id}/answering", "/staff/audit/lines.",
    "/staff/residents/import/{upload_id}/report.csv",
)  # fmt: skip
"""What their paths begin with."""


@dataclass(frozen=True)
class Scene:
    """The town that pages are looked at in: an alert in two languages with a thread behind it, one
    that ended, news, a resident, a newcomer and staff. What is a text is a token, or the word of a
    session; `waiting` is an alert that waits for approval, `drill` one that is none in earnest,
    `exercise` one of those that waits, `overtaken` one that never was sent, `ended_waits` one that waits in vain,
    `person` somebody of the staff, `text` what somebody texted, `follower` the resident; `draft` can
    be submitted, `half` cannot; `prepared` is a template that may be sent alone, `broken` what
    was; `known` is a resident and `upload` a file of residents for whoever is signed in; `poll` is one
    that is closed, `running` one that is open, `asking` a warning that asks, `named` a poll that
    is not secret, `unnamed` one whose names are gone, `questions` the draft of a
    poll; `asked` is a poll in which the resident is asked, `ballot`
    the token to answer, `late` that of one that is over, `paper` the
    voter."""

    alert: UUID
    ended: UUID
    news: UUID
    leave: str
    confirm: str
    code: str
    opens: str
    resident: str
    newcomer: str
    staff: str
    person: UUID
    invitation: str
    waiting: UUID
    draft: UUID
    half: UUID
    drill: UUID
    exercise: UUID
    overtaken: UUID
    ended_waits: UUID
    text: int
    follower: UUID
    prepared: UUID
    broken: UUID
    known: UUID
    upload: UUID
    asked: UUID
    ballot: str
    late: str
    paper: int
    poll: UUID
    running: UUID
    asking: UUID
    named: UUID
    unnamed: UUID
    questions: UUID

    def officer(self, name: str) -> str | None:
        """The word of the staff's session in which a page is opened, if any."""
        path = EXAMPLES[name].path
        inside = path.startswith("/staff") and not path.startswith(_OUTSIDE)
        return self.staff if inside else None

    def session(self, name: str) -> str | None:
        """The word of the session in which a page is opened, if any."""
        return {"resident": self.resident, "newcomer": self.newcomer}.get(OPENED_BY.get(name, ""))

    def path(self, name: str) -> str:
        """The example of a route, or of a further face."""
        return EXAMPLES[name].path.format_map(asdict(self))


class Example(NamedTuple):
    """Where a page is seen, and the template in `templates/web` that it is made of."""

    path: str
    template: str


_OUTSIDE: Final = ("/staff/sign-in", "/staff/welcome/")

_OWN: Final = (
    "/my/join", "/my/addresses", "/my/settings", "/my/received", "/my/erase", "/my/polls",
)  # fmt: skip

PAGES: Final[Mapping[str, Example]] = {
    "/": Example("/", "front"),
    "/b/{reference}": Example("/b/{alert}", "broadcast"),
    "/polls/{reference}": Example("/polls/{poll}", "result"),
    "/archive": Example("/archive?group=altstadt", "archive"),
    "/groups": Example("/groups", "groups"),
    "/groups/{slug}": Example("/groups/altstadt", "group"),
    "/help": Example("/help", "help"),
    "/accessibility": Example("/accessibility", "accessibility"),
    "/imprint": Example("/imprint", "imprint"),
    "/imprint/{slug}": Example("/imprint/altstadt", "imprint"),
    "/privacy": Example("/privacy", "privacy"),
    "/privacy/{slug}": Example("/privacy/altstadt", "privacy"),
    "/leave/{token}": Example("/leave/{leave}", "leave"),
    "/answer/{token}": Example("/answer/{ballot}", "answer"),
    "/confirm/{token}": Example("/confirm/{confirm}", "confirm"),
    "/code/{token}": Example("/code/{code}", "code"),
    "/join": Example("/join", "join"),
    "/join/{slug}": Example("/join/altstadt", "join"),
    "/join/{slug}/poster": Example("/join/altstadt/poster", "poster"),
    "/join/code": Example("/join/code", "join_code"),
    "/join/done": Example("/join/done", "join_done"),
    "/my": Example("/my", "my/overview"),
    "/my/code": Example("/my/code", "my/overview"),
    **{path: Example(path, path[1:]) for path in _OWN},
    "/my/push": Example("/my/push", "push"),
    "/my/polls/{reference}": Example("/my/polls/{asked}", "answer"),
    "/staff": Example("/staff", "staff/home"),
    "/staff/sign-in": Example("/staff/sign-in", "staff/sign_in"),
    "/staff/welcome/{word}": Example("/staff/welcome/{invitation}", "staff/welcome"),
    "/staff/inbox": Example("/staff/inbox", "staff/inbox"),
    "/staff/inbox/{text_id}": Example("/staff/inbox/{text}", "staff/conversation"),
    "/staff/messages": Example("/staff/messages", "staff/messages"),
    "/staff/messages/{broadcast_id}": Example("/staff/messages/{waiting}", "staff/message"),
    "/staff/messages/{broadcast_id}/answers": Example(
        "/staff/messages/{asking}/answers", "staff/answers"
    ),
    "/staff/messages/{broadcast_id}/votes": Example("/staff/messages/{named}/votes", "staff/votes"),
    "/staff/messages/{broadcast_id}/desk": Example("/staff/messages/{asked}/desk", "staff/desk"),
    "/staff/messages/{broadcast_id}/desk/{voter}": Example(
        "/staff/messages/{asked}/desk/{paper}", "staff/desk_paper"
    ),
    "/staff/drafts/{draft_id}": Example("/staff/drafts/{draft}", "staff/draft"),
    "/staff/drafts/{draft_id}/submit": Example(
        "/staff/drafts/{draft}/submit", "staff/draft_submit"
    ),
    "/staff/residents/{resident_id}/history": Example(
        "/staff/residents/{follower}/history", "staff/ask"
    ),
    "/staff/senders": Example("/staff/senders", "staff/senders"),
    "/staff/style": Example("/staff/style", "staff/style"),
    "/staff/messages/{broadcast_id}/review": Example(
        "/staff/messages/{broken}/review", "staff/review"
    ),
    "/staff/templates": Example("/staff/templates", "staff/templates"),
    "/staff/templates/new": Example("/staff/templates/new", "staff/template_form"),
    "/staff/templates/{template_id}": Example("/staff/templates/{prepared}", "staff/template"),
    "/staff/templates/{template_id}/change": Example(
        "/staff/templates/{prepared}/change", "staff/template_form"
    ),
    "/staff/templates/{template_id}/use": Example(
        "/staff/templates/{prepared}/use", "staff/template_use"
    ),
    "/staff/break-glass": Example("/staff/break-glass", "staff/glass"),
    "/staff/break-glass/{template_id}": Example(
        "/staff/break-glass/{prepared}", "staff/glass_fields"
    ),
    "/staff/me": Example("/staff/me", "staff/me"),
    "/staff/people": Example("/staff/people", "staff/people"),
    "/staff/people/{staff_id}": Example("/staff/people/{person}", "staff/person"),
    "/staff/groups": Example("/staff/groups", "staff/groups"),
    "/staff/groups/new": Example("/staff/groups/new", "staff/group_new"),
    "/staff/groups/{slug}": Example("/staff/groups/altstadt", "staff/group"),
    "/staff/groups/{slug}/move": Example("/staff/groups/altstadt/move", "staff/group_move"),
    "/staff/residents": Example("/staff/residents", "staff/residents"),
    "/staff/residents/{resident_id}": Example("/staff/residents/{known}", "staff/resident"),
    "/staff/residents/import": Example("/staff/residents/import", "staff/import"),
    "/staff/residents/import/{upload_id}": Example(
        "/staff/residents/import/{upload}", "staff/import_trial"
    ),
    "/staff/requests": Example("/staff/requests", "staff/requests"),
    "/staff/suppressions": Example("/staff/suppressions", "staff/suppressions"),
    "/staff/keys": Example("/staff/keys", "staff/keys"),
    "/staff/audit": Example("/staff/audit", "staff/audit"),
    "/staff/retention": Example("/staff/retention", "staff/retention"),
}

OPENED_BY: Final = {
    "/join/code": "newcomer", "/join/done": "resident", "/my": "resident", "/my/code": "resident",
    "/my/push": "resident", "/my/polls/{reference}": "resident", "saved": "resident", "set": "resident", "nothing older": "resident",
    **dict.fromkeys(_OWN, "resident"),
}  # fmt: skip
"""Pages of somebody who is known, and whose session opens them."""

MORE: Final[Mapping[str, Example]] = {
    "news": Example("/b/{news}", "broadcast"),
    "ended": Example("/b/{ended}", "broadcast"),
    "poll": Example("/b/{poll}", "broadcast"),
    "unknown receipt": Example("/polls/{poll}?receipt=CDFG-2345", "result"),
    "closed": Example("/groups/kita", "group"),
    "empty": Example("/archive?year=1999", "archive"),
    "missing": Example("/b/nothing", "not_found"),
    "unwritten": Example("/imprint/feuerwehr", "imprint"),
    "nobody's": Example("/join/code", "join_over"),
    "opens": Example("/code/{opens}", "code"),
    "over": Example("/code/nothing", "code_over"),
    "door": Example("/my", "my/enter"),
    "closed door": Example("/my?closed=1", "my/enter"),
    "saved": Example("/my?done=saved", "my/overview"),
    "set": Example("/my/settings?done=1", "my/settings"),
    "nothing older": Example("/my/received?before=1", "my/received"),
    "signed out": Example("/staff/sign-in?out=1", "staff/sign_in"),
    "uninvited": Example("/staff/welcome/nothing", "staff/welcome_over"),
    "drill": Example("/b/{drill}", "broadcast"),
    "group for drills": Example("/groups/uebung", "group"),
    "drill sent": Example("/staff/messages/{drill}", "staff/message"),
    "practise": Example("/staff/break-glass?drill=1", "staff/glass"),
    "practise, to fill": Example("/staff/break-glass/{prepared}?drill=1", "staff/glass_fields"),
    "drill waits": Example("/staff/messages/{exercise}", "staff/message"),
    "overtaken": Example("/staff/messages/{overtaken}", "staff/message"),
    "overtaken waits": Example("/staff/messages/{ended_waits}", "staff/message"),
    "sent": Example("/staff/messages/{alert}", "staff/message"),
    "draft wrong": Example("/staff/drafts/{half}?check=1", "staff/draft"),
    "poll runs": Example("/staff/messages/{running}", "staff/message"),
    "poll ended": Example("/staff/messages/{poll}", "staff/message"),
    "warning asks": Example("/staff/messages/{asking}", "staff/message"),
    "helped": Example("/staff/messages/{asking}/answers?show=done", "staff/answers"),
    "answered otherwise": Example("/staff/messages/{asking}/answers?show=rest", "staff/answers"),
    "who chose it": Example("/staff/messages/{named}/votes?answer=1.2", "staff/votes"),
    "nobody chose it": Example("/staff/messages/{named}/votes?answer=3.5", "staff/votes"),
    "nobody is named any more": Example("/staff/messages/{unnamed}/votes", "staff/votes"),
    "questions": Example("/staff/drafts/{questions}", "staff/draft"),
    "questions wrong": Example("/staff/drafts/{questions}?check=1", "staff/draft"),
    "sent alone": Example("/staff/messages/{broken}?done=alone", "staff/message"),
    "group to move": Example("/staff/groups/altstadt/move?to=feuerwehr", "staff/group_move"),
    "group moved to itself": Example("/staff/groups/altstadt/move?to=kita", "staff/group_move"),
    "refused": Example("/my/enter", "failed"),
    "too late to answer": Example("/answer/{late}", "answer"),
    "asks everybody": Example("/b/{asked}", "broadcast"),
    "no ballot": Example("/answer/nothing", "answer_over"),
}
"""Further faces of the same pages, by a name of ours."""

EXAMPLES: Final = {**PAGES, **MORE}

_STORM: Final = {
    "de": {
        "title": "Sturm: Bleiben Sie heute ab 18 Uhr im Haus",
        "body": "Der Wetterdienst erwartet **Orkanböen bis 130 km/h**.\n\n- Schließen Sie Fenster und"
        " Türen.\n- Meiden Sie Wälder und Parks.\n- Holen Sie Tiere herein.\n\nMehr weiß das"
        " Bürgertelefon: [09876 54321](tel:+49987654321).",
    },
    "en": {
        "title": "Storm: stay inside from 6 pm today",
        "body": "The weather service expects **gusts of up to 130 km/h**.\n\n- Close windows and"
        " doors.\n- Keep out of woods and parks.\n- Bring animals inside.",
    },
}
_FIRST: Final = {
    "de": {"title": "Sturm heute Abend", "body": "Es wird windig. Sichern Sie lose Dinge."},
    "en": {"title": "Storm this evening", "body": "It will be windy. Tie down what is loose."},
}
_WATER: Final = {
    "de": {"title": "Wasser abkochen", "body": "Kochen Sie Trinkwasser bis auf Weiteres ab."},
    "en": {"title": "Boil your water", "body": "Boil drinking water until further notice."},
}
_MARKET: Final = {
    "de": {"title": "Markt am Samstag auf dem Kirchplatz", "body": "Von 8 bis 13 Uhr, wie immer."},
    "en": {"title": "Market on Saturday by the church", "body": "From 8 am to 1 pm, as always."},
}
_POOL: Final = {
    "de": Text("Was wird aus dem alten Bahnhof?", "Drei Fragen, eine Minute."),
    "en": Text("What becomes of the old station?", "Three questions, one minute."),
}
_IDENTITY: Final = {
    "imprint": "Stadt Musterstadt\n\nRathausplatz 1, 12345 Musterstadt",
    "privacy": "Wir speichern, was Sie uns beim Anmelden sagen.",
    "contact": "Bürgerbüro, Telefon 09876 54320, [Mail](mailto:hilfe@musterstadt.example)",
}


async def build(app: App) -> Scene:
    """Make the town."""
    publish = publisher(app.db)
    now = datetime.now(UTC)
    town = await _group(
        app, "musterstadt", "Stadt Musterstadt", "Town of Musterstadt", identity=_IDENTITY
    )
    old = await _group(app, "altstadt", "Altstadt", "Old town", parent=town)
    await _group(app, "feuerwehr", "Freiwillige Feuerwehr", "Volunteer fire brigade")
    crew = await _group(app, "uebung", "Übungsgruppe", "Group for drills")
    await _group(app, "kita", "Kita Süd", "Kindergarten South", parent=old, closed=True)
    first = await publish(
        [town], severity="moderate", texts=_FIRST, dispatching_at=now - timedelta(hours=2)
    )
    alert = await publish(
        [town], texts=_STORM, thread_id=first, sequence=1, in_reply_to=first, relation="update"
    )
    overtaken, ended_waits = await _thread(app, old, now)
    async with app.db.transaction() as connection:
        await connection.run("UPDATE groups SET drill = true WHERE id = %(id)s", id=crew)
    drill = await publish([crew], texts=_STORM, drill=True)
    ended = await publish(
        [town], severity="extreme", texts=_STORM, dispatching_at=now - timedelta(days=400),
        valid_until=now - timedelta(days=399),
    )  # fmt: skip
    news = await publish(
        [town], kind="announcement", severity=None, valid_until=None, texts=_MARKET
    )
    resident, address = await _resident(app, town)
    newcomer, asked = await _resident(app, town, newcomer=True)
    async with app.db.transaction() as connection:
        code = await proving.send(connection, asked, purpose=Purpose.PROVE)
        opens = await proving.send(connection, address, purpose=Purpose.OPEN)
        words = [await visiting.open_(connection, who) for who in (resident, newcomer)]
    assert code is not None
    assert opens is not None
    stage = Town(app.db, app.keyring, app.settings)
    vera, bert = await _staff(stage)
    draft, half = await _drafts(stage, vera)
    unnamed = await _unnamed(stage)  # before any other is closed: all that are lose their names
    poll = await ask(app, town, resident)
    late = await ask(app, town, resident, secret=False, closed=True)
    waits = await waiting(stage, "altstadt")
    await telling_staff.tell(app.db, settings=app.settings, channels=ALL)
    return Scene(
        alert, ended, news,
        leave=leaving.seal(app.keyring, resident=resident, address_id=address, broadcast=news),
        confirm=confirming.seal(app.keyring, address_id=address),
        code=proving.seal(app.keyring, code), opens=proving.seal(app.keyring, opens),
        resident=words[0], newcomer=words[1], staff=vera.word, person=bert.staff_id,
        invitation=(bert.link or "").rpartition("/")[2], waiting=waits,
        draft=draft, half=half,
        drill=drill, exercise=await waiting(stage, "uebung", drill=True, severity="severe"),
        overtaken=overtaken, ended_waits=ended_waits,
        text=await _texted(stage), follower=resident,
        prepared=await _prepared(stage), broken=await broken(stage, "altstadt"),
        known=resident, upload=await _order(stage, vera, town),
        asked=poll,
        ballot=leaving.seal(app.keyring, resident=resident, address_id=address, broadcast=poll),
        late=leaving.seal(app.keyring, resident=resident, address_id=address, broadcast=late),
        paper=await _voter(stage, poll),
        poll=await _polled(stage), running=await _running(stage), asking=await _asking(stage),
        named=await _named(stage), unnamed=unnamed,
        questions=await _questions(stage, vera),
    )  # fmt: skip


async def _voter(town: Town, poll: UUID) -> int:
    (row,) = await town.rows("SELECT id FROM voters WHERE broadcast_id = %(id)s", id=poll)
    return int(row["id"])


async def _polled(town: Town) -> UUID:
    """One about which some in two groups have said something, and that is closed."""
    found = await poll(town, {"altstadt": 16, "musterstadt": 14}, texts=_POOL)
    for place, voter in enumerate(found.everybody[:27]):
        how = list(How)[place % len(How)]
        await found.vote(voter, 1, 1 + place * place % 3, how=how)
        await found.vote(voter, 2, 1, 2 + place % 3, how=how)
        await found.vote(voter, 3, 1 + place % 5, how=how)
    await closing_polls.close(town.db, found.id)
    return found.id


async def _thread(app: App, group: int, now: datetime) -> tuple[UUID, UUID]:
    """A warning with its update, and what that overtook: one that was scheduled, and an all-clear that
    waits."""
    publish = publisher(app.db)
    given: dict[str, Any] = {
        "severity": "minor", "texts": _WATER, "valid_until": now + timedelta(days=2),
    }  # fmt: skip
    water = await publish([group], **given, dispatching_at=now - timedelta(hours=3))
    late = given | {"thread_id": water, "in_reply_to": water, "dispatching_at": None}
    waits = await publish([group], **late, sequence=1, relation="all_clear", status="submitted")
    overtaken = await publish(
        [group], **late, sequence=2, relation="update", status="cancelled", cancelled_at=now
    )
    await publish([group], **late | {"dispatching_at": now}, sequence=3, relation="update")
    async with app.db.transaction() as connection:
        await connection.run(
            "UPDATE broadcasts SET superseded_at = %(now)s WHERE id = %(id)s", now=now, id=overtaken
        )
    return overtaken, waits


async def _running(town: Town) -> UUID:
    """One that is open, about which eleven have said something."""
    found = await poll(town, {"altstadt": 14}, texts=_POOL)
    for place, voter in enumerate(found.everybody[:11]):
        await found.vote(voter, 1, 1 + place % 3)
        await found.vote(voter, 3, 1 + place % 5)
    return found.id


async def _asking(town: Town) -> UUID:
    """A warning that asked whether people are safe. Two are not, and somebody saw to one of them."""
    texts = {tag: Text(**said) for tag, said in _STORM.items()}
    found = await poll(town, {"altstadt": 9}, texts=texts, ask=SAFE, kind=Kind.ALERT)
    one, two, three, four, *_ = found.everybody
    for voter in (one, two, three):
        await found.vote(voter, 1, 2, after=-600)
    await found.vote(four, 1, 1)
    await town.change(
        "UPDATE residents SET name = 'Erika Mustermann-Schwarzenberger' WHERE id ="
        " (SELECT resident_id FROM voters WHERE id = %(voter)s)",
        voter=one,
    )
    await town.change(
        "INSERT INTO addresses (resident_id, channel, value, hash, state, proven_at)"
        " SELECT resident_id, 'sms', '+4915112345678', 'x', 'proven', now() FROM voters"
        " WHERE id = %(voter)s",
        voter=one,
    )
    await town.change(
        "UPDATE voters SET helped_at = now(), helped_by = (SELECT min(id::text)::uuid FROM staff)"
        " WHERE id = %(voter)s",
        voter=three,
    )
    return found.id


async def _named(town: Town) -> UUID:
    """A poll that is not secret, in which six have said something, one of them with a long name."""
    found = await poll(town, {"altstadt": 8}, texts=_POOL, ask=NAMED)
    for place, voter in enumerate(found.everybody[:6]):
        await found.vote(voter, 1, 1 + place % 3, how=list(How)[place % len(How)])
        await found.vote(voter, 3, 1 + place % 4)
    await found.vote(found.everybody[0], 2, 1, 2, 4)
    await town.change(
        "UPDATE residents SET name = 'Erika Mustermann-Schwarzenberger' WHERE id ="
        " (SELECT resident_id FROM voters WHERE id = %(voter)s)",
        voter=found.everybody[0],
    )
    return found.id


async def _unnamed(town: Town) -> UUID:
    """One that was closed so long ago that nobody is named any more."""
    found = await poll(town, {"altstadt": 2}, texts=_POOL, ask=NAMED)
    await found.all_vote(found.everybody, 1, 1)
    await closing_polls.close(town.db, found.id)
    await town.change(
        "UPDATE polls SET closed_at = closed_at - interval '400 days' WHERE broadcast_id = %(id)s",
        id=found.id,
    )
    async with town.db.transaction() as connection:  # the other polls keep their names
        while await poll_names.forget(connection, days=399, size=100):
            pass
    return found.id


async def _questions(town: Town, person: Person) -> UUID:
    """A poll that is being written, with something wrong in each question."""
    vera = await staff_sessions.find(town.db, person.word)
    assert vera is not None
    content = Content(
        kind="poll", groups=("altstadt",),
        texts={tag: Words(said.title, said.body) for tag, said in _POOL.items()},
        asking=Asking(
            questions=(
                Typed(wordings={"de": Asked("Was soll hinein?", "Café\nBücherei\nStop")}),
                Typed(shape="scale", low="5", high="1"),
            )
        ),
    )  # fmt: skip
    return (await drafting.begin(town.db, vera, content)).id


async def _texted(town: Town) -> int:
    """Somebody asked something twice."""
    await take(town, texted("Guten Tag, ist die Marienbrücke wieder offen?"))
    await take(town, texted("Ich muss um 7 zur Dialyse.", at=60))
    (row,) = await town.rows("SELECT max(id) AS id FROM inbound")
    return int(row["id"])


async def _staff(town: Town) -> tuple[Person, Added]:
    """Vera, who may do everything, and Bert, who is invited."""
    vera = await enrol(town)
    for role in (Role.AUTHOR, Role.APPROVER, Role.OPERATOR):
        await staffing.add(
            town.db, settings=town.settings, within=EVERYWHERE, email=vera.email, name="Vera Amt",
            role=role, group=None,
        )  # fmt: skip
    bert = await staffing.add(
        town.db, settings=town.settings, within=EVERYWHERE, email="bert.feuer@musterstadt.example",
        name="Bert Feuer", role=Role.AUTHOR, group="feuerwehr",
    )  # fmt: skip
    return vera, bert


async def _drafts(town: Town, person: Person) -> tuple[UUID, UUID]:
    """One that can be submitted, and a drill that is half done."""
    vera = await staff_sessions.find(town.db, person.word)
    assert vera is not None
    until = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT18:00")
    whole = Content(
        kind="alert", severity="severe", groups=("altstadt",), valid_until=until,
        texts={tag: Words(**said) for tag, said in _STORM.items()},
    )  # fmt: skip
    half = Content(
        kind="alert", drill=True, groups=("kita",), texts={"en": Words("Evacuation")},
        valid_until="2020-01-01T18:00", send_at="?",
    )  # fmt: skip
    begun = [await drafting.begin(town.db, vera, content) for content in (whole, half)]
    return begun[0].id, begun[1].id


async def _prepared(town: Town) -> UUID:
    """A template in its second version, approved in advance."""
    template = await approved(town, "musterstadt", groups=("altstadt",))
    await preparing.change(
        town.db, await officer(town, Role.AUTHOR), template,
        replace(WATER, groups=("altstadt",), hours=24), version=1, settings=town.settings,
    )  # fmt: skip
    vera = await officer(town, Role.APPROVER)
    seen = (await preparing.read(town.db, vera, template)).template.seen
    await preparing.approve(town.db, vera, template, seen=seen)
    return template


async def _order(town: Town, vera: Person, group: int) -> UUID:
    """What there is to keep in order: a request, keys, what is stopped, and a file, whose id it is."""
    who = await town.resident(group, email="moechte@example.org")
    await town.change(
        "UPDATE subscriptions SET state = 'requested' WHERE resident_id = %(id)s", id=who
    )
    for name, where in (("Wetterdienst", "altstadt"), ("Webseite der Stadt", None)):
        await keys.create(town.db, name=name, scopes=list(ORDINARY), group=where)
    await town.change("UPDATE keys SET revoked_at = now() WHERE group_id IS NULL")
    await town.change(
        "INSERT INTO suppressions (channel, hash, reason) VALUES ('email', 'x', 'bounced'),"
        " ('email', 'y', 'opted_out'), ('sms', 'z', 'gone')"
    )
    content = b"email,phone,groups\na@example.org,,altstadt\nnonsense,,altstadt\nc@x.de,12,kita\n"
    async with town.db.transaction() as connection:
        return await uploads.add(
            connection, vera.id, name="Anmeldungen Herbst.csv", content=content, consent=None,
            also=None, life=timedelta(days=1),
        )  # fmt: skip


async def _group(
    app: App, slug: str, german: str, english: str, *, parent: int | None = None,
    closed: bool = False, identity: Mapping[str, str] | None = None,
) -> int:  # fmt: skip
    async with app.db.transaction() as connection:
        row = await connection.row(
            "INSERT INTO groups (slug, names, parent_id, closed, identity, carries_parent_news)"
            " VALUES (%(slug)s, %(names)s, %(parent)s, %(closed)s, %(identity)s, true)"
            " RETURNING id",
            slug=slug, names=Jsonb({"de": german, "en": english}), parent=parent, closed=closed,
            identity=Jsonb(identity or {}),
        )  # fmt: skip
    assert row is not None
    return int(row["id"])


async def _resident(app: App, group: int, *, newcomer: bool = False) -> tuple[UUID, int]:
    """Somebody who follows the group by mail, or is about to, with the id of the address."""
    async with app.db.transaction() as connection:
        row: Any = await connection.row(
            "WITH who AS (INSERT INTO residents (language, newcomer_until)"
            "   VALUES ('de', CASE WHEN %(new)s THEN now() + interval '1 day' END) RETURNING id),"
            " follows AS (INSERT INTO subscriptions (resident_id, group_id, alerts, news, state)"
            "   SELECT id, %(group)s, ARRAY['email'], ARRAY['email'],"
            "   CASE WHEN %(new)s THEN 'asked' ELSE 'active' END FROM who)"
            " INSERT INTO addresses (resident_id, channel, value, hash, state)"
            " SELECT id, 'email', 'anna@example.org', 'x',"
            "   CASE WHEN %(new)s THEN 'asked' ELSE 'proven' END FROM who"
            " RETURNING resident_id, id",
            group=group,
            new=newcomer,
        )
    return row["resident_id"], row["id"]
