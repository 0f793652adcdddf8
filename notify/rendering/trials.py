"""The trial message that a resident has sent to a browser, and what is said of its way there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from notify.domain.broadcast import Identity
from notify.domain.delivery import DeliveryStatus
from notify.rendering.languages import Words
from notify.rendering.lines import one_line
from notify.rendering.messages import Renderer
from notify.rendering.notices import Notice

TAG: Final = "trial"
PATIENCE: Final = 20.0  # seconds after which somebody who looks at the page is told more
LONGEST: Final = 60.0  # seconds after which nothing more is looked for


def push(renderer: Renderer, *, language: str, identity: Identity, number: int, url: str) -> Notice:
    """`number` rises from trial to trial."""
    words = renderer.words(language)
    return Notice(
        title=words.gettext("Test message: it works"),
        body=f"{words.gettext('Warnings and news come like this.')}\n"
        f"{one_line(identity.sender_name)}",
        url=url,
        tag=TAG,
        seq=number,
        lang=words.language,
        kind=TAG,
        severity=None,
    )


@dataclass(frozen=True, slots=True)
class Told:
    """One step in words: what happened, what to do (empty: nothing), whether more will come."""

    step: str
    said: str
    advice: str = ""
    over: bool = True


def _(message: str) -> str:
    """Marks a sentence for the catalogues."""
    return message


_ENDED = (
    _("Your browser has ended its subscription, so the test message could not be handed over."),
    _("Turn notifications off on this page, and on again. Then send another test message."),
)
_REFUSED: Final[Mapping[str, tuple[str, str]]] = {
    "subscription_gone": _ENDED,
    "gone": _ENDED,
    "bad_keys": _ENDED,
    "vapid_refused": (
        _("The push service of your browser says that this subscription is not for us."),
        _("Turn notifications off on this page, and on again. Then send another test message."),
    ),
    "host_not_allowed": (
        _("The push service of your browser is not known here."),
        _("Please tell the town. Until then choose e-mail or SMS."),
    ),
}


def told(words: Words, status: DeliveryStatus, *, reason: str | None, age: float) -> Told:
    """What to say of a trial with this status, this last reason and this age in seconds."""
    step, said, advice, over = _step(status, reason, late=age >= PATIENCE)
    over = over or age >= LONGEST
    return Told(step, words.gettext(said), words.gettext(advice) if advice else "", over)


def _step(status: DeliveryStatus, reason: str | None, *, late: bool) -> tuple[str, str, str, bool]:
    match status:
        case DeliveryStatus.DELIVERED:
            return (
                "shown",
                _("It works: your browser has shown the test message."),
                _("You did not see it? Then your device keeps it from you: look in its settings for "
                  "Do not disturb or Focus, and allow notifications for your browser."),
                True,
            )  # fmt: skip
        case DeliveryStatus.SENT | DeliveryStatus.UNKNOWN:
            return _handed_over(late=late)
        case DeliveryStatus.FAILED | DeliveryStatus.CANCELLED:
            refused = _REFUSED.get(reason or "")
            if refused:
                return ("failed", *refused, True)
            return (
                "failed",
                _("The push service of your browser did not take the test message."),
                _("Try again in a few minutes. If it stays so, please tell the town. Until then "
                  "choose e-mail or SMS."),
                True,
            )  # fmt: skip
    return _waiting(reason, late=late)


def _handed_over(*, late: bool) -> tuple[str, str, str, bool]:
    if not late:
        said = _("Handed over to the push service of your browser. Now your browser shows it …")
        return "handed_over", said, "", False
    return (
        "silent",
        _("It was handed over to the push service of your browser, but your browser has not told "
          "us that it showed it."),
        _("Is this device online? Are notifications allowed for your browser in the settings of the "
          "device, and its battery saver off? Then send another test message."),
        False,
    )  # fmt: skip


def _waiting(reason: str | None, *, late: bool) -> tuple[str, str, str, bool]:
    if late:
        return (
            "stuck",
            _("The test message could not be handed over to the push service of your browser."),
            _("Your device is not to blame, and e-mail and SMS are not affected. Try again in a few "
              "minutes."),
            False,
        )  # fmt: skip
    if reason:
        said = _("The push service of your browser has not taken it yet. We try again …")
        return "waiting", said, "", False
    return "waiting", _("The test message is on its way …"), "", False
