"""What residents were sent and what became of it; their data, and an end to it."""

import json

import pytest
from aiohttp import ClientSession

from notify.domain.delivery import DeliveryStatus
from notify.rendering.fates import FATES, WHY
from notify.rendering.reasons import SAID
from notify.web.pages.my.receiving import EACH
from tests.town import Town
from tests.web.visitor import Visitor


@pytest.fixture
async def anna(site: ClientSession, town: Town) -> Visitor:
    group = await town.group()
    resident = await town.resident(group, email="anna@example.org", alerts=["email"])
    return await Visitor.of(site, town, resident)


async def sent(visitor: Visitor, status: str, reason: str | None = None) -> None:
    """One alert more, with what became of it."""
    town = visitor.town
    broadcast = await town.broadcast("town")
    await town.change(
        "INSERT INTO deliveries (broadcast_id, resident_id, address_id, address_version, channel,"
        " lane, language, status, reason) VALUES (%(b)s, %(r)s, 1, 1, 'email', 'alert', 'de',"
        " %(s)s, %(why)s)",
        b=broadcast, r=visitor.resident, s=status, why=reason,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "reason", "said"),
    [
        ("delivered", None, "Angekommen"),
        ("delivered", "mailbox_full", "Angekommen"),
        ("sent", None, "ob sie angekommen ist, wissen wir noch nicht"),
        ("pending", "quiet", "Sie wartet, bis Ihre Ruhezeit vorbei ist."),
        ("expired", "quiet", "Sie galt nicht mehr, als Ihre Ruhezeit vorbei war."),
        ("failed", "mailbox_full", "Ihr Postfach war voll."),
        ("failed", "credentials_refused", "Nicht angekommen"),
        ("cancelled", "left", "Sie hatten sich abgemeldet"),
        ("unknown", "timed_out", "Ob sie angekommen ist, weiß niemand"),
        ("superseded", None, "Eine neuere Nachricht hat sie ersetzt"),
    ],
)
async def test_what_became_of_a_message_is_told_as_its_reader_would_say_it(
    anna: Visitor, status: str, reason: str | None, said: str
) -> None:
    await sent(anna, status, reason)

    http, html = await anna.get("/my/received")

    assert http == 200
    assert said in html
    assert "Sturm" in html
    assert 'href="/b/' in html
    for word in ("Einstellungen, ", "Relay", "Protokoll"):
        assert word not in html  # what staff mend is no resident's business
    if status == "delivered":
        assert "Postfach" not in html


def test_every_status_has_a_fate_and_every_reason_told_is_one() -> None:
    assert set(FATES) == set(DeliveryStatus)
    assert set(WHY) <= set(SAID)


async def test_messages_come_in_pages_the_newest_first(anna: Visitor) -> None:
    await sent(anna, "delivered")
    await anna.town.change(
        "INSERT INTO deliveries (broadcast_id, resident_id, address_id, address_version, channel,"
        " lane, language, status) SELECT d.broadcast_id, d.resident_id, n, 1, 'email', 'alert',"
        " 'de', 'delivered' FROM deliveries d, generate_series(100, 100 + %(n)s) AS n",
        n=EACH,
    )

    _, first = await anna.get("/my/received")
    (row,) = await anna.town.rows("SELECT id FROM deliveries ORDER BY id DESC OFFSET 49 LIMIT 1")
    more = f"/my/received?before={row['id']}"
    assert first.count('class="when"') == EACH
    assert f'href="{more}"' in first
    _, second = await anna.get(more)
    assert second.count('class="when"') == 2
    assert "Ältere Nachrichten" not in second
    assert "Älteres gibt es nicht." in (await anna.get("/my/received?before=1"))[1]
    for odd in ("x", "-1", "9" * 30, "²"):
        assert (await anna.get(f"/my/received?before={odd}"))[0] == 200


async def test_hostile_titles_are_shown_as_they_are(anna: Visitor) -> None:
    await sent(anna, "delivered")
    await anna.town.change(
        "UPDATE broadcasts SET texts = jsonb_set(texts, '{de,title}', '\"<script>x</script>\"')"
    )
    await anna.town.change('UPDATE groups SET names = \'{"de": "<b>Kita</b>"}\'')

    for path in ("/my", "/my/received", "/my/join"):
        html = (await anna.get(path))[1]
        assert "<script>" not in html
        assert "<b>" not in html


async def test_everything_is_downloaded_as_a_file_that_nobody_keeps(
    site: ClientSession, anna: Visitor
) -> None:
    async with site.get("/my/export", headers=anna.headers) as answer:
        assert answer.headers["content-disposition"] == 'attachment; filename="my-data.json"'
        assert answer.headers["cache-control"] == "no-store"
        found = json.loads(await answer.text())

    assert found["resident"]["id"] == str(anna.resident)


async def test_looking_erases_nothing_and_the_button_everything(anna: Visitor) -> None:
    for _ in range(2):
        status, html = await anna.get("/my/erase")
        assert status == 200
        assert "Das lässt sich nicht rückgängig machen." in html
    assert len(await anna.town.rows("SELECT FROM residents")) == 1

    status, html, _ = await anna.post("/my/erase")

    assert status == 200
    assert "Alles über Sie ist gelöscht" in html
    assert await anna.town.rows("SELECT FROM residents") == []
    assert (await anna.post("/my/erase"))[0] == 303
