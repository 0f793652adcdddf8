"""What can be wrong with a request, in words for the person who made it.

NotifyError
├── Invalid        the request says something that cannot be done; says what to do instead
├── NotFound       what the request names is not there (or not for this key to see)
├── Conflict       it collides with what is there; `ids` name it
├── Forbidden      the key or grant does not reach this far
└── Misconfigured  a setting is missing or wrong; named, with what to write
"""

from collections.abc import Mapping


class NotifyError(Exception):
    """Root of the failures that are told to whoever asked."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Invalid(NotifyError):
    """`field` is the dotted path of what is wrong, where one thing is."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class NotFound(NotifyError):
    pass


class Conflict(NotifyError):
    def __init__(self, message: str, *, ids: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.ids = dict(ids or {})


class Forbidden(NotifyError):
    pass


class Misconfigured(NotifyError):
    pass
