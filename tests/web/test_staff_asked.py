"""One person's messages on the staff's pages: nothing without a reason, and all of it with one."""

from aiohttp import ClientSession

from channels.base import Rejected
from channels.memory import MemoryChannel
from channels.messages import Email
from notify.domain.grants import Role
from tests.town import Town
from tests.web.officer import Officer, enrol


async def test_a_reason_comes_first_and_then_it_is_shown_once(
    site: ClientSession, town: Town
) -> None:
    group = await town.group()
    anna = await town.resident(group, email="anna@example.org", alerts=["email"])
    await town.broadcast("town")
    await town.plan()
    carrier = MemoryChannel[Email](script=lambda _: Rejected("no_such_address", code="550"))
    await (await town.pump(carrier)).round()
    operator = Officer(site, await enrol(town, Role.OPERATOR, "town"))
    where = f"/staff/residents/{anna}/history"

    _, page = await operator.get(where)
    assert "Sturm" not in page
    code, page, _ = await operator.post(where, {"reason": " "})
    assert (code, "Sturm" in page, 'href="#f-reason"' in page) == (422, False, True)
    code, page, _ = await operator.post(where, {"reason": "Anruf, <b>keine</b> Warnung"})

    assert code == 200
    for said in ("Sturm", "E-Mail: fehlgeschlagen", "Diese E-Mail-Adresse gibt es nicht",
                 "Das Rathaus: Adresse oder Nummer prüfen", "1 Versuch", "memory"):  # fmt: skip
        assert said in page
    assert "anna@" not in page
    _, page = await operator.get(where)
    assert "Sturm" not in page
