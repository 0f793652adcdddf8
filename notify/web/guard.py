"""Stands around every route: bounds what comes in, and answers when a route breaks."""

import traceback

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from notify.log import get
from notify.web.problems import problem

log = get(__name__)

LARGEST_BODY = 4 * 1024 * 1024
"""Bytes: a broadcast of the longest texts in many languages fits; hooks set smaller bounds."""


class Guard:
    """Middleware. What broke is logged by its type and place only: its message may quote an
    address or a text, which is why nothing is raised on to the server either."""

    def __init__(self, app: ASGIApp, *, largest: int = LARGEST_BODY) -> None:
        self._app = app
        self._largest = largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        taken = 0
        begun = False

        async def bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._largest:
                raise HTTPException(413, f"Send at most {self._largest} bytes.")
            return message

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, bounded, watched)
        except Exception as failure:  # noqa: BLE001 - whatever it is, the caller gets an answer
            log.error("web.broke", problem=type(failure).__name__, where=_where(failure))
            if not begun:
                answer = problem(500, "Something broke on our side. Nothing was done; try again.")
                await answer(scope, receive, send)


def _where(failure: Exception) -> str:
    """The innermost lines of the way to the failure, without what they worked on."""
    steps = traceback.extract_tb(failure.__traceback__)[-4:]
    return " > ".join(f"{step.filename.rpartition('/')[2]}:{step.lineno}" for step in steps)
