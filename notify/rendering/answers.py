"""What staff write to somebody who texted: who speaks first, then their words."""

from collections.abc import Mapping
from typing import Any, Final

from notify.rendering.lines import cut, one_line
from notify.rendering.sms_text import SmsText, plain_sms

_LONGEST_SENDER: Final = 30


def sms(data: Mapping[str, Any], *, town: str) -> SmsText:
    """The SMS of an answer: `text`, and `sender` where not the town speaks."""
    sender = cut(one_line(data.get("sender") or town), size=_LONGEST_SENDER)
    return plain_sms(f"{sender}: {data['text']}")
