"""What the law gives every resident: all that is kept about them, and an end to it."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from notify.errors import NotFound
from notify.services import erasing, exporting
from notify.web.deps import TheApp
from notify.web.pages import cookies
from notify.web.pages.my.door import guest, inside, outside
from notify.web.pages.paper import page

router = APIRouter(include_in_schema=False)


@router.api_route("/my/export", methods=["GET", "HEAD"])
async def export(request: Request, app: TheApp) -> Response:
    here = await guest(request, app)
    if here is None:
        return outside()
    exported = await exporting.export(app.db, here.session.resident, settings=app.settings)
    return Response(
        exporting.as_json(exported), media_type="application/json",
        headers={
            "content-disposition": 'attachment; filename="my-data.json"',
            "cache-control": "no-store",
        },
    )  # fmt: skip


@router.api_route("/my/erase", methods=["GET", "HEAD"])
async def ask(request: Request, app: TheApp) -> Response:
    here = await guest(request, app)
    return outside() if here is None else inside(app, here, "erase")


@router.post("/my/erase")
async def erase(request: Request, app: TheApp) -> Response:
    here = await guest(request, app)
    if here is None:
        return outside()
    try:
        await erasing.erase(app.db, here.session.resident, by_resident=True)
    except NotFound:  # twice at once
        return outside()
    answer = page(app, "my/erased", language=here.language)
    cookies.forget(answer, app)
    return answer
