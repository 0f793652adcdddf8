"""The link in a code's mail: it shows a page with one button, and the button uses the code.

What a code does when its link is opened stands in `ON_LINK`, one function for each purpose.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from notify.bootstrap import App
from notify.domain.codes import Purpose
from notify.services import opening, proving
from notify.web.deps import TheApp
from notify.web.pages import cookies, join_codes
from notify.web.pages.my.door import back
from notify.web.pages.paper import page, reader_language

router = APIRouter(include_in_schema=False)

OnLink = Callable[[Request, App, int], Awaitable[Response]]
"""Uses the code of a link whose button was pressed; the caller has seen that it held."""


@router.api_route("/code/{token}", methods=["GET", "HEAD"])
async def ask(request: Request, app: TheApp, token: str) -> HTMLResponse:
    purpose = await _purpose(app, token)
    if purpose is None:
        return over(request, app)
    return page(app, "code", language=reader_language(request, app), purpose=purpose)


@router.post("/code/{token}")
async def use(request: Request, app: TheApp, token: str) -> Response:
    code = proving.unseal(app.keyring, token)
    purpose = await _purpose(app, token)
    if code is None or purpose is None:
        return over(request, app)
    return await ON_LINK[purpose](request, app, code)


def over(request: Request, app: App) -> HTMLResponse:
    """The page of a link that was used, is too old or was never ours; it leads to a new one."""
    return page(app, "code_over", language=reader_language(request, app), status=404)


async def _purpose(app: App, token: str) -> Purpose | None:
    """What the code of a link is for; None where it no longer holds. Changes nothing."""
    purpose = await proving.purpose(app.db, app.keyring, token)
    return purpose if purpose in ON_LINK else None


async def _open(request: Request, app: App, code: int) -> Response:
    """Open the resident's page in this browser."""
    word = await opening.use(app.db, code)
    if word is None:
        return over(request, app)
    answer = back("/my")
    await cookies.keep(request, answer, app, word)
    return answer


ON_LINK: Final[Mapping[Purpose, OnLink]] = {
    Purpose.OPEN: _open,
    Purpose.PROVE: join_codes.by_link,
}
