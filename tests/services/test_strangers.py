"""Whatever strangers do with a resident's addresses, the resident gets what they got before.

A stranger sees what a page shows, and the phone and mailbox of their own; never what is sent to the
resident. They may talk the resident into texting what a page shows.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from notify.domain.codes import Purpose
from notify.domain.residents import JudgedAddress
from notify.domain.words import Channel, Kind, Lane
from notify.services import joining, proving, signing_up, texting, visiting
from notify.services.joining import NotHere
from notify.services.signing_up import Agreed, SignUp
from notify.store.database import Database
from tests.services.test_joining import EMPTY, shared
from tests.town import Town

__all__ = ["shared"]

VICTIM = {Channel.EMAIL: "victim@example.org", Channel.SMS: "+4915112345678"}
OWN = {Channel.EMAIL: "stranger@example.org", Channel.SMS: "+4915187654321"}
AGREED = Agreed("I agree.", "1", "en", "/join")

signs_up = st.tuples(
    st.just("sign up"), st.sampled_from(["mail", "phone", "both", "hers and mine"]),
    st.sets(st.sampled_from(["email", "sms", "push"])), st.booleans(),
)  # fmt: skip
again = st.tuples(st.just("again"), st.integers(0, 5))
changes = st.tuples(st.just("change"), st.integers(0, 5), st.booleans())
guesses = st.tuples(st.just("guess"), st.integers(0, 5), st.integers(0, 999_999))
texts = st.tuples(st.just("text"), st.integers(0, 5))
own = st.tuples(st.just("prove own"))
talked_into = st.tuples(st.just("she texts"), st.integers(0, 5))
presses = st.tuples(st.just("she presses"))
STEPS = st.lists(st.one_of(signs_up, again, changes, guesses, texts, own, talked_into), max_size=12)
PRESSED = st.lists(
    st.one_of(signs_up, again, changes, guesses, texts, own, presses, talked_into),
    min_size=3, max_size=12,
)  # fmt: skip
HERS = ("sign up", "phone", {"sms"}, True)
HERS_AND_MINE = ("sign up", "hers and mine", {"email"}, True)


@pytest.mark.timeout(240)
@given(steps=STEPS)
@example(steps=[HERS, ("she texts", 0)])
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_no_sequence_of_strangers_changes_what_a_resident_gets(
    shared: Town, steps: Sequence[tuple[Any, ...]]
) -> None:
    with asyncio.Runner() as runner:
        before, after, shown = runner.run(_play(shared, steps))

    assert after == before
    assert not shown


@pytest.mark.timeout(240)
@given(steps=PRESSED)
@example(steps=[HERS_AND_MINE, ("she presses",), ("text", 0)])
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_nor_where_the_resident_presses_the_buttons_in_the_mails_that_come(
    shared: Town, steps: Sequence[tuple[Any, ...]]
) -> None:
    """She may follow more then, as the mail said. Her addresses stay and no other is hers, and her
    page is open nowhere but where she pressed."""
    with asyncio.Runner() as runner:
        (_, before, lifted), (_, after, still), shown = runner.run(_play(shared, steps))

    (wishes, addresses, person, _), (more, now, same, _) = before, after
    assert [(row["channel"], row["value"], row["state"]) for row in now] == [
        (row["channel"], row["value"], row["state"]) for row in addresses
    ]
    assert (same, still) == (person, lifted)
    follows = {row["group_id"]: row for row in more}
    for row in wishes:
        assert set(row["alerts"]) <= set(follows[row["group_id"]]["alerts"])
        assert set(row["news"]) <= set(follows[row["group_id"]]["news"])
    assert not shown


async def _play(town: Town, steps: Sequence[tuple[Any, ...]]) -> tuple[Any, Any, bool]:
    """What the resident gets before and after, and whether a page of the stranger's shows her."""
    town.db = Database(town.settings.database_url or "", size=2)
    await town.db.open()
    try:
        await town.change(EMPTY + ", broadcasts, suppressions, sessions CASCADE")
        groups = [await town.group("town"), await town.group("other")]
        victim = await town.resident(
            groups[0], email=VICTIM[Channel.EMAIL], phone=VICTIM[Channel.SMS], alerts=["email"],
            news=["sms"],
        )  # fmt: skip
        before = await _gets(town, victim)
        stranger = Stranger(town, groups)
        for step in steps:
            await stranger.do(*step)
        return before, await _gets(town, victim), await stranger.sees(victim)
    finally:
        await town.db.close()


