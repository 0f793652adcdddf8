"""What the page of a message shows of how it goes: figures, who was not reached, pictures."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any, Final

from notify.bootstrap import App, open_channels
from notify.domain.pace import pace, together
from notify.domain.words import Channel
from notify.rendering import charts, labels, reasons, remedies
from notify.rendering.languages import Words, choose
from notify.rendering.remedies import Remedy
from notify.services import overtaking
from notify.services.viewing import Counted, Seen

_SHOWN: Final = 12  # rows of a table beside a curve
_MOST_BARS: Final = 12

Values = dict[str, Any]


def counted(app: App, seen: Seen, now: datetime) -> Values:
    """The figures by channel and how fast they grow, from counters alone."""
    found, paces = [], []
    sent_over = open_channels(app.settings)
    for channel in Channel:
        counts = seen.progress.counts[channel]
        skipped = sum(seen.progress.skips.get(channel, {}).values())
        if channel not in sent_over and not skipped and not any(counts.values()):
            continue
        open_ = seen.open_on(channel)
        left = counts["pending"] + counts["sending"] - open_  # as soon as a worker comes by
        points = seen.progress.curve.get(channel, [])
        paces.append(pace(points, open_=open_, now=now))
        figures = {
            "planned": sum(counts.values()),
            "reached": counts["sent"] + counts["delivered"],
            "delivered": counts["delivered"],
            "open": open_,
            "failed": counts["failed"] + counts["expired"],
            "unknown": counts["unknown"],
            "stopped": counts["cancelled"] + counts["superseded"] + left,
            "skipped": skipped,
        }
        found.append({"channel": channel, **figures, "pace": paces[-1], "shares": shares(figures)})
    nowhere = sum(seen.progress.skips.get("none", {}).values())
    return {
        "overtaken": overtaking.is_overtaken(seen.row),
        "seen": seen, "now": now, "channels": found, "pace": together(paces), "nowhere": nowhere,
        "finished": not seen.open and seen.row["planned_at"] is not None,
    }  # fmt: skip


def shares(figures: Mapping[str, int]) -> Sequence[tuple[str, str, str]]:
    """The parts of a strip: what it is, where it begins and how wide it is, in per cent."""
    whole = figures["planned"] or 1
    parts = [
        ("delivered", figures["delivered"]),
        ("sent", figures["reached"] - figures["delivered"]),
        ("failed", figures["failed"] + figures["unknown"]),
    ]
    begins = accumulate((n for _, n in parts), initial=0)
    return [
        (name, f"{at / whole:.3%}", f"{n / whole:.3%}")
        for (name, n), at in zip(parts, begins, strict=False)
        if n
    ]


def troubles(words: Words, seen: Seen, found: Counted) -> Sequence[Mapping[str, Any]]:
    """Who was not reached and who was left out, by whose turn it is: `todo`, whether it is for the
    `senders`, and `lines` of `n`, what the channel is `called`, what is `said`, and whether `skipped`."""
    lines: dict[Remedy, list[Mapping[str, Any]]] = {}
    for row in found.reasons or ():
        mine = lines.setdefault(remedies.remedy(row["reason"], row["status"]), [])
        said = reasons.said(words, row["reason"], row["status"]) or row["reason"]
        called = labels.channel(words, row["channel"])
        mine.append({"n": row["n"], "called": called, "said": said, "skipped": False})
    for channel, skips in seen.progress.skips.items():
        for reason, n in sorted(skips.items()):
            said = reasons.said(words, reason)
            called = labels.channel(words, channel)
            line = {"n": n, "called": called, "said": said, "skipped": True}
            lines.setdefault(remedies.remedy(reason), []).append(line)
    until = seen.broadcast.valid_until
    return [
        {
            "todo": remedies.todo(words, one, until=until), "senders": one is Remedy.SENDERS,
            "lines": lines[one],
        }
        for one in Remedy if one in lines
    ]  # fmt: skip


def pictures(words: Words, found: Counted, *, default: str) -> Values:
    """The curve and the bars, each with the rows of the table beside it; None where there is
    nothing to draw."""
    return {"curve": _curve(words, found), "reach": _reach(words, found, default)}


def _curve(words: Words, found: Counted) -> Mapping[str, Any] | None:
    curve = found.curve
    if curve.begins is None:
        return None
    used = {channel: curve.steps[channel] for channel in Channel if channel in curve.steps}
    names = [labels.channel(words, channel) for channel in used]
    sums = [[*accumulate(steps)] for steps in used.values()]
    ends = [curve.begins + timedelta(seconds=curve.width * (i + 1)) for i in range(len(sums[0]))]
    every = max(1, -(-len(ends) // _SHOWN))
    shown = [i for i in range(len(ends)) if i % every == every - 1 or i == len(ends) - 1]
    said = ", ".join(
        f"{name}: {words.number(line[-1])}" for name, line in zip(names, sums, strict=True)
    )
    picture = charts.rising(
        "curve",
        [charts.Series(name, steps) for name, steps in zip(names, used.values(), strict=True)],
        title=words.gettext("Handed over, added up over time"), said=said,
        ends=(words.time(curve.begins), words.time(ends[-1])), number=words.number,
    )  # fmt: skip
    rows = [(words.clock(ends[i]), [line[i] for line in sums]) for i in shown]
    return {"picture": picture, "names": names, "rows": rows}


def _reach(words: Words, found: Counted, default: str) -> Mapping[str, Any] | None:
    if not found.groups:
        return None
    rows = [
        {
            "group": choose(row["names"] or {default: row["slug"]}, words.language, default=default)[1],
            "channel": labels.channel(words, row["channel"]),
            "reached": row["reached"], "planned": row["planned"],
        }
        for row in found.groups
    ]  # fmt: skip
    largest = sorted(rows, key=lambda row: -row["planned"])[:_MOST_BARS]
    bars = [
        charts.Bar(f"{row['group']}, {row['channel']}", row["reached"], row["planned"])
        for row in rows if row in largest
    ]  # fmt: skip
    title = words.gettext("Reached, by group and channel")
    said = "; ".join(f"{bar.label}: {bar.part} / {bar.whole}" for bar in bars)
    return {
        "picture": charts.bars("reach", bars, title=title, said=said, number=words.number),
        "rows": rows, "title": title,
    }  # fmt: skip
