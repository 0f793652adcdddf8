"""Says in plain words what is wrong with the service, and what to do about it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from notify.domain.alarms import News, State, What
from notify.domain.broadcast import Identity
from notify.domain.delivery import DeliveryStatus
from notify.domain.words import Channel, Lane
from notify.rendering import reasons
from notify.rendering.languages import Words
from notify.rendering.messages import Letter, Renderer


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence on what is or was wrong, what is known of the cause, and what to do."""

    what: str
    todo: str
    why: str = ""

    @property
    def all_of_it(self) -> str:
        return f"{self.what} {self.why}".strip()


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a mail: how it stands in a word, what it is, since and until when."""

    state: State
    mark: str
    said: Said
    news: News


def say(words: Words, what: What, facts: Mapping[str, Any], *, over: bool = False) -> Said:
    """`over`: it was so, and is no more."""
    said = _SAYINGS[what](words, facts)
    if not over:
        return said
    past = _PAST.get(what)
    return replace(said, what=past(words, facts) if past else said.what, why="")


def letter(
    renderer: Renderer, words: Words, news: Sequence[News], *, identity: Identity, url: str
) -> Letter:
    """A mail that tells all of it, the worst first."""
    ordered = sorted(news, key=lambda one: one.state is State.OVER)
    items = [
        Item(
            one.state, mark(words, one.state),
            say(words, one.what, one.facts, over=one.state is State.OVER), one,
        )
        for one in ordered
    ]  # fmt: skip
    first = items[0]
    subject = f"{first.mark}: {first.said.what}"
    if len(items) > 1:
        subject = words.gettext("%(count)s reports on the warning system") % {"count": len(items)}
    return renderer.note(
        "alarm", language=words.language, identity=identity, subject=subject, items=items, url=url
    )


def mark(words: Words, state: State) -> str:
    match state:
        case State.RAISED:
            return words.gettext("Fault")
        case State.REMINDER:
            return words.gettext("Fault goes on")
        case State.OVER:
            return words.gettext("Over")


def channel_word(words: Words, channel: str) -> str:
    """`email` as people write it."""
    known = {
        str(Channel.EMAIL): words.gettext("e-mail"),
        str(Channel.SMS): words.gettext("SMS"),
        str(Channel.PUSH): words.gettext("web push"),
        "planning": words.gettext("planning"),
    }
    return known.get(channel, channel)


def _channels(words: Words, facts: Mapping[str, Any]) -> dict[str, str]:
    return {"channels": ", ".join(channel_word(words, one) for one in facts["channels"])}


def _late(words: Words, facts: Mapping[str, Any]) -> Said:
    look = words.gettext(
        "Look at notify status and at the log: do the workers run, does the provider answer?"
    )
    if facts["lane"] == Lane.ALERT:
        look += " " + words.gettext("If people are in danger, warn them by other means as well.")
    what = {
        Lane.ALERT: words.gettext("Warnings do not leave (%(channels)s)."),
        Lane.NOTE: words.gettext("Codes and replies do not leave (%(channels)s)."),
        Lane.BULK: words.gettext("News does not leave (%(channels)s)."),
    }[Lane(facts["lane"])]
    return Said(what % _channels(words, facts), look)


def _slow(words: Words, facts: Mapping[str, Any]) -> Said:
    what = {
        Lane.ALERT: words.gettext("Warnings leave slowly (%(channels)s)."),
        Lane.NOTE: words.gettext("Codes and replies leave slowly (%(channels)s)."),
        Lane.BULK: words.gettext("News leaves slowly (%(channels)s)."),
    }[Lane(facts["lane"])]
    todo = words.gettext("Nothing is lost. A sender with a higher rate would be quicker.")
    return Said(what % _channels(words, facts), todo)


def _stuck(words: Words, facts: Mapping[str, Any]) -> Said:
    what = words.gettext("For ten minutes a warning has not got through to some (%(channels)s).")
    todo = words.gettext("The reasons stand in notify status ID.")
    others = words.gettext("If people are in danger, warn them by other means as well.")
    return Said(what % _channels(words, facts), f"{todo} {others}")


def _no_worker(words: Words, facts: Mapping[str, Any]) -> Said:
    what = {
        Lane.ALERT: words.gettext("No worker is there to send warnings."),
        Lane.NOTE: words.gettext("No worker is there to send codes and replies."),
        Lane.BULK: words.gettext("No worker is there to send news."),
    }[Lane(facts["lane"])]
    todo = words.gettext("Start it again: notify worker --lane %(lane)s, or docker compose up -d.")
    return Said(what, todo % {"lane": facts["lane"]})


def _why(words: Words, reason: str, status: str | None = None) -> str:
    """A reason as a sentence, its code in brackets; the bare word where there is no sentence."""
    word, _, code = reason.partition(", ")
    sentence = reasons.said(words, word, status)
    if sentence is None:
        return f"({reason})" if reason else ""
    return f"{sentence} ({code})" if code else sentence


def _sender_stopped(words: Words, facts: Mapping[str, Any]) -> Said:
    what = words.gettext("%(sender)s refuses us. Nothing leaves through it.")
    todo = words.gettext("Put account and credentials in order, then: notify resume %(sender)s")
    return Said(what % facts, todo % facts, _why(words, facts["reason"]))


def _sender_down(words: Words, facts: Mapping[str, Any]) -> Said:
    what = words.gettext("%(sender)s cannot be used at present.")
    todo = words.gettext("Look whether it runs and whether the network leads there: notify check")
    return Said(what % facts, todo, _why(words, facts["reason"]))


def _ring(words: Words, facts: Mapping[str, Any]) -> Said:
    if facts["result"] == "failed":
        what = words.gettext("The test ring by %(channel)s failed.")
        why = _why(words, facts["reason"] or "", DeliveryStatus.FAILED)
        if facts["reason"] == "nobody_left":
            why = words.gettext("Nobody on duty could be reached any more when it was to go out.")
    else:
        what = words.gettext("No receipt came for the test ring by %(channel)s.")
        why = {
            "pending": words.gettext("It has not left here yet."),
            "sending": words.gettext("It has not left here yet."),
            "sent": words.gettext("The provider took it and reported nothing since."),
            "unknown": words.gettext("Nobody knows whether the provider took it."),
        }.get(facts["reason"], "")
    todo = words.gettext(
        "Ask those on duty whether it reached them, look at the provider, and try again: "
        "notify ring"
    )
    return Said(what % {"channel": channel_word(words, facts["channel"])}, todo, why)


def _duty(words: Words, facts: Mapping[str, Any]) -> Said:
    what = words.gettext("Nobody on duty can be reached by %(channel)s: it is not tested.")
    todo = words.gettext(
        "Let somebody on duty sign up for it and confirm, and write one of their addresses into "
        "NOTIFY_DUTY."
    )
    return Said(what % {"channel": channel_word(words, facts["channel"])}, todo)


def _pull(words: Words, facts: Mapping[str, Any]) -> Said:
    what = words.gettext(
        "The list of texts from residents cannot be read (numbers: %(numbers)s). Only those that "
        "the provider posts come in."
    )
    todo = words.gettext("Look for inbound.not_pulled in the log, and at the provider's account.")
    return Said(what % facts, todo)


def _held(words: Words, facts: Mapping[str, Any]) -> Said:
    what = words.gettext(
        "After a restore messages are held: %(broadcasts)s, of them warnings: %(alerts)s."
    )
    todo = words.gettext(
        "Decide about each on its page: let it go on, or recall it. Or notify status lists them, then "
        "notify release or notify cancel."
    )
    return Said(what % facts, todo)


def _database(words: Words, facts: Mapping[str, Any]) -> Said:
    what = words.gettext(
        "The database does not work (%(problem)s), seen from %(host)s. Nothing is sent or taken in."
    )
    todo = words.gettext("Bring PostgreSQL back, and look whether its disk is full.")
    return Said(what % facts, todo)


def _redis(words: Words, _facts: Mapping[str, Any]) -> Said:
    return Said(
        words.gettext("Redis does not answer. Everything still leaves, a moment later."),
        words.gettext("Bring it back when there is time."),
    )


def _was_late(words: Words, facts: Mapping[str, Any]) -> str:
    what = {
        Lane.ALERT: words.gettext("Warnings did not leave (%(channels)s)."),
        Lane.NOTE: words.gettext("Codes and replies did not leave (%(channels)s)."),
        Lane.BULK: words.gettext("News did not leave (%(channels)s)."),
    }[Lane(facts["lane"])]
    return what % _channels(words, facts)


def _was_stuck(words: Words, facts: Mapping[str, Any]) -> str:
    what = words.gettext("A warning did not get through to some for long (%(channels)s).")
    return what % _channels(words, facts)


def _was_no_worker(words: Words, facts: Mapping[str, Any]) -> str:
    return {
        Lane.ALERT: words.gettext("No worker was there to send warnings."),
        Lane.NOTE: words.gettext("No worker was there to send codes and replies."),
        Lane.BULK: words.gettext("No worker was there to send news."),
    }[Lane(facts["lane"])]


def _was_stopped(words: Words, facts: Mapping[str, Any]) -> str:
    return words.gettext("%(sender)s refused us.") % facts


def _was_down(words: Words, facts: Mapping[str, Any]) -> str:
    return words.gettext("%(sender)s could not be used.") % facts


def _was_off_duty(words: Words, facts: Mapping[str, Any]) -> str:
    what = words.gettext("Nobody on duty could be reached by %(channel)s.")
    return what % {"channel": channel_word(words, facts["channel"])}


def _was_held(words: Words, _facts: Mapping[str, Any]) -> str:
    return words.gettext("After a restore messages were held.")


def _was_away(words: Words, facts: Mapping[str, Any]) -> str:
    return words.gettext("The database did not work (%(problem)s), seen from %(host)s.") % facts


_SAYINGS: Mapping[What, Callable[[Words, Mapping[str, Any]], Said]] = {
    What.LATE: _late,
    What.SLOW: _slow,
    What.STUCK: _stuck,
    What.NO_WORKER: _no_worker,
    What.SENDER_STOPPED: _sender_stopped,
    What.SENDER_DOWN: _sender_down,
    What.RING: _ring,
    What.DUTY: _duty,
    What.PULL: _pull,
    What.HELD: _held,
    What.DATABASE: _database,
    What.REDIS: _redis,
}

_PAST: Mapping[What, Callable[[Words, Mapping[str, Any]], str]] = {
    What.LATE: _was_late,
    What.STUCK: _was_stuck,
    What.NO_WORKER: _was_no_worker,
    What.SENDER_STOPPED: _was_stopped,
    What.SENDER_DOWN: _was_down,
    What.DUTY: _was_off_duty,
    What.HELD: _was_held,
    What.DATABASE: _was_away,
}
"""What is told when it is over; a ring is told of in the past anyway, the rest is only shown."""
