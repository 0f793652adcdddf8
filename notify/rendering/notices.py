"""Push messages but for their readers, within what every push service takes."""

import json
from dataclasses import dataclass, field

from notify.rendering.lines import cut
from notify.rendering.sheets import Choice

PUSH_BYTES = 2_700
"""Encrypted, every push service takes it: Mozilla's hands some on over FCM, where 2,744 may be all."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A push message but for its reader. The tag is that of the thread and `seq` rises in it, so
    that an all-clear replaces its alarm and an old message never covers a new one. One that `asks`
    leads to where its reader answers; `actions` are answers that are its buttons."""

    title: str
    body: str = field(repr=False)
    url: str
    tag: str
    seq: int
    lang: str
    kind: str
    severity: str | None
    asks: bool = False
    actions: tuple[Choice, ...] = ()

    def payload(self, beacon_url: str | None, *, url: str | None = None) -> bytes:
        """UTF-8 JSON of at most PUSH_BYTES; the body gives way, at a word. `url` is where a tap
        leads, where that is the reader's own."""
        leads = url or self.url
        room = PUSH_BYTES - len(self._encoded("", beacon_url, leads))
        return self._encoded(cut(self.body, size=room, measure=inside_json), beacon_url, leads)

    def _encoded(self, body: str, beacon_url: str | None, url: str) -> bytes:
        answers = [{"action": str(one.number), "title": one.text} for one in self.actions]
        return _json(
            {
                "title": self.title,
                "body": body,
                "url": url,
                "tag": self.tag,
                "seq": self.seq,
                "lang": self.lang,
                "kind": self.kind,
                "severity": self.severity,
                "beacon": beacon_url,
            }
            | ({"actions": answers} if answers else {})
        )


def _json(value: object) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def inside_json(text: str) -> int:
    """Bytes that a text takes inside a JSON string."""
    return len(_json(text)) - 2
