"""What a worker does for polls, over and over: closes them, and tells how they came out."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from notify import bootstrap
from notify.bootstrap import App
from notify.domain.words import Lane
from notify.services.closing_polls import Closer
from notify.services.telling_results import Teller

CLOSE_EVERY: Final = 3.0  # seconds
TELL_EVERY: Final = 1.0

Round = tuple[Callable[[], Awaitable[object]], float]
"""Work, and the seconds until it is done again."""


def rounds(app: App, lanes: Sequence[Lane]) -> list[Round]:
    """Any worker closes; the lane of what is told to one person tells."""
    found: list[Round] = [(Closer(app.db).round, CLOSE_EVERY)]
    if Lane.NOTE in lanes:
        channels = [str(channel) for channel in bootstrap.open_channels(app.settings)]
        teller = Teller(app.db, app.keyring, settings=app.settings, channels=channels)
        found.append((teller.round, TELL_EVERY))
    return found