async def _gets(town: Town, victim: UUID) -> Any:
    """What the resident would be sent, over what, and all that is kept of their wishes."""
    planned = {}
    for kind, lane in ((Kind.ALERT, Lane.ALERT), (Kind.ANNOUNCEMENT, Lane.BULK)):
        for group in ("town", "other"):
            broadcast = await town.broadcast(group, kind=kind)
            await town.plan(lane)
            planned[kind, group] = await town.rows(
                "SELECT a.value, d.language, d.status, d.resident_id FROM deliveries d"
                " JOIN addresses a ON a.id = d.address_id"
                " WHERE d.broadcast_id = %(b)s AND a.value = ANY(%(values)s) ORDER BY 1",
                b=broadcast, values=list(VICTIM.values()),
            )  # fmt: skip
    kept = [
        await town.rows(query, r=victim)
        for query in (
            "SELECT group_id, alerts, news, state FROM subscriptions WHERE resident_id = %(r)s",
            "SELECT channel, value, state, version FROM addresses WHERE resident_id = %(r)s ORDER BY 1",
            "SELECT language, newcomer_until FROM residents WHERE id = %(r)s",
            "SELECT source, reference FROM consents WHERE resident_id = %(r)s",
        )
    ]
    return planned, kept, await town.rows("SELECT * FROM suppressions")


