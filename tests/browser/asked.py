"""What the people of a scene are asked: polls that are open or over, with who may answer."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from psycopg.types.json import Jsonb

from notify import clock
from notify.bootstrap import App
from notify.domain.broadcast import Text
from notify.domain.poll import Ask, Question, Shape, Wording, to_json
from notify.domain.submission import Submission
from notify.domain.words import Kind
from notify.services import leaving, opening_polls, submitting
from notify.settings import Settings
from notify.store.database import Database
from tests.journeys.world import World
from tests.web.conftest import publisher

TEXTS: Final = {
    "de": {
        "title": "Was soll auf den Rathausplatz?",
        "body": "Der Platz wird 2027 neu gemacht. Wir wollen wissen, was **Sie** dort wünschen.",
    },
    "en": {
        "title": "What should the town hall square become?",
        "body": "The square is made anew in 2027. We want to know what **you** wish for.",
    },
}
PLACE: Final = Question(
    Shape.SINGLE,
    {
        "de": Wording("Was ist Ihnen am wichtigsten?", ("Bäume und Bänke", "Parkplätze", "Spielplatz")),
        "en": Wording("What matters most to you?", ("Trees and benches", "Parking", "Playground")),
    },
)  # fmt: skip
DAYS: Final = Question(
    Shape.SEVERAL,
    {
        "de": Wording("Wann soll dort Markt sein?", ("Mittwoch", "Freitag", "Samstag")),
        "en": Wording("When should the market be there?", ("Wednesday", "Friday", "Saturday")),
    },
    most=2,
)
GRADE: Final = Question(
    Shape.SCALE,
    {
        "de": Wording("Wie gefällt Ihnen der Platz heute?", ("gar nicht", "sehr gut")),
        "en": Wording("How do you like the square today?", ("not at all", "very much")),
    },
)


async def ask(
    app: App, group: int, *residents: UUID, secret: bool = True, closed: bool = False
) -> UUID:
    """Ask these residents of a group."""
    texts = (
        TEXTS
        if secret
        else {tag: text | {"title": f"2. {text['title']}"} for tag, text in TEXTS.items()}
    )
    poll = await publisher(app.db)([group], kind="poll", severity=None, texts=texts)
    until = clock.now() + timedelta(days=3)
    async with app.db.transaction() as connection:
        await connection.run(
            "UPDATE broadcasts SET asks = %(asks)s, valid_until = %(until)s WHERE id = %(id)s",
            asks=Jsonb(to_json(Ask((PLACE, DAYS, GRADE), secret=secret))), until=until, id=poll,
        )  # fmt: skip
        await opening_polls.open_(connection, poll, close_at=until)
        for resident in residents:
            await connection.run(
                "INSERT INTO voters (broadcast_id, resident_id, group_id)"
                " VALUES (%(id)s, %(resident)s, %(group)s)",
                id=poll, resident=resident, group=group,
            )  # fmt: skip
        if closed:
            await connection.run(
                "UPDATE polls SET close_at = now() - interval '1 hour', closed_at = now()"
                " WHERE broadcast_id = %(id)s",
                id=poll,
            )
    return poll


async def send(world: World, *questions: Question, kind: Kind = Kind.POLL, **more: Any) -> UUID:
    """Have the world's town ask its people."""
    now = clock.now()
    db = Database(world.environment["NOTIFY_DATABASE_URL"], size=1)
    await db.open()
    try:
        async with db.transaction() as connection:
            made = await submitting.submit(
                connection,
                Submission(
                    kind=kind, groups=[world.town], valid_until=now + timedelta(hours=6),
                    texts={tag: Text(**text) for tag, text in TEXTS.items()},
                    ask=Ask(questions, **more),
                ),
                settings=Settings(), now=now, may_alert=True, within=None,
                key_id=None,
            )  # fmt: skip
    finally:
        await db.close()
    return made.id


def link(app: App, *, poll: UUID, resident: UUID, address: int) -> str:
    """The way to answer out of a mail."""
    token = leaving.seal(app.keyring, resident=resident, address_id=address, broadcast=poll)
    return f"/answer/{token}"
