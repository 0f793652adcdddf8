"""What a route may ask for."""

from typing import Annotated, cast

from fastapi import Depends, Request

from notify.bootstrap import App
from notify.services.receiving import Receiver


def the_app(request: Request) -> App:
    return cast("App", request.app.state.notify)


TheApp = Annotated[App, Depends(the_app)]


def the_receiver(request: Request) -> Receiver:
    return cast("Receiver", request.app.state.receiver)
