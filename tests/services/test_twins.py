"""The same sent twice by people: the second is told of the first."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from notify import clock
from notify.domain.submission import Submission
from notify.domain.words import Kind, Severity
from notify.errors import Conflict
from notify.services import submitting
from tests.town import TEXTS, Town


async def _send(town: Town, **more: Any) -> str:
    async with town.db.transaction() as connection:
        done = await submitting.submit(
            connection,
            Submission(**{"kind": Kind.ANNOUNCEMENT, "groups": ["town"], "texts": TEXTS} | more),
            settings=town.settings, now=clock.now(), may_alert=True, within=None, key_id=None,
        )  # fmt: skip
        await submitting.refuse_twin(connection, done, settings=town.settings)
    return str(done.id)


async def test_of_two_at_the_same_moment_one_is_sent(town: Town) -> None:
    await town.group()

    told = await asyncio.gather(*(_send(town) for _ in range(3)), return_exceptions=True)

    sent = [one for one in told if isinstance(one, str)]
    refused = [one for one in told if isinstance(one, Conflict)]
    assert (len(sent), len(refused)) == (1, 2)
    assert {one.ids["broadcast"] for one in refused} == set(sent)
    assert [str(row["id"]) for row in await town.rows("SELECT id FROM broadcasts")] == sent


@pytest.mark.parametrize(
    ("change", "sent"),
    [
        pytest.param("status = 'cancelled', cancelled_at = now()", True, id="recalled since"),
        pytest.param("created_at = now() - interval '11 min'", True, id="a while ago"),
        pytest.param("status = 'dispatched'", False, id="handed over already"),
    ],
)
async def test_what_was_recalled_or_is_long_ago_may_be_said_again(
    town: Town, change: str, sent: bool
) -> None:
    await town.group()
    await _send(town)
    await town.change(f"UPDATE broadcasts SET {change}")

    told = await asyncio.gather(_send(town), return_exceptions=True)

    assert isinstance(told[0], str) is sent


async def test_a_warning_that_is_worse_or_holds_longer_is_another(town: Town) -> None:
    await town.group()
    until = clock.now() + timedelta(hours=6)
    alert = {"kind": Kind.ALERT, "severity": Severity.MODERATE, "valid_until": until}
    await _send(town, **alert)

    await _send(town, **alert | {"severity": Severity.EXTREME})
    await _send(town, **alert | {"valid_until": until + timedelta(hours=6)})

    with pytest.raises(Conflict):
        await _send(town, **alert)
