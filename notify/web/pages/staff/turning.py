"""The links from one page of a list of people to the next, and back."""

from collections.abc import Callable, Mapping
from typing import Final, TypeVar
from urllib.parse import urlencode

from notify.services.paging import Mark, Page
from notify.store.database import Row

Key = TypeVar("Key")

NAMES: Final = ("behind", "before")
"""What a query calls where its page begins, or ends."""

_LONGEST: Final = 60  # characters


def mark(query: Mapping[str, str], read: Callable[[str], Key | None]) -> Mark[Key] | None:
    """Where the page is that a query asks for; None for the first, and for whatever cannot be read."""
    for name in NAMES:
        key = read(query.get(name, "")[:_LONGEST])
        if key is not None:
            return Mark(key, back=name == "before")
    return None


def links(
    page: Page, path: str, written: Callable[[Row], str], **query: str
) -> Mapping[str, str | None]:
    """`earlier` and `next`, None where there is nobody more."""
    kept = {name: text for name, text in query.items() if text}

    def to(name: str, row: Row) -> str:
        return f"{path}?{urlencode({**kept, name: written(row)})}"

    return {
        "earlier": to("before", page.rows[0]) if page.first > 1 else None,
        "next": to("behind", page.rows[-1]) if page.last < page.total else None,
    }
