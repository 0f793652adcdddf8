"""Watching a message on the staff's pages: its figures, what to do, the table to take along, and how
quickly a recall stops it."""

import asyncio
import csv
import re
import tracemalloc
from io import StringIO
from uuid import UUID

import pytest
from aiohttp import ClientResponse, ClientSession
from typing_extensions import override

from channels.base import Rejected, Sent
from channels.memory import MemoryChannel
from channels.messages import Email
from notify import clock
from notify.domain.grants import Role
from notify.services import closing_polls, tabulating, viewing
from notify.services.sending import Pump
from notify.services.viewing import Viewing
from notify.web.pages.staff import watching
from tests.polled import NAMED, poll
from tests.town import Town
from tests.web.officer import Officer, enrol


@pytest.fixture
async def operator(site: ClientSession, town: Town) -> Officer:
    return Officer(site, await enrol(town, Role.OPERATOR))


async def _sent(town: Town, count: int = 3, *, fails: bool = False) -> UUID:
    await town.readers(count)
    alert = await town.broadcast("town")
    await town.plan()
    no = Rejected("no_such_address", code="=550")
    carrier = MemoryChannel[Email](script=lambda _: no if fails else None)
    await (await town.pump(carrier)).round()
    return alert


async def test_the_page_says_how_it_goes_and_when_it_is_done(town: Town, operator: Officer) -> None:
    alert = await _sent(town)
    await town.change(
        "INSERT INTO progress (broadcast_id, channel, status, slot, n)"
        " VALUES (%(id)s, 'sms', 'pending', 1, 1200)", id=alert,
    )  # fmt: skip
    await town.change(
        "INSERT INTO handovers (broadcast_id, channel, second, slot, n, first_at, last_at)"
        " SELECT %(id)s, 'sms', at, 1, 2, at, at FROM generate_series("
        "   date_trunc('second', now()) - interval '20 s', now(), interval '1 s') AS at",
        id=alert,
    )  # fmt: skip

    _, page = await operator.get(f"/staff/messages/{alert}")

    assert "fertig um " in page
    assert "1.200 stehen noch aus" in page
    assert "data-live=" in page
    assert "Noch einmal nachsehen" in page
    assert '<svg class="chart"' in page


async def test_who_was_not_reached_stands_with_what_to_do(town: Town, operator: Officer) -> None:
    alert = await _sent(town, fails=True)

    _, page = await operator.get(f"/staff/messages/{alert}")

    todo = page.index("Das Rathaus: Adresse oder Nummer prüfen")
    assert page.index("3 × E-Mail", todo) > todo
    assert "Diese E-Mail-Adresse gibt es nicht" in page[todo:]


async def test_while_counting_takes_too_long_the_figures_are_there_all_the_same(
    town: Town, operator: Officer, monkeypatch: pytest.MonkeyPatch
) -> None:
    alert = await _sent(town, fails=True)
    monkeypatch.setattr(viewing, "LONGEST", 0.3)

    async with town.db.transaction() as other:
        await other.run("LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE")
        code, page = await operator.get(f"/staff/messages/{alert}")

    assert code == 200
    assert "Die Gründe zu zählen dauert gerade zu lange" in page
    assert "Gescheitert" in page


async def test_the_way_to_the_senders_is_for_those_who_may_go_there(
    site: ClientSession, town: Town, operator: Officer
) -> None:
    alert = await _sent(town)
    await town.change("UPDATE deliveries SET status = 'failed', reason = 'blocked'")
    local = Officer(site, await enrol(town, Role.OPERATOR, "town", email="l@example.org"))

    for officer, seen in ((operator, True), (local, False)):
        _, page = await officer.get(f"/staff/messages/{alert}")
        assert "Sehen Sie nach den Absendern" in page
        assert ("/staff/senders" in page) is seen


