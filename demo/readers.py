"""Simulated residents who answer by the link in their mail, as a browser does. Each has a meaning."""

import random
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from demo.service import DemoFailed
from demo.town import GOOD, Person
from demo.voices import SPEED, SURVEY
from sandbox.client import Sandbox

MOST = 80
"""So many open their mail; of a large town the others do not."""
AT_ONCE = 8
_LINK = re.compile(r"http://\S+/answer/[^\s>]+")

Sheet = Mapping[int, Collection[int]]
"""What is chosen on a page, by question."""


@dataclass(slots=True)
class Reader:
    """Somebody with the links of both polls. `sent` are the pages they send, one after the other; what
    opens all links before them, as a scanner does, sends none."""

    links: Mapping[str, str]
    sent: list[tuple[str, Sheet]] = field(default_factory=list)
    means: dict[tuple[str, int], frozenset[int]] = field(default_factory=dict)

    def send(self, poll: str, sheet: Sheet) -> None:
        self.sent.append((poll, sheet))
        self.means |= {(poll, number): frozenset(chosen) for number, chosen in sheet.items()}


def readers(
    sandbox: Sandbox, people: Sequence[Person], leads: Mapping[str, Collection[str]], *, seed: int
) -> list[Reader]:
    """Those who have a mail address that works and no phone. `leads` are the titles of each poll."""
    wanted = {
        person.email for person in people
        if person.email and not person.phone and not person.browsers
        and person.email.rpartition("@")[2] in GOOD
    }  # fmt: skip
    links: dict[str, dict[str, str]] = {}
    for mail in sandbox.each("email"):
        found = _LINK.search(mail["text"])
        for name, titles in leads.items():
            if mail["to"] in wanted and found and any(one in mail["subject"] for one in titles):
                links.setdefault(mail["to"], {})[name] = found[0]
    both = [links[to] for to in sorted(links) if set(links[to]) == set(leads)][:MOST]
    return [_reader(number, mine, seed) for number, mine in enumerate(both)]


def _reader(number: int, links: Mapping[str, str], seed: int) -> Reader:
    dice = random.Random(f"{seed}/mail/{number}")
    reader = Reader(links)
    if number % 4 == 0:  # opened by a scanner alone
        return reader
    for _ in range(2 if number % 4 == 1 else 1):  # the first of them change their mind
        days = dice.sample((1, 2, 3), dice.randint(1, 3))
        survey = {1: [dice.randint(1, 3)], 2: days, 3: [dice.randint(1, 5)]}
        reader.send(SURVEY, survey)
    if number % 4 != 3:
        reader.send(SPEED, {1: [dice.randint(1, 2)]})
    return reader


def answer_all(every: Sequence[Reader]) -> int:
    """Open every link, then send what is chosen; how many pages. Raises DemoFailed where one was not
    taken."""

    def one(reader: Reader) -> int:
        for link in reader.links.values():
            _ask(link, None)
        for poll, sheet in reader.sent:
            pairs = [(f"q{number}", str(n)) for number, chosen in sheet.items() for n in chosen]
            _ask(reader.links[poll], urllib.parse.urlencode(pairs).encode())
        return len(reader.sent)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return sum(pool.map(one, every))


def _ask(link: str, body: bytes | None) -> None:
    parts = urllib.parse.urlsplit(link)
    request = urllib.request.Request(  # noqa: S310 - our own URL
        link, data=body, headers={"Origin": f"{parts.scheme}://{parts.netloc}"}
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as answer:
            answer.read()
    except urllib.error.HTTPError as problem:
        with problem:
            raise DemoFailed(f"a page was answered with {problem.code}") from None
