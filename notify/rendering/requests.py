"""The words that tell a resident what became of the request to join a closed group."""

from notify.domain.broadcast import Identity
from notify.rendering.lines import cut, one_line
from notify.rendering.messages import Letter, Renderer
from notify.rendering.sms_text import SmsText, plain_sms

_LONGEST_NAME = 30  # characters of the town's and of the group's name, so that the SMS stays short


def sms(
    renderer: Renderer, *, language: str, identity: Identity, group: str, approved: bool
) -> SmsText:
    words = renderer.words(language)
    if approved:
        said = words.gettext("%(sender)s: You are now in the group %(group)s.")
    else:
        said = words.gettext(
            "%(sender)s: You could not be taken into the group %(group)s. "
            "Please ask at the town hall."
        )
    return plain_sms(
        said
        % {
            "sender": cut(one_line(identity.sender_name), size=_LONGEST_NAME),
            "group": cut(one_line(group), size=_LONGEST_NAME),
        }
    )


def letter(
    renderer: Renderer, *, language: str, identity: Identity, group: str, approved: bool, url: str
) -> Letter:
    """`url` is where the resident's page opens."""
    words = renderer.words(language)
    said = (
        words.gettext("You are now in the group %(group)s")
        if approved
        else words.gettext("Your request to join %(group)s")
    )
    return renderer.note(
        "request", language=language, identity=identity, subject=said % {"group": one_line(group)},
        group=one_line(group), approved=approved, url=url,
    )  # fmt: skip
