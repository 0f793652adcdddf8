"""The demo goes on: the town is asked, answers, and what is counted is held against what it meant."""

import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from demo import poll, report
from demo import readers as web
from demo.poll import Outcome
from demo.service import Service
from demo.town import Person
from demo.voices import SURVEY
from sandbox.client import Sandbox

GROUP = "musterstadt"
SETTLE = 1.0  # seconds without a change, once all questions are handed over


def ask(service: Service, console: Console, *, patience: float) -> dict[str, str]:
    """Put both polls to the town, one after the other; their ids by name."""
    ids: dict[str, str] = {}
    for name in poll.TEXTS:
        made = service.post(
            "/api/v1/broadcasts", poll.body(name), Idempotency_Key=secrets.token_hex(8)
        )
        ids[name] = str(made["id"])
        report.watch(
            lambda: service.get(f"/api/v1/broadcasts/{ids[name]}"),  # noqa: B023 - used here
            title=name, console=console, patience=patience, quiet=SETTLE,
        )  # fmt: skip
    return ids


def answer(
    service: Service,
    sandbox: Sandbox,
    ids: Mapping[str, str],
    *,
    people: Sequence[Person],
    database_url: str,
    seed: int,
    tampered: bool,
    console: Console,
) -> dict[str, Any]:
    """Let everybody answer, close, let those who are late answer, and compare. `difference` says in
    words where the count is not what was meant."""
    began = time.monotonic()
    sandbox.settings(inbound_url=service.url + "/hooks/twilio/inbound")
    voices = poll.give_voices(sandbox, seed=seed)
    titles = {name: [one["title"] for one in said.values()] for name, said in poll.TEXTS.items()}
    readers = web.readers(sandbox, people, titles, seed=seed)
    with console.status(f"{len(voices)} phones and {len(readers)} readers of mails answer …"):
        pages = web.answer_all(readers)
        posted = poll.text_all(sandbox, {phone: one.texts for phone, one in voices.items()})
        poll.settled(database_url)
        if tampered:
            poll.tamper(database_url)
        poll.close(database_url, ids)
        posted += poll.text_all(sandbox, {phone: one.late for phone, one in voices.items()})
        poll.settled(database_url)
    outcomes = {
        name: poll.outcome(
            name, service.get(f"/api/v1/broadcasts/{id_}/results"),
            [*(one.means for one in voices.values()), *(one.means for one in readers)],
        )
        for name, id_ in ids.items()
    }  # fmt: skip
    for name, one in outcomes.items():
        report.show_poll(console, name, poll.ASKS[name], one)
    difference = _difference(outcomes, people, poll.without_receipt(sandbox, voices))
    report.say_of_polls(
        console, difference, texts=posted, pages=pages, seconds=time.monotonic() - began
    )
    survey = outcomes[SURVEY]
    return {
        "asked": survey.asked,
        "answered": survey.answered,
        "agrees": difference is None,
        "texts": posted,
        "pages": pages,
        "polls": {
            name: {"asked": one.asked, "answered": one.answered} for name, one in outcomes.items()
        },
        "difference": difference,
    }


def _difference(
    outcomes: Mapping[str, Outcome], people: Sequence[Person], without_receipt: int
) -> str | None:
    followers = sum(GROUP in person.groups for person in people)
    for name, one in outcomes.items():
        if one.asked != followers:
            return f"{name}: {one.asked} were asked, {followers} follow the group"
        if one.answered != one.meant_to:
            return f"{name}: {one.answered} are counted, {one.meant_to} answered"
        if not one.agrees:
            wrong = sum(one.counted.get(key) != n for key, n in one.meant.items())
            return f"{name}: {wrong} options are counted otherwise than they were meant"
    if without_receipt:
        return f"{without_receipt} phones have no receipt"
    return None
