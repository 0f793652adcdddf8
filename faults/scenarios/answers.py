"""A town answers by SMS, and changes its mind, while all that takes it in is killed."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, LiteralString
from uuid import UUID

from faults.scenario import Scenario
from faults.scenarios import kills
from faults.stage import Stage
from faults.world import SENDER
from notify.services.voting import ballot_name
from rig.votes import BALLOTS, VOTERS
from sandbox.client import SandboxFailed

AT_ONCE = 16  # phones that text at the same moment
CHANGED = 0.5  # of all change their mind
LOST = 0.1  # of all first texts reach nobody until the provider's list is read
TICK = 1.2  # seconds between what is said first and then: the provider's list knows no parts of one
SHARES = (0.15, 0.35, 0.55, 0.8)
"""Of the texts, when something breaks."""

ASK: Mapping[str, Any] = {
    "questions": [
        {
            "shape": "single",
            "wordings": {
                "de": {"ask": "Wohin?", "options": ["Altstadt", "Neustadt", "Park"]},
                "en": {"ask": "Where?", "options": ["Old town", "New town", "Park"]},
            },
        }
    ]
}

TAKEN_IN: LiteralString = "SELECT count(*) AS n FROM inbound WHERE sender = ANY(%(phones)s)"

REPLYING: LiteralString = """
SELECT count(*) AS n FROM deliveries d JOIN notes n ON n.id = d.note_id WHERE n.kind = 'reply'
  AND (d.status IN ('pending', 'sending') OR (d.status = 'unknown' AND d.closed_at IS NULL))
"""

PULL: LiteralString = "UPDATE inbound_pulls SET due_at = now() WHERE due_at > now()"

HOLD: LiteralString = """
UPDATE inbound_pulls SET holder = gen_random_uuid(), held_until = now() + interval '1 hour'
"""

LET_GO: LiteralString = "UPDATE inbound_pulls SET holder = NULL, held_until = NULL"


class Phones:
    """They text in the background: `texts` are (phone, body) pairs. What is not taken although it was
    posted again and again is only in the provider's list."""

    def __init__(self, stage: Stage) -> None:
        self._box = stage.world.box
        self._hook = f"{stage.world.environment['NOTIFY_PUBLIC_URL']}/hooks/twilio/inbound"
        self.posted = 0
        self.failed = 0
        self._lock = threading.Lock()

    def listen(self, on: bool) -> None:
        self._box.settings(inbound_url=self._hook if on else None)

    def text(self, texts: Sequence[tuple[str, str]]) -> threading.Thread:
        thread = threading.Thread(target=self._text_all, args=(texts,))
        thread.start()
        return thread

    def _text_all(self, texts: Sequence[tuple[str, str]]) -> None:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(self._text, texts))

    def _text(self, text: tuple[str, str]) -> None:
        try:
            answer = self._box.inbound(sender=text[0], to=SENDER, body=text[1])["answer"]
        except (OSError, SandboxFailed):
            answer = {"status": 0}  # listed all the same
        with self._lock:
            self.posted += 1
            self.failed += answer is not None and answer["status"] != 200


def answer(stage: Stage) -> None:
    stage.people(channels=("sms",))
    for _ in range(2):
        stage.worker()
    poll = UUID(stage.send("poll", ask=ASK))
    stage.at_rest()
    stage.answers = True
    voters = stage.world.rows(VOTERS, id=poll)
    first = {row["phone"]: stage.dice.randint(1, 3) for row in voters}
    then = {
        phone: stage.dice.choice([n for n in (1, 2, 3) if n != first[phone]])
        for phone in stage.dice.sample(list(first), int(len(first) * CHANGED))
    }
    unheard = set(stage.dice.sample(list(then), int(len(first) * LOST)))
    phones = Phones(stage)
    phones.listen(True)
    heard = [(phone, f"{n}.") for phone, n in first.items() if phone not in unheard]
    _while(stage, phones, heard, SHARES[:2], (the_api, kills.a_worker))
    phones.listen(False)
    # A worker that starts reads the list: perhaps before their writers have changed their mind.
    stage.world.change(HOLD)
    phones.text([(phone, str(first[phone])) for phone in unheard]).join()
    phones.listen(True)
    time.sleep(TICK)
    changed = [(phone, f"Nr. {n}") for phone, n in then.items()]
    _while(stage, phones, changed, SHARES[2:], (kills.postgres, the_api))
    stage.mended()
    stage.world.change(LET_GO)
    _taken_in(stage, list(first), len(first) + len(then))
    _judge(stage, poll, {**first, **then})
    # Else what was taken from a worker that died would turn up in the books of the next scenario.
    stage.until(lambda: stage.world.rows(REPLYING)[0]["n"] == 0)
    phones.listen(False)
    stage.figures |= {"texts": phones.posted, "not_taken_at_first": phones.failed + len(unheard)}


def the_api(stage: Stage) -> None:
    assert stage.api is not None  # noqa: S101 - opened with the stage
    stage.kill(stage.api)


def _while(
    stage: Stage,
    phones: Phones,
    texts: Sequence[tuple[str, str]],
    shares: Sequence[float],
    breaks: Sequence[Callable[[Stage], None]],
) -> None:
    """Let them text, and break these at so many of them; until all have texted."""
    before = phones.posted
    texting = phones.text(texts)
    for share, do in zip(shares, breaks, strict=True):
        least = before + share * len(texts)
        stage.until(lambda: phones.posted >= least)  # noqa: B023 - used here
        do(stage)
    stage.until(lambda: not texting.is_alive())


def _taken_in(stage: Stage, phones: Sequence[str], count: int) -> None:
    """Wait until every text is here: what no hook brought is read in the provider's list."""

    def look() -> bool:
        stage.world.change(PULL)
        return bool(stage.world.rows(TAKEN_IN, phones=list(phones))[0]["n"] >= count)

    stage.until(look)


def _judge(stage: Stage, poll: UUID, meant: Mapping[str, int]) -> None:
    """One vote a resident, and the last: by the key, as long as the poll is open."""
    voters = stage.world.rows(VOTERS, id=poll)
    counted = {row["name"]: row["choices"] for row in stage.world.rows(BALLOTS, id=poll)}
    wanted = {ballot_name(row["key"], row["resident_id"]): [meant[row["phone"]]] for row in voters}
    lost = len(wanted.keys() - counted.keys())
    doubled = len(counted.keys() - wanted.keys())
    wrong = sum(counted.get(name, choices) != choices for name, choices in wanted.items())
    stage.figures |= {"votes": len(counted), "votes_lost": lost, "votes_doubled": doubled}
    stage.figures["votes_wrong"] = wrong
    stage.expect(f"no vote is lost ({lost})", not lost)
    stage.expect(f"no vote is doubled ({doubled})", not doubled)
    stage.expect(f"the last answer counts ({wrong} otherwise)", not wrong)
    stage.expect("who has answered is marked", all(row["answered"] == [1] for row in voters))


SCENARIOS = [
    Scenario("answers while all is killed", answer, short=200, long=10_000, breaks=("order",)),
]
