"""Has the alerts in force stand on top of pages that are made for one reader."""

import asyncio
from typing import Final

from fastapi import HTTPException, Request

from notify import clock
from notify.services.publishing import Front
from notify.store.database import AWAY
from notify.web.pages import place
from notify.web.pages.shelf import the_shelf

_PATIENCE: Final = 2.0  # seconds: a page is worth more than what stands above it


async def alerts_on_top(request: Request) -> None:
    """For every route that answers with a page. While they cannot be read, the page comes
    without them."""
    try:
        async with asyncio.timeout(_PATIENCE):
            found = await the_shelf(request).find(None)
    except (*AWAY, HTTPException, TimeoutError):
        found = None
    subject = found.kept.subject if found else None
    alerts = subject.at(clock.now()).alerts if isinstance(subject, Front) else ()
    place.enter(request, alerts=alerts)
