"""The words that tell one of the staff what became of the account by which they sign in."""

from enum import StrEnum

from notify.domain.broadcast import Identity
from notify.rendering.messages import Letter, Renderer


class Became(StrEnum):
    """What became of an account."""

    INVITED = "invited"  # somebody made a link that opens it
    ENROLLED = "enrolled"  # such a link was used


def letter(
    renderer: Renderer, *, language: str, identity: Identity, became: Became, url: str
) -> Letter:
    """`url` is where they see who is signed in as them."""
    words = renderer.words(language)
    if became is Became.INVITED:
        subject = words.gettext("A new link opens your account")
        lead = words.gettext(
            "Somebody who administers staff made a new invitation for you. With its link a new"
            " password and a new second factor can be set for your account."
        )
        todo = words.gettext(
            "If you did not ask for it, tell those who administer staff at once. Until the link is"
            " used, you sign in as before."
        )
    else:
        subject = words.gettext("Your account has a new password")
        lead = words.gettext(
            "With an invitation a new password and a new second factor were set for your account."
            " Those before hold no more, and everybody was signed out."
        )
        todo = words.gettext(
            "If that was not you, tell those who administer staff at once, and have the account"
            " closed."
        )
    return renderer.note(
        "account", language=language, identity=identity, subject=subject, lead=lead, todo=todo,
        url=url,
    )  # fmt: skip
