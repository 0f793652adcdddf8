"""Holds the sandbox's own books against the database: by recipient and by content."""

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from demo.ledger import CHANNELS, Account
from sandbox.client import Sandbox

_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Said:
    """What a reader must find in a message, and what must not be in it."""

    words: tuple[str, ...]
    foreign: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """One message in the books. `mark` names the attempt it was handed over in, as the service
    wrote it; where two have the same `sameness`, the receiver shows them as one."""

    channel: str
    address: str
    content: str
    at: float = 0.0
    mark: str = ""
    sameness: str = ""


class Difference(Exception):
    """The books and the database disagree; says in what, without naming anybody."""


def compare(sandbox: Sandbox, accounts: Mapping[str, Account], texts: Mapping[str, Any]) -> None:
    """Raises Difference unless, for each broadcast (by name), exactly the deliveries that the
    database calls handed over are in the books, each once, each with its own words."""
    by_name: dict[str, Counter[tuple[str, str, str]]] = {name: Counter() for name in accounts}
    for message, (name, language) in recognised(sandbox, texts):
        by_name[name][message.channel, message.address, language] += 1
    for name, account in accounts.items():
        believed = Counter(
            (d.channel, d.address, d.language) for d in account.deliveries if d.handed_over_at
        )
        _agree(name, believed, by_name[name])


def recognised(
    sandbox: Sandbox,
    texts: Mapping[str, Any],
    *,
    but: Collection[str] = (),
    leave_out: Callable[[Message], bool] = lambda _: False,
) -> Iterator[tuple[Message, tuple[str, str]]]:
    """Every message in the books, with the name of the broadcast and the language it is in;
    not those to the addresses of `but`, nor those that `leave_out` knows.

    Raises Difference at one that is none of these texts, or more than one of them.
    """
    written = [
        (name, language, channel, _said(texts, name, language, channel))
        for name in texts
        for language in texts[name]
        for channel in CHANNELS
    ]
    for message in _books(sandbox):
        if message.address in but or leave_out(message):
            continue
        found = [
            (name, language)
            for name, language, channel, said in written
            if channel == message.channel and _carries(message, said)
        ]
        if len(found) != 1:
            raise Difference(f"a message in the {message.channel} book is not what was written")
        yield message, found[0]


def _agree(
    name: str, believed: Counter[tuple[str, str, str]], booked: Counter[tuple[str, str, str]]
) -> None:
    for channel in CHANNELS:
        lost = sum(n for key, n in (believed - booked).items() if key[0] == channel)
        doubled = sum(n for key, n in (booked - believed).items() if key[0] == channel)
        if lost or doubled:
            raise Difference(
                f"{name} by {channel}: {lost} that the database calls handed over are not in the "
                f"books, {doubled} in the books are too many"
            )


def _said(texts: Mapping[str, Any], name: str, language: str, channel: str) -> Said:
    text = texts[name][language]
    if channel == "sms":
        words = (text["sms"],) if "sms" in text else (text["title"], text["body"])
    elif channel == "push":
        words = (text["title"],)
    else:
        words = (text["title"], *_plain(text["body"]))
    other = [one for key, one in texts[name].items() if key != language]
    foreign = tuple(
        one["sms"] if channel == "sms" and "sms" in one else one["title"] for one in other
    )
    return Said(words, foreign)


def _plain(markdown: str) -> list[str]:
    """The lines of a text without their marks, as a reader sees them."""
    lines = (line.removeprefix("- ").replace("**", "") for line in markdown.split("\n"))
    return [line for line in lines if line]


def _carries(message: Message, said: Said) -> bool:
    return all(_flat(word) in message.content for word in said.words) and not any(
        _flat(word) in message.content for word in said.foreign
    )


def _flat(text: str) -> str:
    return _SPACE.sub(" ", text).strip()


def _books(sandbox: Sandbox) -> Iterator[Message]:
    for mail in sandbox.each("email"):
        yield Message(
            "email", mail["to"], _flat(f"{mail['subject']} {mail['text']}"), mail["at"],
            mark=mail["envelope_from"].partition("+")[2].partition("@")[0],
            sameness=mail["message_id"],
        )  # fmt: skip
    for text in sandbox.each("sms"):
        yield Message(
            "sms", text["to"], _flat(text["body"]), text["at"],
            mark=(text["status_callback"] or "").rpartition("=")[2], sameness=text["sid"],
        )  # fmt: skip
    for shown in sandbox.each("push"):
        payload = shown["payload"]
        said = payload if isinstance(payload, dict) else json.loads(payload)
        yield Message(
            "push", shown["endpoint"], _flat(f"{said['title']} {said['body']}"), shown["at"],
            mark=said["beacon"].rpartition("/")[2], sameness=shown["topic"] or shown["id"],
        )  # fmt: skip