async def _table(officer: Officer, alert: UUID) -> list[dict[str, str]]:
    code, text, _ = await officer.post(f"/staff/messages/{alert}/deliveries.csv")
    assert code == 200
    assert text.startswith("\ufeff")
    return list(csv.DictReader(StringIO(text[1:], newline=""), delimiter=";"))


async def test_it_is_taken_along_as_a_table_that_runs_nothing(
    site: ClientSession, town: Town, operator: Officer
) -> None:
    alert = await _sent(town, fails=True)
    resident = await town.resident(alerts=["sms"])
    await town.change(
        "INSERT INTO skips (broadcast_id, resident_id, channel, reason)"
        " VALUES (%(b)s, %(r)s, 'sms', 'no_address'), (%(b)s, %(r)s, 'none', 'no_channel')",
        b=alert, r=resident,
    )  # fmt: skip

    rows = await _table(operator, alert)

    assert [row["Stand"] for row in rows] == ["fehlgeschlagen"] * 3 + ["ausgelassen"] * 2
    assert rows[0]["Code"] == "'=550"
    assert rows[0]["Adresse"] == "…@example.org"
    assert rows[0]["Grund"].startswith("Diese E-Mail-Adresse gibt es nicht")
    assert rows[0]["Versuche"] == "1"
    assert {row["Person"] for row in rows[3:]} == {str(resident)}
    assert "r0@" not in str(rows)
    log = await town.rows("SELECT deed, about FROM audit ORDER BY id DESC LIMIT 1")
    assert log == [{"deed": "broadcast.exported", "about": {"broadcast": str(alert)}}]


