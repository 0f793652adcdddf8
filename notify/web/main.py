"""The HTTP application: who is mounted where."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, Depends, FastAPI

import notify
from notify.bootstrap import App
from notify.rendering.messages import Renderer
from notify.services.receiving import Receiver
from notify.web import bounces, health, hooks, problems, static
from notify.web.api import broadcasts, deliveries, groups, requests, residents
from notify.web.api.documents import document
from notify.web.crossing import Crossing
from notify.web.guard import Guard
from notify.web.headers import SecurityHeaders
from notify.web.pages import (
    coding,
    colouring,
    confirming,
    feedback,
    installing,
    join,
    join_codes,
    join_poster,
    leaving,
    public,
    pushing,
)
from notify.web.pages.failing import Readable
from notify.web.pages.my import (
    adding,
    addressing,
    entering,
    overview,
    parting,
    preferring,
    receiving,
)
from notify.web.pages.ontop import alerts_on_top
from notify.web.pages.shelf import Shelf
from notify.web.shortcut import Shortcut

PAGES = (leaving, confirming, feedback, coding, join_codes, join_poster, join, pushing)
OWN = (entering, overview, adding, addressing, preferring, receiving, parting)


def create_app(app: App) -> FastAPI:
    """Everything behind one port. `app` is wired and outlives the server."""

    @asynccontextmanager
    async def lifespan(api: FastAPI) -> AsyncIterator[None]:
        receiver = Receiver(app.db)
        api.state.receiver = receiver
        api.state.shelf = shelf = Shelf(app.db, settings=app.settings)
        Renderer(app.settings).warm()
        app.bell.open()
        listener = None
        if app.settings.bounce_listen:
            listener = await bounces.serve(
                app.settings.bounce_listen, keyring=app.keyring, receiver=receiver
            )
        try:
            yield
        finally:
            if listener is not None:
                listener.close()
            await shelf.close()
            await receiver.close()

    api = FastAPI(
        title="Citizen Notify",
        version=notify.__version__,
        description="A town's bell. Errors are problem details (RFC 9457).",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    api.state.notify = app
    api.add_middleware(Shortcut, posted=hooks.CALLED_MOST)
    api.add_middleware(Crossing, origin=app.settings.public_url)
    api.add_middleware(Guard)
    api.add_middleware(Readable, wired=app)
    api.add_middleware(SecurityHeaders, https=app.settings.public_url.startswith("https"))
    problems.install(api)
    api.add_exception_handler(404, public.nowhere)
    document(api)
    # First, for routes are tried in turn: what is called most.
    for router in (hooks.router, public.router):
        api.include_router(router)
    api.add_route("/static/{name}", static.asset, public.READ, include_in_schema=False)
    api.add_route("/colour/{name}", colouring.sheet, public.READ, include_in_schema=False)
    v1 = APIRouter(prefix="/api/v1")
    for part in (groups, residents, requests, broadcasts, deliveries):
        v1.include_router(part.router)
    api.include_router(v1)
    api.include_router(health.router)
    api.include_router(installing.router)
    for page in (*PAGES, *OWN):
        api.include_router(page.router, dependencies=[Depends(alerts_on_top)])
    return api
