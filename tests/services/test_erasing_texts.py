"""The provider's copy of an answer is deleted, asked again where that could not be done."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest

from channels.base import TryAgain
from notify import clock
from notify.services.erasing_texts import TOGETHER, erase_texts
from tests.services.test_answering import PARK, poll
from tests.services.texter import PHONE, Texter
from tests.town import Town


@dataclass
class Provider:
    """What lies at a provider; `away` while it cannot be asked."""

    away: bool = False
    erased: list[str] = field(default_factory=list)

    async def erase(self, provider_id: str) -> None:
        if self.away:
            raise TryAgain("timed_out")
        self.erased.append(provider_id)


@pytest.fixture
async def anna(town: Town) -> UUID:
    return await town.resident(await town.group("town"), phone=PHONE)


async def test_answers_are_deleted_there_and_nothing_else(town: Town, anna: UUID) -> None:
    await poll(town, PARK)
    texter, provider = Texter(town), Provider()
    await texter.text("2", sid="SManswer")
    await texter.text("Der Platz ist doch viel zu klein, finde ich jedenfalls.", sid="SMletter")

    assert await erase_texts(town.db, provider) == 1
    assert await erase_texts(town.db, provider) == 0
    assert provider.erased == ["SManswer"]


async def test_a_provider_that_is_away_is_asked_again_later(town: Town, anna: UUID) -> None:
    await poll(town, PARK)
    await Texter(town).text("2", sid="SManswer")
    provider = Provider(away=True)

    assert await erase_texts(town.db, provider) == 0
    (row,) = await town.rows("SELECT erase_due, erase_tries FROM inbound")
    provider.away = False
    assert await erase_texts(town.db, provider) == 0

    assert row["erase_tries"] == 1
    assert row["erase_due"] > clock.now() + timedelta(seconds=30)
    await town.change("UPDATE inbound SET erase_due = now()")
    assert await erase_texts(town.db, provider) == 1


async def test_more_than_a_batch_is_deleted_in_one_go(town: Town, anna: UUID) -> None:
    await poll(town, PARK)
    texter, provider = Texter(town), Provider()
    await texter.take(*(texter.message("1") for _ in range(TOGETHER + 3)))

    assert await erase_texts(town.db, provider) == TOGETHER + 3