class Stranger:
    """Holds the words of the pages they opened, and what those have shown."""

    def __init__(self, town: Town, groups: Sequence[int]) -> None:
        self._town = town
        self._groups = groups
        self._words: list[str] = []
        self._shown: list[int] = []

    async def do(self, step: str, *more: Any) -> None:
        done: dict[str, Callable[..., Awaitable[None]]] = {
            "sign up": self._sign_up, "again": self._again, "change": self._change,
            "guess": self._guess, "text": self._text, "prove own": self._prove_own,
            "she presses": self._she_presses, "she texts": self._she_texts,
        }  # fmt: skip
        await done[step](*more)
        for place in range(len(self._words)):
            _, asked = await self._open(place)
            for row in asked:
                if row["purpose"] == Purpose.TEXT and row["code"] not in self._shown:
                    self._shown.append(row["code"])

    async def sees(self, resident: UUID) -> bool:
        """Whether any of their pages is this resident's."""
        words = self._words + [texting.word(self._town.keyring, code) for code in self._shown]
        found = [await visiting.find(self._town.db, word) for word in words]
        return resident in [session.resident for session in found if session]

    async def _sign_up(self, whom: str, ways: set[str], poor: bool) -> None:
        given = {
            "mail": [(Channel.EMAIL, VICTIM)], "phone": [(Channel.SMS, VICTIM)],
            "both": [(Channel.EMAIL, VICTIM), (Channel.SMS, VICTIM)],
            "hers and mine": [(Channel.EMAIL, VICTIM), (Channel.SMS, OWN)],
        }[whom]  # fmt: skip
        channels = [Channel(way) for way in sorted(ways)]
        budget = self._town.settings.model_copy(update={"sms_daily_budget": 0 if poor else 500})
        word = await signing_up.begin(
            self._town.db, self._town.keyring, settings=budget,
            wanted=SignUp(
                groups=self._groups, alerts=channels, news=channels, language="en",
                addresses=[JudgedAddress(channel, whose[channel]) for channel, whose in given],
                agreed=AGREED,
            ),
        )  # fmt: skip
        self._words.append(word)

    async def _open(self, place: int) -> tuple[UUID | None, list[Any]]:
        """One of the pages, with the addresses it asks for."""
        word = self._words[place % len(self._words)] if self._words else None
        session = await visiting.find(self._town.db, word)
        if session is None:
            return None, []
        return session.resident, await signing_up.asked(self._town.db, session.resident)

    async def _again(self, place: int) -> None:
        resident, asked = await self._open(place)
        for row in asked[:1]:
            assert resident
            await signing_up.again(
                self._town.db, settings=self._town.settings, resident=resident,
                address_id=row["id"],
            )  # fmt: skip

    async def _change(self, place: int, hers: bool) -> None:
        resident, asked = await self._open(place)
        for row in asked[:1]:
            assert resident
            channel = Channel(row["channel"])
            await signing_up.change(
                self._town.db, self._town.keyring, settings=self._town.settings,
                resident=resident, address_id=row["id"],
                address=JudgedAddress(channel, (VICTIM if hers else OWN)[channel]),
            )  # fmt: skip

    async def _guess(self, place: int, number: int) -> None:
        resident, asked = await self._open(place)
        for row in asked:
            assert resident
            if row["code"] and proving.digits(self._town.keyring, row["code"]) == f"{number:06}":
                continue  # luck is bounded elsewhere, by the tries of a code
            await signing_up.type_(
                self._town.db, self._town.keyring, settings=self._town.settings,
                resident=resident, address_id=row["id"], typed=f"{number:06}",
            )  # fmt: skip

    async def _text(self, place: int) -> None:
        """Text what a page has shown, from the stranger's own phone."""
        if not self._shown:
            return
        code = self._shown[place % len(self._shown)]
        async with self._town.db.transaction() as connection:
            await texting.texted(
                connection, self._town.keyring, OWN[Channel.SMS],
                texting.digits(self._town.keyring, code), settings=self._town.settings,
            )  # fmt: skip
        self._words.append(texting.word(self._town.keyring, code))

    async def _she_texts(self, place: int) -> None:
        """The stranger shows her a code and talks her into texting it, from her phone."""
        if not self._shown:
            return
        code = self._shown[place % len(self._shown)]
        async with self._town.db.transaction() as connection:
            await texting.texted(
                connection, self._town.keyring, VICTIM[Channel.SMS],
                texting.digits(self._town.keyring, code), settings=self._town.settings,
            )  # fmt: skip
        self._words.append(texting.word(self._town.keyring, code))

    async def _she_presses(self) -> None:
        """The resident opens the link of each mail that has come, in a browser of her own."""
        rows = await self._town.rows(
            "SELECT c.id FROM codes c JOIN addresses a ON a.id = c.address_id"
            " WHERE a.value = %(mail)s AND c.purpose = 'prove' ORDER BY c.id",
            mail=VICTIM[Channel.EMAIL],
        )
        for row in rows:
            with contextlib.suppress(NotHere):
                await signing_up.prove(
                    self._town.db,
                    self._town.keyring,
                    row["id"],
                    settings=self._town.settings,
                    here=None,
                )

    async def _prove_own(self) -> None:
        """Type, and open the link of, every code that came to the stranger's own addresses."""
        rows = await self._town.rows(
            "SELECT c.id FROM codes c JOIN addresses a ON a.id = c.address_id"
            " WHERE a.value = ANY(%(own)s) AND c.purpose = 'prove' ORDER BY c.id",
            own=list(OWN.values()),
        )
        for row in rows:
            try:
                _, word = await signing_up.prove(
                    self._town.db,
                    self._town.keyring,
                    row["id"],
                    settings=self._town.settings,
                    here=None,
                )
            except NotHere:
                continue
            if word:
                self._words.append(word)


async def test_the_same_would_show_if_the_resident_s_code_were_taken_for_granted(
    town: Town,
) -> None:
    """The property notices: a stranger whose sign-up is proven without the code changes things."""
    groups = [await town.group("town"), await town.group("other")]
    victim = await town.resident(groups[0], email=VICTIM[Channel.EMAIL], alerts=["email"])
    before = await _gets(town, victim)
    await Stranger(town, groups).do("sign up", "mail", {"email"}, False)
    (row,) = await town.rows("SELECT id FROM addresses WHERE state = 'asked'")
    async with town.db.transaction() as connection:
        (newcomer,) = await connection.rows(
            "SELECT resident_id FROM addresses WHERE id = %(id)s", id=row["id"]
        )
        await joining.prove(
            connection, town.keyring,
            proving.Proven(Purpose.PROVE, newcomer["resident_id"], row["id"]), settings=town.settings,
        )  # fmt: skip

    assert await _gets(town, victim) != before
