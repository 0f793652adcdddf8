"""What staff are told by note: what waits for them, and where they decide about it.

Who decides signs in first: nothing in a note does anything by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from notify.domain.broadcast import Identity
from notify.domain.words import Kind, NoteKind, Relation, Severity
from notify.rendering import labels
from notify.rendering.languages import Words, choose
from notify.rendering.lines import cut, one_line
from notify.rendering.messages import PUSH_TITLE, Letter, Renderer
from notify.rendering.notices import Notice
from notify.rendering.sms_text import SmsText, plain_sms
from notify.rendering.spans import span

_LONGEST_NAME: Final = 30  # characters of the town's name, so that the SMS stays short
_LONGEST_TITLE: Final = 70
_LONGEST_GROUPS: Final = 60


@dataclass(frozen=True, slots=True)
class Said:
    """One note in words: `head` is its subject, `todo` what whoever reads it does now."""

    head: str
    lead: str
    todo: str
    title: str
    about: str
    groups: str
    reason: str


def say(words: Words, kind: NoteKind, data: Mapping[str, Any], *, default: str) -> Said:
    """`data` is that of the note, `default` the town's language."""
    language = words.language
    title = one_line(choose(data["titles"], language, default=default)[1])
    named = [choose(one, language, default=default)[1] for one in data["groups"]]
    relation = data.get("relation")  # notes of an earlier version have none
    about = labels.relation(words, relation) or labels.kind(words, Kind(data["kind"]))
    if data["severity"] and relation != Relation.ALL_CLEAR:
        about = f"{about}, {labels.severity(words, Severity(data['severity']))}"
    head, lead, todo = _sentences(words, kind, data)
    if data.get("drill"):
        head, about = (f"{labels.exercise(words)}: {text}" for text in (head, about))
    at = words.moment(datetime.fromisoformat(data["at"])) if data.get("at") else ""
    blanks = {"at": at, "title": title, "name": one_line(data.get("by", "")),
              "over": labels.relation(words, data.get("over")) or ""}  # fmt: skip
    return Said(
        head=head % blanks, lead=lead % blanks, todo=todo % blanks, title=title, about=about,
        groups=", ".join(one_line(name) for name in named), reason=data.get("reason", ""),
    )  # fmt: skip


def letter(
    renderer: Renderer, *, language: str, identity: Identity, said: Said, url: str
) -> Letter:
    """`url` is where it is decided."""
    return renderer.note(
        "staff", language=language, identity=identity, subject=said.head, said=said, url=url
    )


def sms(*, identity: Identity, said: Said, url: str) -> SmsText:
    sender = cut(one_line(identity.sender_name), size=_LONGEST_NAME)
    head = cut(said.head, size=_LONGEST_TITLE)
    return plain_sms(f"{sender}: {head} ({cut(said.groups, size=_LONGEST_GROUPS)})\n{url}")


def push(
    words: Words, *, identity: Identity, said: Said, url: str, broadcast: str, number: int
) -> Notice:
    """`number` rises from note to note: of one broadcast the latest is shown."""
    return Notice(
        title=cut(said.head, size=PUSH_TITLE),
        body=f"{said.about}\n{said.groups}\n{one_line(identity.sender_name)}",
        url=url,
        tag=f"staff-{broadcast}",
        seq=number,
        lang=words.language,
        kind="staff",
        severity=None,
    )


def _sentences(words: Words, kind: NoteKind, data: Mapping[str, Any]) -> tuple[str, str, str]:
    """Head, lead and what to do."""
    if kind is NoteKind.BROKE_GLASS and data.get("drill"):
        return (
            words.gettext("%(name)s practises warning alone: %(title)s"),
            words.gettext(
                "This is an exercise: %(name)s practises warning alone. Nothing has happened."
            ),
            words.gettext("You need not do anything. It goes to groups for drills only."),
        )
    if kind is NoteKind.BROKE_GLASS:
        return (
            words.gettext("%(name)s sent this alone: %(title)s"),
            words.gettext("%(name)s sent this alone, without approval. It goes out %(at)s.")
            if data.get("at")
            else words.gettext("%(name)s sent this alone, without approval. It is on its way."),
            words.gettext(
                "Read it now. If it is wrong, have it recalled or corrected at once. Afterwards "
                "somebody other than %(name)s has to review it."
            ),
        )
    if kind is NoteKind.RETURNED:
        return (
            words.gettext("Returned to you: %(title)s"),
            words.gettext("%(name)s returned what you wrote. It is not sent."),
            words.gettext("Change it and submit it again."),
        )
    if kind is NoteKind.OVERTAKEN:
        return (
            words.gettext("Overtaken, not sent: %(title)s"),
            words.gettext(
                "Before its time came, something later was sent in its thread: %(over)s. What you "
                "wrote is not sent."
            ),
            words.gettext("Read both. Where yours still matters, write it anew from its page."),
        )
    return _of_waiting(words, data)


def _of_waiting(words: Words, data: Mapping[str, Any]) -> tuple[str, str, str]:
    """The same of what waits for approval."""
    if data["nobody"]:
        return (
            words.gettext("Nobody can approve this: %(title)s"),
            words.gettext(
                "This waits for approval, and nobody may approve it for all of its groups."
            ),
            words.gettext("Give somebody who did not write it the grant of an approver there."),
        )
    todo = words.gettext(
        "Sign in, read it, then approve or return it. Opening the link alone sends nothing."
    )
    if data["again"]:
        waited = span(words, 60 * data.get("minutes", 10))
        lead = words.gettext("This has waited for approval for %(span)s.") % {"span": waited}
        if data.get("above"):
            todo = words.gettext(
                "Those who may approve it were told and have not decided. Call them, or give somebody "
                "who did not write it the grant of an approver there."
            )
        return words.gettext("Still not approved: %(title)s"), lead, todo
    return (
        words.gettext("Please approve: %(title)s"),
        words.gettext("This waits for your approval. It is not sent before."),
        todo,
    )
