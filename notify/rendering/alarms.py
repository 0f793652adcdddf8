"""Says in plain words what is wrong with the service, and what to do about it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from notify.domain.alarms import News, State, What
from notify.domain.broadcast import Identity
from notify.domain.words import Channel, Lane
from notify.rendering.languages import Words
from notify.rendering.messages import Letter, Renderer


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence or two on what is wrong, and what to do."""

    what: str
    todo: str


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a mail: how it stands in a word, what it is, since and until when."""

    state: State
    mark: str
    said: Said
    news: News


def say(words: Words, what: What, facts: Mapping[str, Any]) -> Said:
    return _SAYINGS[what](words, facts)


def letter(
    renderer: Renderer, words: Words, news: Sequence[News], *, identity: Identity, url: str
) -> Letter:
    """A mail that tells all of it, the worst first."""
    ordered = sorted(news, key=lambda one: one.state is State.OVER)
    items = [Item(one.state, mark(words, one.state), say(words, one.what, one.facts), one)
             for one in ordered]  # fmt: skip
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
        Lane.BULK: words.gettext("Announcements do not leave (%(channels)s)."),
    }[Lane(facts["lane"])]
    return Said(what % _channels(words, facts), look)


def _slow(words: Words, facts: Mapping[str, Any]) -> Said:
    what = {
        Lane.ALERT: words.gettext("Warnings leave slowly (%(channels)s)."),
        Lane.NOTE: words.gettext("Codes and replies leave slowly (%(channels)s)."),
        Lane.BULK: words.gettext("Announcements leave slowly (%(channels)s)."),
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
        Lane.BULK: words.gettext("No worker is there to send announcements."),
    }[Lane(facts["lane"])]
    todo = words.gettext("Start it again: notify worker --lane %(lane)s, or docker compose up -d.")
    return Said(what, todo % {"lane": facts["lane"]})


def _sender_stopped(words: Words, facts: Mapping[str, Any]) -> Said:
    what = words.gettext("%(sender)s refuses us (%(reason)s). Nothing leaves through it.")
    todo = words.gettext("Put account and credentials in order, then: notify resume %(sender)s")
    return Said(what % facts, todo % facts)


def _sender_down(words: Words, facts: Mapping[str, Any]) -> Said:
    what = words.gettext("%(sender)s cannot be reached (%(reason)s).")
    todo = words.gettext("Look whether it runs and whether the network leads there: notify check")
    return Said(what % facts, todo)


def _ring(words: Words, facts: Mapping[str, Any]) -> Said:
    values = {"channel": channel_word(words, facts["channel"]), "reason": facts["reason"]}
    if facts["result"] == "failed":
        what = words.gettext("The test ring by %(channel)s failed (%(reason)s).")
    else:
        what = words.gettext(
            "No receipt came for the test ring by %(channel)s (status: %(reason)s)."
        )
    todo = words.gettext(
        "Ask those on duty whether it reached them, look at the provider, and try again: "
        "notify ring"
    )
    return Said(what % values, todo)


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
        "After a restore %(broadcasts)s broadcasts are held, %(alerts)s of them alerts."
    )
    todo = words.gettext(
        "Decide about each: notify status lists them, then notify release or notify cancel."
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
