"""Measures what the SMS of a broadcast takes, before anything is kept."""

from notify.domain.broadcast import Broadcast
from notify.domain.replying import Say
from notify.domain.submission import MOST_SEGMENTS
from notify.domain.words import Kind
from notify.errors import Invalid
from notify.rendering import questions, replies
from notify.rendering.messages import Renderer
from notify.services import texting
from notify.services.groups import identity
from notify.settings import Settings
from notify.store.database import Connection

_LONGEST_CODE = "M88"
"""Of a poll, where several are open; the widest that there is."""


async def check(
    connection: Connection, draft: Broadcast, *, settings: Settings
) -> tuple[dict[str, int], dict[str, list[tuple[str, str]]]]:
    """Parts by language, and which characters an SMS will carry instead of the author's. Raises
    Invalid where it takes too many, and where it asks and nobody could answer."""
    if draft.ask is not None and not texting.can_receive(settings):
        raise Invalid(
            "No sender for SMS can receive an answer: each is a name. Set one in TWILIO_SENDERS "
            "that is a number or a messaging service.",
            field="ask",
        )
    who = await identity(connection, list(draft.group_ids), settings=settings)
    renderer = Renderer(settings)
    segments: dict[str, int] = {}
    replaced: dict[str, list[tuple[str, str]]] = {}
    for language in draft.texts:
        text = renderer.sms(draft, language=language, identity=who)
        segments[language] = text.segments
        if text.replaced:
            replaced[language] = list(text.replaced)
        if text.segments > MOST_SEGMENTS and draft.ask is not None and draft.kind is Kind.POLL:
            raise Invalid(
                f"The SMS in {language!r} would take {text.segments} parts, more than "
                f"{MOST_SEGMENTS}. Shorten the title, the first question, or its options.",
                field=f"ask.questions.0.wordings.{language}.ask",
            )
        if text.segments > MOST_SEGMENTS:
            raise Invalid(
                f"The SMS in {language!r} would take {text.segments} parts, more than "
                f"{MOST_SEGMENTS}. Write a shorter text for SMS under texts.{language}.sms.",
                field=f"texts.{language}.sms",
            )
        _check_questions(draft, language, who.sender_name, renderer, settings)
    return segments, replaced


def _check_questions(
    draft: Broadcast, language: str, sender: str, renderer: Renderer, settings: Settings
) -> None:
    """Of those that follow the first, each by itself in answer to the one before, as it is sent."""
    for number in range(2, len(draft.ask.questions) + 1 if draft.ask else 0):
        assert draft.ask is not None  # noqa: S101 - else there is none
        said = questions.sms(
            renderer.words(language), draft.ask, number, language=language,
            default=settings.default_language,
        )  # fmt: skip
        data = {
            "say": Say.QUESTION, "question": said, "number": number,
            "of": len(draft.ask.questions), "code": _LONGEST_CODE,
        }  # fmt: skip
        parts = replies.made(
            renderer.words(language), sender=sender, data=data, url=settings.public_url
        ).segments
        if parts > MOST_SEGMENTS:
            raise Invalid(
                f"Question {number} in {language!r} would take {parts} SMS parts, more than "
                f"{MOST_SEGMENTS}. Shorten it or its options.",
                field=f"ask.questions.{number - 1}.wordings.{language}.ask",
            )
