"""The two polls of the demo: their forms, the phones that answer, and what comes of both."""

import asyncio
import re
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString, TypeVar
from uuid import UUID

import psycopg

from demo import words
from demo.service import DemoFailed
from demo.voices import SPEED, SURVEY, Meaning, Text, Voice, voice
from notify.services import closing_polls
from notify.store.database import Database
from sandbox.client import Sandbox

T = TypeVar("T")

TEXTS = {SURVEY: words.SURVEY, SPEED: words.SPEED}
ASKS = {SURVEY: words.SURVEY_ASKS, SPEED: words.SPEED_ASKS}

MOST_PHONES = 300
"""So many answer; of a large town the others are asked and stay silent."""
AT_ONCE = 16  # phones that text at the same moment
TAKEN = 200
PATIENCE = 60.0  # seconds for what is said to them to reach the phones
CODE = re.compile(r"\b([A-Z]\d{1,2}): ")
RECEIPTS = ("Beleg: ", "Receipt: ")

WAITING: LiteralString = (
    "SELECT count(*) FROM deliveries WHERE lane = 'note' AND status IN ('pending', 'sending')"
)

TAMPER: LiteralString = """
UPDATE ballots SET choices = CASE WHEN choices = '{1}' THEN '{2}'::smallint[] ELSE '{1}' END
WHERE (broadcast_id, question, name) IN (
  SELECT broadcast_id, question, name FROM ballots WHERE question = 1 LIMIT 1)
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the service counted of one poll, and what was meant: people who took part, and how often
    each option was chosen, by number of question and option."""

    asked: int
    answered: int
    meant_to: int
    counted: Mapping[tuple[int, int], int]
    meant: Mapping[tuple[int, int], int]

    @property
    def agrees(self) -> bool:
        return self.answered == self.meant_to and self.counted == self.meant


def body(name: str) -> dict[str, Any]:
    """What a program posts to ask."""
    until = datetime.now(UTC) + timedelta(hours=6)
    return {
        "kind": "poll", "groups": ["musterstadt"], "texts": TEXTS[name], "ask": ASKS[name],
        "valid_until": until.isoformat(),
    }  # fmt: skip


def give_voices(sandbox: Sandbox, *, seed: int) -> dict[tuple[str, str], Voice]:
    """Phones that show both polls, each with the number that they came from, and what it texts. They
    read the codes on their screens."""
    shown: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for text in sandbox.each("sms"):
        code = CODE.search(text["body"])
        for name, said in TEXTS.items():
            if code and text["status"] == "delivered" and any(
                one["sms"] in text["body"] for one in said.values()
            ):  # fmt: skip
                shown[text["to"], text["from"]][name] = code[1]
    phones = sorted(phone for phone, codes in shown.items() if set(codes) == set(TEXTS))
    return {
        phone: voice(number, codes=shown[phone], seed=seed)
        for number, phone in enumerate(phones[:MOST_PHONES])
    }


def close(database_url: str, ids: Mapping[str, str]) -> None:
    """Close them, as `notify poll close` does, without a process for each."""

    async def close_all(db: Database) -> None:
        for id_ in ids.values():
            await closing_polls.close(db, UUID(id_))

    _with(database_url, close_all)


def _with(database_url: str, work: Callable[[Database], Awaitable[T]]) -> T:
    async def run() -> T:
        db = Database(database_url, size=1)
        await db.open()
        try:
            return await work(db)
        finally:
            await db.close()

    return asyncio.run(run())


def text_all(sandbox: Sandbox, texts: Mapping[tuple[str, str], Iterable[Text]]) -> int:
    """Many phones at once, each one text after the other; how many were posted. Raises DemoFailed
    where the service did not take one."""

    def one(phone: tuple[str, str]) -> int:
        posted = 0
        for text in texts[phone]:
            said = sandbox.inbound(
                sender=phone[0], to=phone[1], body=text.body, times=text.times
            )["answer"]  # fmt: skip
            if said is None or said["status"] != TAKEN:
                raise DemoFailed(f"a text was not taken: {said and said['status']}")
            posted += text.times
        return posted

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return sum(pool.map(one, texts))


def tamper(database_url: str) -> None:
    """Change one ballot behind the service's back."""
    with psycopg.connect(database_url) as connection:
        connection.execute(TAMPER)


def settled(database_url: str) -> None:
    """Wait until all that is to be said to the phones is handed over. Raises DemoFailed."""
    deadline = time.monotonic() + PATIENCE
    with psycopg.connect(database_url, autocommit=True) as connection:
        while time.monotonic() < deadline:
            row = connection.execute(WAITING).fetchone()
            if row == (0,):
                return
            time.sleep(0.1)
    raise DemoFailed("not every answer to a text left in time")


def without_receipt(sandbox: Sandbox, voices: Mapping[tuple[str, str], Voice]) -> int:
    """How many phones answered all of a poll, and were not told that it counts."""
    told = {
        text["to"] for text in sandbox.each("sms") if any(word in text["body"] for word in RECEIPTS)
    }
    return sum(
        said.finished and not said.ends and phone not in told
        for (phone, _), said in voices.items()
    )  # fmt: skip


def outcome(name: str, result: Mapping[str, Any], meanings: Iterable[Meaning]) -> Outcome:
    """Hold the service's result of a poll against what everybody meant."""
    meant: Counter[tuple[int, int]] = Counter()
    meant_to = 0
    for meaning in meanings:
        mine = {number: chosen for (poll, number), chosen in meaning.items() if poll == name}
        meant_to += bool(mine)
        meant.update((number, option) for number, chosen in mine.items() for option in chosen)
    counted = {
        (question["number"], choice["number"]): choice["n"]
        for question in result["questions"] for choice in question["choices"]
    }  # fmt: skip
    every = {key: meant[key] for key in counted} | dict(meant)
    return Outcome(result["asked"], result["answered"], meant_to, counted, every)
