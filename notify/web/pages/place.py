"""Where a reader stands: what every page needs to know of a request besides its own matter."""

from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from fastapi import Request

from notify.services.publishing import Published

LONGEST_TAG: Final = 35  # characters (RFC 5646, 4.4.1)
_LONGEST_QUERY = 500  # characters that are carried on


@dataclass(frozen=True, slots=True)
class Place:
    """`query` is that of the page but for the language, `asked` the language asked for by
    `?lang=`, empty where none was. A page that answers a form cannot be opened again in another
    language. `alerts` are those in force, the worst first."""

    query: tuple[tuple[str, str], ...] = ()
    asked: str = ""
    opens_again: bool = False
    alerts: tuple[Published, ...] = ()

    def kept(self, path: str) -> str:
        """A link that keeps the language which was asked for."""
        if not self.asked:
            return path
        path, sign, part = path.partition("#")
        return f"{path}{'&' if '?' in path else '?'}{urlencode({'lang': self.asked})}{sign}{part}"

    def switched(self, language: str) -> str:
        """This page in another language."""
        return "?" + urlencode([*self.query, ("lang", language)])


_NOWHERE: Final = Place()
_PLACE: ContextVar[Place] = ContextVar("place")


def here() -> Place:
    """That of the request which is being answered."""
    return _PLACE.get(_NOWHERE)


def stand(place: Place) -> None:
    """Note what is known of where this request stands, for whatever page answers it."""
    _PLACE.set(place)


def enter(request: Request, *, alerts: Iterable[Published] = ()) -> None:
    """The same, by what the request says of itself."""
    pairs = tuple(
        (name, value) for name, value in request.query_params.multi_items() if name != "lang"
    )
    if sum(len(name) + len(value) for name, value in pairs) > _LONGEST_QUERY:
        pairs = ()
    asked = request.query_params.get("lang", "")[:LONGEST_TAG]
    opens = request.method in {"GET", "HEAD"}
    stand(Place(pairs, asked, opens, tuple(alerts)))
