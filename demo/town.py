"""Makes up a town: groups, residents with mixed languages and channels, some addresses bad."""

import csv
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GROUPS: Sequence[tuple[str, str, str | None]] = (
    ("musterstadt", "Musterstadt", None),
    ("nord", "Ortsteil Nord", "musterstadt"),
    ("sued", "Ortsteil Süd", "musterstadt"),
    ("altstadt", "Altstadt", "musterstadt"),
    ("kita-sonnenschein", "Kita Sonnenschein", "sued"),
    ("freiwillige-feuerwehr", "Freiwillige Feuerwehr", "nord"),
)

LANGUAGES = ("de", "de", "de", "en", "tr")
"""Turkish has no text here: its readers get the German one."""

NOBODY = "gibt-es-nicht.example"  # refused at RCPT: no such user
FULL = "volles-postfach.example"  # mailbox full, for good
RETURNED = "kommt-zurueck.example"  # taken, then a bounce
GOOD = ("post.example", "mail.example", "musterstadt.example")

DEAD_PHONES = "+491519000"  # taken, then undelivered: unknown subscriber
OPTED_OUT = "+491518000"  # refused: texted STOP to the provider
OFF_PHONES = "+491517000"  # taken, then undelivered: switched off

RULES: Sequence[dict[str, Any]] = (
    {"channel": "email", "address": f"*@{NOBODY}", "do": "refuse", "at": "rcpt", "code": 550,
     "text": "5.1.1 no such user"},
    {"channel": "email", "address": f"*@{FULL}", "do": "refuse", "at": "rcpt", "code": 552,
     "text": "5.2.2 mailbox full"},
    {"channel": "email", "address": f"*@{RETURNED}", "do": "bounce", "kind": "hard",
     "text": "5.1.1"},
    {"channel": "sms", "address": f"{DEAD_PHONES}*", "do": "undelivered", "code": 30005},
    {"channel": "sms", "address": f"{OFF_PHONES}*", "do": "undelivered", "code": 30003},
    {"channel": "sms", "address": f"{OPTED_OUT}*", "do": "refuse", "code": 21610, "status": 400},
    {"channel": "sms", "share": 0.05, "do": "callbacks", "how": "twice"},
    {"channel": "sms", "share": 0.1, "do": "callbacks", "how": "out_of_order"},
    {"channel": "push", "share": 0.05, "do": "beacon", "how": "twice"},
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """One resident to be. `browsers` counts push subscriptions, `gone` tells that hers ended.
    `channels` is what she ticked on paper; empty: whatever she has an address for."""

    name: str
    language: str
    email: str | None
    phone: str | None
    browsers: int
    groups: tuple[str, ...]
    gone: bool = False
    channels: str = ""


def make_up(count: int, *, seed: int) -> list[Person]:
    """The same people every time for the same seed."""
    dice = random.Random(seed)
    return [_person(number, dice) for number in range(count)]


def _person(number: int, dice: random.Random) -> Person:
    has_mail = dice.random() < 0.75
    has_phone = dice.random() < 0.6 or not has_mail
    has_push = dice.random() < 0.2
    groups = tuple(dict.fromkeys(dice.choices([slug for slug, _, _ in GROUPS], k=2)))
    return Person(
        name=f"Einwohnerin {number}",
        language=dice.choice(LANGUAGES),
        email=f"e{number}@{_domain(dice)}" if has_mail else None,
        phone=_phone(number, dice) if has_phone else None,
        browsers=dice.choice((1, 1, 2)) if has_push else 0,
        groups=groups,
        gone=dice.random() < 0.05,
        channels="email sms" if dice.random() < 0.03 else "",
    )


def _domain(dice: random.Random) -> str:
    draw = dice.random()
    for share, domain in ((0.01, NOBODY), (0.015, FULL), (0.025, RETURNED)):
        if draw < share:
            return domain
    return dice.choice(GOOD)


def _phone(number: int, dice: random.Random) -> str:
    draw = dice.random()
    for share, prefix in ((0.01, DEAD_PHONES), (0.02, OFF_PHONES), (0.03, OPTED_OUT)):
        if draw < share:
            return f"{prefix}{number:04}"
    return f"+4915112{number:06}"


def write_csv(path: Path, people: Sequence[Person]) -> int:
    """The list as a town hall would export it, with a few rows that cannot be right; returns
    how many of those there are."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        sheet = csv.writer(file, delimiter=";")
        sheet.writerow(["name", "language", "email", "phone", "groups", "channels"])
        for person in people:
            phone = person.phone and f"0{person.phone[3:6]} {person.phone[6:]}"
            sheet.writerow(
                [person.name, person.language, person.email or "", phone or "",
                 ";".join(person.groups), person.channels]
            )  # fmt: skip
        sheet.writerow(["Ohne Adresse", "de", "", "", "nord", ""])
        sheet.writerow(["Falsche Adresse", "de", "kein at-zeichen", "", "nord", ""])
        sheet.writerow(["Falsche Gruppe", "de", "x@post.example", "", "mittelerde", ""])
    return 3
