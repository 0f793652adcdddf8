"""Every page there is, with an example of it in a town where much is going on.

A new route that answers GET with a page belongs into PAGES; what is no page into NO_PAGES. A test
holds both against the application, so that no page is left unlooked at. What shows only once
something was done stands in `faces.py`.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb

from notify.bootstrap import App
from notify.domain.codes import Purpose
from notify.services import confirming, leaving, proving, visiting
from tests.web.conftest import publisher

NO_PAGES: Final = (
    "/api/", "/hooks/", "/static/", "/colour/", "/healthz", "/readyz", "/metrics",
    "/join/{slug}/qr.svg", "/manifest.webmanifest", "/sw.js", "/my/export", "/my/push/trial/",
)  # fmt: skip
"""What their paths begin with."""


@dataclass(frozen=True)
class Scene:
    """The town that pages are looked at in: an alert in two languages with a thread behind it, one
    that ended, news, a resident and a newcomer. What is a text is a token, or the word of a
    session."""

    alert: UUID
    ended: UUID
    news: UUID
    leave: str
    confirm: str
    code: str
    opens: str
    resident: str
    newcomer: str

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


_OWN: Final = (
    "/my/join", "/my/addresses", "/my/settings", "/my/received", "/my/erase",
)  # fmt: skip

PAGES: Final[Mapping[str, Example]] = {
    "/": Example("/", "front"),
    "/b/{reference}": Example("/b/{alert}", "broadcast"),
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
}

OPENED_BY: Final = {
    "/join/code": "newcomer", "/join/done": "resident", "/my": "resident", "/my/code": "resident",
    "/my/push": "resident", "saved": "resident", "set": "resident", "nothing older": "resident",
    **dict.fromkeys(_OWN, "resident"),
}  # fmt: skip
"""Pages of somebody who is known, and whose session opens them."""

MORE: Final[Mapping[str, Example]] = {
    "news": Example("/b/{news}", "broadcast"),
    "ended": Example("/b/{ended}", "broadcast"),
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
    "refused": Example("/my/enter", "failed"),
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
    await _group(app, "kita", "Kita Süd", "Kindergarten South", parent=old, closed=True)
    first = await publish(
        [town], severity="moderate", texts=_FIRST, dispatching_at=now - timedelta(hours=2)
    )
    alert = await publish(
        [town], texts=_STORM, thread_id=first, sequence=1, in_reply_to=first, relation="update"
    )
    await publish([old], severity="minor", texts=_WATER, valid_until=now + timedelta(days=2))
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
    return Scene(
        alert, ended, news,
        leave=leaving.seal(app.keyring, resident=resident, address_id=address, broadcast=news),
        confirm=confirming.seal(app.keyring, address_id=address),
        code=proving.seal(app.keyring, code), opens=proving.seal(app.keyring, opens),
        resident=words[0], newcomer=words[1],
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
