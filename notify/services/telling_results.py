"""Tells who took part in a poll how it came out, once, over the way on which they answered.

By day, and a few at a time: codes and answers, which somebody waits for, leave by the same lane. An SMS
of a result counts for the group that asked, and goes as far as its cap has room; it takes nothing from
the budget of the day, which is for what anybody can ask for. How far it is moves in the transaction that puts the notes in the way: whoever is ended in between leaves
the rest to the next, and nobody is told twice.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import partial
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from notify import clock
from notify.domain.broadcast import Identity
from notify.domain.keyring import Keyring
from notify.domain.poll import Shown
from notify.domain.results import Result
from notify.domain.words import Channel
from notify.log import get
from notify.rendering import outcomes
from notify.rendering.templates import templates
from notify.services import counting
from notify.settings import Settings
from notify.store import result_notes, sms_spending
from notify.store.database import Database, Row

log = get(__name__)

WORTH: Final = timedelta(days=2)
"""How long a note is worth sending; and after the close, the result worth telling."""
BEGIN, END = time(8), time(21)
"""The hours in which a result is told, on the town's clocks."""
AHEAD: Final[Mapping[str, int]] = {Channel.SMS: 10, Channel.EMAIL: 200, Channel.PUSH: 200}
"""So many wait at most, by channel: whoever needs a code waits for these."""
_SIZE: Final = 400


class Teller:
    """Any number may run: one tells of a poll at a time."""

    def __init__(
        self, db: Database, keyring: Keyring, *, settings: Settings, channels: Sequence[str]
    ) -> None:
        self._db = db
        self._keyring = keyring
        self._settings = settings
        self._channels = channels
        self._known: dict[UUID, Result] = {}  # a closed one stays as it is

    async def round(self, now: datetime | None = None) -> int:
        """Put in the way what there is room for; how many notes."""
        here = (now or clock.now()).astimezone(self._settings.zone).time()
        if not BEGIN <= here < END:
            return 0
        told = 0
        while (n := await self._some()) is not None:
            told += n
        return told

    async def _some(self) -> int | None:
        """A slice of one poll; None where there is nothing left to do just now."""
        async with self._db.transaction() as connection:
            poll = await result_notes.next_(connection, stale=WORTH)
            if poll is None:
                return None
            broadcast_id = poll["broadcast_id"]
            rows = [] if poll["stale"] else await result_notes.people(
                connection, broadcast_id, channels=self._channels, zone=self._settings.timezone,
                size=_SIZE,
            )  # fmt: skip
            if not rows:
                await result_notes.told(connection, broadcast_id)
                self._known.pop(broadcast_id, None)
                log.info("poll.told", broadcast=str(broadcast_id), stale=poll["stale"])
                return 0
            result = await self._result(broadcast_id)
            slice_ = _Slice(await result_notes.ahead(connection))
            month = clock.month(self._settings.zone)
            if any(row["channel"] == Channel.SMS for row in rows):
                await sms_spending.pay(connection, broadcast_id, segments=0, month=month)
                slice_.left = await sms_spending.left(connection, broadcast_id, month=month)
            slice_.fill(rows, price=partial(self._price, result))
            if slice_.last is None:
                return None
            data = [self._data(result, row) for row in slice_.fits]
            await result_notes.add(connection, slice_.fits, data, worth=WORTH)
            if slice_.spent:
                await sms_spending.pay(connection, broadcast_id, segments=slice_.spent, month=month)
            await result_notes.told_through(
                connection, broadcast_id, slice_.last, capped=slice_.capped
            )
            return len(slice_.fits)

    async def _result(self, broadcast_id: UUID) -> Result:
        known = self._known.get(broadcast_id)
        if known is None:
            known = self._known[broadcast_id] = await counting.count(self._db, broadcast_id)
        return known

    def _data(self, result: Result, row: Row) -> dict[str, Any]:
        """What their note says. Who sees a result only because they were asked gets a pass."""
        said = outcomes.kept(
            result, language=row["language"], default=self._settings.default_language
        )
        if result.ask.shown is Shown.ASKED:
            said["by"] = counting.pass_(self._keyring, row["voter_id"])
        return said

    def _price(self, result: Result, row: Row) -> int:
        """Segments of the SMS to somebody."""
        data = self._data(result, row)
        words = templates(self._settings).words(row["language"])
        url = outcomes.url(data, public_url=self._settings.public_url)
        who = Identity(sender_name=self._settings.town, mail_from=self._settings.mail_from)
        return outcomes.sms(words, identity=who, data=data, url=url).segments


@dataclass(slots=True)
class _Slice:
    """The first in line, as far as there is room. `waiting` are notes of before, by channel; `left`
    are the segments that the cap has room for (None: without a cap), `spent` those that `fits`, the
    addresses, take. Up to the resident `last` all are done with, `capped` of them left out; None
    where there is room for nobody."""

    waiting: dict[str, int]
    left: int | None = None
    fits: list[Row] = field(default_factory=list[Row])
    last: UUID | None = None
    spent: int = 0
    capped: int = 0

    def fill(self, rows: Sequence[Row], *, price: Callable[[Row], int]) -> None:
        for resident, own in groupby(rows, key=lambda row: row["resident_id"]):
            ways = [row for row in own if row["address_id"] is not None]
            if ways and not self._add(ways[0]["channel"], ways, price):
                return
            self.last = resident

    def _add(self, channel: str, ways: Sequence[Row], price: Callable[[Row], int]) -> bool:
        """False where too many wait already."""
        if channel == Channel.SMS and self.left is not None and self.left < 1:
            self.capped += 1
            return True
        if self.waiting.get(channel, 0) + len(ways) > AHEAD[channel]:
            return False
        if channel == Channel.SMS:
            cost = sum(map(price, ways))
            if self.left is not None and cost > self.left:
                self.capped += 1
                return True
            self.left = None if self.left is None else self.left - cost
            self.spent += cost
        self.waiting[channel] = self.waiting.get(channel, 0) + len(ways)
        self.fits += ways
        return True
