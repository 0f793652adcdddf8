"""Providers call in. Forged: 403. Broken: 400. Our fault: 500, so that they try again."""

import asyncio
from dataclasses import asdict
from typing import Annotated, Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from channels import twilio_inbox, twilio_receipts
from channels.bounces import Unreadable
from channels.receipts import Receipt, Report
from notify import clock, metrics
from notify.bootstrap import App
from notify.domain.poll import NONE
from notify.errors import NotFound
from notify.log import get
from notify.rendering import push_answers
from notify.rendering.templates import templates
from notify.services import answering_pages, bouncing
from notify.services.answering_pages import NoAnswer
from notify.services.asking import TooMany
from notify.services.receiving import Receiver
from notify.services.voting import Closed
from notify.web.deps import TheApp, the_app, the_inbox, the_receiver
from notify.web.pages.forms import small_json

log = get(__name__)

router = APIRouter(prefix="/hooks", include_in_schema=False)

LARGEST_FORM = 64 * 1024
LARGEST_MAIL = 1024 * 1024
SAY_NOTHING = '<?xml version="1.0" encoding="UTF-8"?><Response/>'  # TwiML


async def twilio_status(request: Request) -> Response:
    """What became of an SMS. Twilio signs the URL it was given and every field of the form.

    Without `attempt` (a callback set at the account, not by us) Twilio's own id must do.
    """
    app = await the_app(request)
    attempt = request.query_params.get("attempt")
    pairs = await _signed(request, app, hook="twilio_status")
    if isinstance(pairs, Response):
        return pairs
    try:
        receipt = twilio_receipts.parse(pairs)
    except ValueError:
        return _refused("twilio_status", "broken", 400)
    number = app.keyring.unmark("twilio", attempt) if attempt else None
    if attempt and number is None:
        return _refused("twilio_status", "forged", 403)
    await _receiver(request).take((number, receipt))
    return Response(status_code=204)


@router.post("/twilio/inbound")
async def twilio_inbound(request: Request, app: TheApp) -> Response:
    """A resident texts us. Kept, done and answered once, whether it is posted again or pulled
    later. The answer goes out like any note; the empty one here has Twilio text nothing back."""
    pairs = await _signed(request, app, hook="twilio_inbound")
    if isinstance(pairs, Response):
        return pairs
    try:
        message = twilio_inbox.parse(pairs)
    except ValueError:
        return _refused("twilio_inbound", "broken", 400)
    await the_inbox(request).take(message)
    return Response(SAY_NOTHING, media_type="text/xml")


async def _signed(request: Request, app: App, *, hook: str) -> list[tuple[str, str]] | Response:
    """The form Twilio signed together with the URL it was given, or the refusal."""
    body = await _body(request, LARGEST_FORM)
    token = app.settings.twilio_auth_token
    if body is None or token is None:
        return _refused(hook, "too_big" if body is None else "off", 400)
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    url = f"{app.settings.public_url}{request.url.path}"
    if request.url.query:
        url += f"?{request.url.query}"
    signed = twilio_receipts.verify(
        url=url, params=pairs, signature=request.headers.get("X-Twilio-Signature"),
        auth_token=token.get_secret_value(),
    )  # fmt: skip
    return pairs if signed else _refused(hook, "forged", 403)


@router.post("/push/{mark}")
async def push_beacon(mark: str, request: Request, app: TheApp) -> Response:
    """The browser's service worker says that a notification was shown."""
    return await _beacon(mark, request, app, word="shown", report=Report.DELIVERED)


@router.post("/push/{mark}/opened")
async def push_opened(mark: str, request: Request, app: TheApp) -> Response:
    """It says that a notification was tapped; where the first word was lost, that tells as much."""
    return await _beacon(mark, request, app, word="opened", report=Report.OPENED)


@router.post("/push/{mark}/answer")
async def push_answer(mark: str, request: Request, app: TheApp) -> Response:
    """One of the buttons of a notification was pressed: `choice` is the number of the option. The
    mark proves whose it is; sent again, it counts once. Answers with what to show instead."""
    if app.keyring.unmark("beacon", mark) is None:
        return _refused("push", "forged", 403)
    choice = (await small_json(request)).get("choice")
    chosen = {choice if type(choice) is int and 0 <= choice < 2**15 else NONE}
    find = answering_pages.by_link(app.keyring, mark)
    standing = await answering_pages.look(app.db, find)
    if standing is None:
        return Response(status_code=404)
    words = templates(app.settings).words(standing.language)
    status, told = 200, push_answers.not_counted(words)
    try:
        voted = await answering_pages.answer(app.db, app.rates, find, {1: chosen})
        told = push_answers.counted(
            words, receipt=voted.receipt, until=standing.close_at,
            needs_help=standing.ask.urgent in chosen,
        )  # fmt: skip
    except Closed:
        status, told = 409, push_answers.closed(words)
    except NotFound:
        status = 404
    except NoAnswer:
        status = 422
    except TooMany:
        status = 403  # not 429, or it would be tried again at once
    return JSONResponse(asdict(told), status, headers={"cache-control": "no-store"})


async def _beacon(mark: str, request: Request, app: App, *, word: str, report: Report) -> Response:
    number = app.keyring.unmark("beacon", mark)
    if number is None:
        return _refused("push", "forged", 403)
    receipt = Receipt(provider="push", key=f"{word}:{number}", report=report, at=clock.now())
    await _receiver(request).take((number, receipt))
    return Response(status_code=204)


@router.post("/mail/bounce")
async def mail_bounce(
    request: Request, app: TheApp, to: Annotated[str | None, Query()] = None
) -> Response:
    """A bounce or complaint as a raw message, with the address it came to in `to` or in the
    header X-Original-To; else the message itself is asked. The MAC there is what proves it."""
    body = await _body(request, LARGEST_MAIL)
    if not body:
        return _refused("mail_bounce", "too_big" if body is None else "broken", 400)
    recipient = to or request.headers.get("X-Original-To")
    try:
        # A hostile mail may take a second to read: not on the loop that serves everybody.
        number, receipts = await asyncio.to_thread(
            bouncing.read, app.keyring, body, recipient=recipient
        )
    except bouncing.Forged:
        return _refused("mail_bounce", "forged", 403)
    except Unreadable:
        return _refused("mail_bounce", "broken", 400)
    await asyncio.gather(*(_receiver(request).take((number, receipt)) for receipt in receipts))
    return Response(status_code=204)


CALLED_MOST: Final = {"/hooks/twilio/status": twilio_status}
"""By path, and posted to: told of every message, thousands a second."""


def _receiver(request: Request) -> Receiver:
    return the_receiver(request)


async def _body(request: Request, limit: int) -> bytes | None:
    """The body, or None when it is longer than `limit` or the caller hung up."""
    parts = bytearray()
    try:
        async for part in request.stream():
            parts += part
            if len(parts) > limit:
                return None
    except ClientDisconnect:
        return None
    return bytes(parts)


def _refused(hook: str, why: str, status: int) -> Response:
    metrics.refused_hooks.labels(hook, why).inc()
    log.warning("hook.refused", hook=hook, why=why)
    return Response(status_code=status)
