"""What a route may ask for."""

from typing import Annotated, cast

from fastapi import Depends, Request

from channels.inbound import Inbound
from notify.bootstrap import App
from notify.services.gathering import Gatherer
from notify.services.receiving import Receiver


async def the_app(request: Request) -> App:
    # A coroutine for nothing, because FastAPI runs whatever is none in a thread.
    return cast("App", request.app.state.notify)


TheApp = Annotated[App, Depends(the_app)]


def the_inbox(request: Request) -> Gatherer[Inbound]:
    return cast("Gatherer[Inbound]", request.app.state.inbox)


def the_receiver(request: Request) -> Receiver:
    return cast("Receiver", request.app.state.receiver)
