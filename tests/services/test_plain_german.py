"""Whoever chose plain German is written to in it, and in German where nobody wrote such a text."""

import pytest

from channels.memory import MemoryChannel
from channels.messages import Email
from notify.domain.broadcast import Text
from notify.domain.words import Kind
from tests.town import Town

DE, EN = Text("Sturm", "Bleiben Sie im Haus."), Text("Storm", "Stay inside.")
PLAIN = Text("Es kommt ein Sturm", "Gehen Sie nicht raus.")


@pytest.mark.parametrize(
    ("texts", "language", "title"),
    [
        ({"de": DE, "en": EN, "de-x-simple": PLAIN}, "de-x-simple", "Es kommt ein Sturm"),
        ({"de": DE, "en": EN}, "de", "Sturm"),
    ],
)
async def test_a_mail_comes_in_plain_german_or_else_in_german(
    town: Town, texts: dict[str, Text], language: str, title: str
) -> None:
    group = await town.group()
    await town.resident(group, email="anna@example.org", language="de-x-simple")
    await town.broadcast("town", kind=Kind.ALERT, texts=texts)
    await town.plan()
    carrier = MemoryChannel[Email]()
    pump = await town.pump(carrier)
    while await pump.round():
        pass

    (row,) = await town.rows("SELECT language FROM deliveries WHERE channel = 'email'")
    assert row["language"] == language
    (mail,) = carrier.taken
    assert title in mail.form.subject
