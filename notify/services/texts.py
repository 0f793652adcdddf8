"""A text from a resident: what it takes to do what it asks for, who texts, what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from channels.inbound import Inbound
from notify.domain.groups import Group
from notify.domain.inbound import Command, Word
from notify.domain.keyring import Keyring
from notify.domain.replying import Say
from notify.rendering.languages import choose, negotiate
from notify.services.groups import identity
from notify.settings import Settings
from notify.store import phones
from notify.store.database import Connection
from notify.store.phones import Followed, Phone


@dataclass(frozen=True, slots=True)
class Means:
    """What it takes to do what texts ask for."""

    settings: Settings
    keyring: Keyring


@dataclass(frozen=True, slots=True)
class Asked:
    """One text, what it asks for, and who texted. `sender` is who speaks to a resident: the town of
    what they follow, where that is not the installation's own."""

    message: Inbound
    command: Command | None
    phone: Phone | None
    language: str
    sender: str | None = None

    @property
    def word(self) -> Word | None:
        return self.command.word if self.command else None

    @property
    def rest(self) -> str:
        return self.command.rest if self.command else ""

    @property
    def known(self) -> Phone | None:
        """The resident whose number it is, if it is proven to be."""
        return self.phone if self.phone and self.phone.proven else None


@dataclass(frozen=True, slots=True)
class Done:
    """What became of it. `handled`: no person need read the text any more. `puts`: the voter to whom
    it puts a question, and its number; it is put when it goes out."""

    say: Say
    data: Mapping[str, Any] = field(default_factory=dict)
    language: str | None = None  # of the answer, where it is not the sender's
    handled: bool = True
    puts: tuple[int, int] | None = None


async def ask(
    connection: Connection, means: Means, message: Inbound, command: Command | None
) -> Asked:
    """Find out who texts, and in which language to answer: a resident's own, else that of the
    word, else that of an earlier text, else the town's first."""
    phone = await phones.find(connection, message.sender)
    sender = None
    if phone is not None and phone.proven:
        first = next(iter(await phones.followed(connection, phone.resident)), None)
        if first is not None:
            who = await identity(connection, [first.group.id], settings=means.settings)
            sender = who.sender_name
    return Asked(message, command, phone, _language(means, phone, command), sender)


async def followed(connection: Connection, asked: Asked) -> Sequence[Followed]:
    """What whoever texts follows; nothing where the number is not proven."""
    return await phones.followed(connection, asked.known.resident) if asked.known else []


async def about(
    connection: Connection, means: Means, asked: Asked, group: Group
) -> Mapping[str, Any]:
    """A group as an answer names it, and who speaks for it."""
    who = await identity(connection, [group.id], settings=means.settings)
    return {
        "sender": who.sender_name,
        "group": _name(means, asked, group),
        "slug": group.slug,
    }


def called(means: Means, asked: Asked, which: Sequence[Group]) -> Sequence[str]:
    """Groups as an answer names them."""
    return [_name(means, asked, group) for group in which]


def names(means: Means, asked: Asked, which: Sequence[Followed]) -> Mapping[str, Any]:
    """Groups as an answer lists them."""
    return {
        "groups": [_name(means, asked, one.group) for one in which if not one.requested],
        "requested": [_name(means, asked, one.group) for one in which if one.requested],
    }


def _name(means: Means, asked: Asked, group: Group) -> str:
    return choose(group.names, asked.language, default=means.settings.default_language)[1]


def _language(means: Means, phone: Phone | None, command: Command | None) -> str:
    if phone and phone.proven:
        return phone.language
    wishes = [
        command.language if command else None,
        phone.language if phone and phone.asked else None,
    ]
    return negotiate(
        [wish for wish in wishes if wish], offered=means.settings.languages,
        default=means.settings.default_language,
    )  # fmt: skip
