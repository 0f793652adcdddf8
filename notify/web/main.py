"""The HTTP application: who is mounted where."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache, partial

from fastapi import APIRouter, Depends, FastAPI
from starlette.routing import BaseRoute

import notify
from notify.bootstrap import App
from notify.domain.words import Lane
from notify.rendering.messages import Renderer
from notify.services import inbound
from notify.services.receiving import receiver as gather_receipts
from notify.services.texts import Means
from notify.services.viewing import Viewing
from notify.web import bounces, health, hooks, problems, static
from notify.web.api import broadcasts, deliveries, groups, requests, residents
from notify.web.api.documents import document
from notify.web.crossing import Crossing
from notify.web.guard import Guard
from notify.web.headers import SecurityHeaders
from notify.web.pages import (
    answering,
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
    results,
)
from notify.web.pages.failing import Readable
from notify.web.pages.my import (
    adding,
    addressing,
    entering,
    overview,
    parting,
    polls,
    preferring,
    receiving,
)
from notify.web.pages.ontop import alerts_on_top
from notify.web.pages.results_kept import Results
from notify.web.pages.shelf import Shelf
from notify.web.pages.staff import (
    answers,
    asked,
    audit,
    desk,
    door,
    drafts,
    frames,
    glass,
    home,
    importing,
    inbox,
    keys,
    me,
    messages,
    moving,
    people,
    poll_tables,
    prepared,
    reckoning,
    retention,
    reviews,
    sending,
    signing,
    style,
    submitting,
    suppressions,
    tables,
    using,
    votes,
    watching,
    welcome,
)
from notify.web.pages.staff import groups as staff_groups
from notify.web.pages.staff import requests as staff_requests
from notify.web.pages.staff import residents as staff_residents
from notify.web.shortcut import Shortcut

PAGES = (
    leaving, answering, confirming, feedback, coding, join_codes, join_poster, join, pushing, results,
)  # fmt: skip
STAFF = (
    home, signing, welcome, reviews, messages, frames, watching, drafts, reckoning,
    submitting, prepared, using, glass, tables, answers, votes, poll_tables, desk, asked, sending, style, inbox, me, people,
)  # fmt: skip
# The import before the residents: a resident's id may stand where it does. So with moving and a part
# of a group.
ORDER = (
    moving, staff_groups, importing, staff_residents, staff_requests, suppressions, keys, audit, retention,
)  # fmt: skip
OWN = (entering, overview, adding, addressing, preferring, receiving, polls, parting)


def create_app(app: App) -> FastAPI:
    """Everything behind one port. `app` is wired and outlives the server."""

    @asynccontextmanager
    async def lifespan(api: FastAPI) -> AsyncIterator[None]:
        receiver = gather_receipts(app.db)
        api.state.receiver = receiver
        api.state.inbox = inbox = inbound.inbox(
            app.db, Means(app.settings, app.keyring), replied=partial(app.bell.ring, Lane.NOTE)
        )
        api.state.shelf = shelf = Shelf(app.db, settings=app.settings)
        api.state.results = results_kept = Results(app.db)
        api.state.viewing = Viewing(app.db)
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
            await results_kept.close()
            await shelf.close()
            await receiver.close()
            await inbox.close()

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
    door.install(api)
    api.add_exception_handler(404, public.nowhere)
    document(api)
    api.router.routes.extend(_routes())
    return api


@cache
def _routes() -> tuple[BaseRoute, ...]:
    """In the order in which they are tried. They know no installation: worked out once a process."""
    every = APIRouter()
    # First, for routes are tried in turn: what is called most.
    for router in (hooks.router, public.router):
        every.include_router(router)
    every.add_route("/static/{name}", static.asset, public.READ, include_in_schema=False)
    every.add_route("/colour/{name}", colouring.sheet, public.READ, include_in_schema=False)
    v1 = APIRouter(prefix="/api/v1")
    for part in (groups, residents, requests, broadcasts, deliveries):
        v1.include_router(part.router)
    every.include_router(v1)
    every.include_router(health.router)
    every.include_router(installing.router)
    for page in (*PAGES, *OWN):
        every.include_router(page.router, dependencies=[Depends(alerts_on_top)])
    for page in (*STAFF, *ORDER):
        every.include_router(page.router, dependencies=[Depends(door.stand)])
    return tuple(every.routes)