async def test_a_table_of_many_comes_whole_and_in_little_memory(
    town: Town, operator: Officer, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = await town.group()
    await town.change(
        "WITH who AS (INSERT INTO residents (language) SELECT 'de' FROM generate_series(1, 4500)"
        "   RETURNING id), follows AS (INSERT INTO subscriptions (resident_id, group_id, alerts, news)"
        "   SELECT id, %(group)s, ARRAY['email'], '{}' FROM who)"
        " INSERT INTO addresses (resident_id, channel, value, hash, state)"
        " SELECT id, 'email', id || '@example.org', id::text::bytea, 'proven' FROM who",
        group=group,
    )
    alert = await town.broadcast("town")
    await town.plan()
    sizes = []

    tracemalloc.start()
    async for page in tabulating.pages(town.db, alert):
        sizes.append(len(page))
        del page
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert sizes == [1000, 1000, 1000, 1000, 500]
    assert most < 8_000_000
    assert len(await _table(operator, alert)) == 4_500


async def test_who_may_only_look_takes_no_table(site: ClientSession, town: Town) -> None:
    alert = await _sent(town)
    viewer = Officer(site, await enrol(town, Role.VIEWER))

    code, _, _ = await viewer.post(f"/staff/messages/{alert}/deliveries.csv")

    assert code == 403
    assert await town.rows("SELECT 1 FROM audit WHERE deed = 'broadcast.exported'") == []
    assert "deliveries.csv" not in (await viewer.get(f"/staff/messages/{alert}"))[1]


class Slow(MemoryChannel[Email]):
    """Takes a hundredth of a second for each."""

    @override
    async def send(self, message: Email) -> Sent:
        await asyncio.sleep(0.01)
        return await super().send(message)


async def test_a_recall_stops_within_a_second_what_is_being_sent(
    town: Town, operator: Officer
) -> None:
    await town.readers(400)
    alert = await town.broadcast("town")
    await town.plan()
    carrier = Slow()
    pump = await town.pump(carrier, slots=2)
    sending = asyncio.create_task(_rounds(pump))
    await carrier.has_taken(20)

    began = clock.monotonic()
    code, _, _ = await operator.post(f"/staff/messages/{alert}/recall", {"sure": "1"})
    await asyncio.sleep(max(0.0, began + 1 - clock.monotonic()))
    taken = len(carrier.taken)
    await asyncio.wait_for(sending, 20)

    assert code == 303
    assert len(carrier.taken) <= taken + 2  # the two calls that were under way
    assert taken < 400
    statuses = await town.statuses(alert)
    assert statuses.count("cancelled") == 400 - len(carrier.taken)


async def _rounds(pump: Pump) -> None:
    while await pump.round():
        pass


async def test_one_who_opens_it_in_too_many_tabs_is_told_later(
    site: ClientSession, town: Town, operator: Officer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewing, "MOST_OF_ONE", 1)
    await town.group()
    alert = await town.broadcast("town")
    headers = {"cookie": f"notify-staff={operator.cookies['notify-staff']}"}
    live = f"/staff/messages/{alert}/live"

    async with site.get(live, headers=headers) as first:
        await first.content.readline()
        async with site.get(live, headers=headers) as second:
            assert second.status == 503
    assert (await operator.get(f"/staff/messages/{alert}"))[0] == 200


async def test_asking_whether_to_recall_counts_nothing(
    town: Town, operator: Officer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await town.group()
    alert = await town.broadcast("town")

    async def never(_: Viewing, __: UUID) -> viewing.Counted:
        raise AssertionError

    monkeypatch.setattr(Viewing, "counted", never)
    code, page, _ = await operator.post(f"/staff/messages/{alert}/recall")

    assert code == 200
    assert "sure" in page


@pytest.mark.parametrize("done", ["approved", "returned", "recalled", "alone", "own", "too_late"])
async def test_an_address_says_nothing_was_done_that_was_not(
    town: Town, operator: Officer, done: str
) -> None:
    await town.group()
    alert = await town.broadcast("town")

    _, plain = await operator.get(f"/staff/messages/{alert}")
    _, page = await operator.get(f"/staff/messages/{alert}?done={done}")

    assert page.count('role="status"') == plain.count('role="status"')
    assert page.count('role="alert"') == plain.count('role="alert"')


async def test_the_stream_of_a_poll_tells_people_not_messages_while_answers_come_in(
    site: ClientSession, town: Town, operator: Officer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (viewing, watching):
        monkeypatch.setattr(module, "EVERY", 0.05)
    monkeypatch.setattr(viewing, "POLL_EVERY", 0.05)
    polled = await poll(town, {"town": 3}, ask=NAMED)
    one, two, _ = polled.everybody
    headers = {
        "cookie": f"notify-staff={operator.cookies['notify-staff']}",
        "accept-language": "de",
    }

    async with site.get(f"/staff/messages/{polled.id}/live", headers=headers) as stream:
        assert "0 von 3" in await told(stream, "0 von 3")
        await polled.vote(one, 1, 1)
        seen = await told(stream, "1 von 3")
        assert choices(seen) == ["1", "0", "0"]
        for n in range(5):  # five messages of one person
            await polled.vote(one, 1, 1 + n % 3, after=1 + n)
        seen = await told(stream, "Bücherei")
        while choices(seen) != ["0", "1", "0"]:
            seen = await told(stream, "1 von 3")
        await polled.vote(two, 1, 2)
        assert choices(await told(stream, "2 von 3")) == ["0", "2", "0"]
        await closing_polls.close(town.db, polled.id)
        assert "Ergebnis" in await told(stream, "Beendet")
        assert (await event(stream))[0] == "over"


async def event(stream: ClientResponse) -> tuple[str, str]:
    """The next event of a stream: its name, and its text."""
    name, lines = "", []
    while line := (await asyncio.wait_for(stream.content.readline(), 20)).decode().rstrip("\r\n"):
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            lines.append(value)
    return name, "\n".join(lines)


async def told(stream: ClientResponse, words: str) -> str:
    """The next figures that have these words."""
    while True:
        name, said = await event(stream)
        if words in said:
            return said
        assert name in {"numbers", ""}


def choices(page: str) -> list[str]:
    """People by the answer to the first question, as its table has them."""
    table = page.partition('<table class="answers">')[2].partition("</table>")[0]
    return re.findall(r'<td class="number">(\d+)</td>', table)
