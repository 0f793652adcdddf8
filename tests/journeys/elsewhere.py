"""Other people's servers, written from their specifications and sharing nothing with the sandbox."""

import asyncio
import base64
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import http_ece
from aiohttp import web
from aiosmtpd.controller import Controller
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import jwt
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from demo.service import free_port

ACCOUNT, TOKEN = "AC" + "b" * 32, "the-token-of-elsewhere"
PARAMETERS = {"To", "From", "Body", "StatusCallback", "ValidityPeriod"}


class Postman:
    """What aiosmtpd asks: which recipients, and what to do with a mail."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, list[str], bytes]] = []

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address.startswith("nobody"):
            return "550 5.1.1 mailbox unavailable"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 fine"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append((envelope.mail_from, list(envelope.rcpt_tos), envelope.content))
        return "250 2.0.0 Ok: queued as 4XyZ"


@contextmanager
def post_office() -> Iterator[tuple[Postman, str]]:
    """A mail server without PIPELINING, DSN or CHUNKING; gives its URL."""
    postman = Postman()
    controller = Controller(postman, hostname="127.0.0.1", port=free_port(), enable_SMTPUTF8=False)
    controller.start()
    try:
        yield postman, f"smtp://127.0.0.1:{controller.port}?tls=none"
    finally:
        controller.stop()


class Phones:
    """The Messages resource of Twilio's API, as its public description has it: what is not in
    there is refused."""

    def __init__(self) -> None:
        self.texts: list[dict[str, str]] = []
        self.answers: list[int] = []

    def app(self) -> web.Application:
        app = web.Application()
        path = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
        app.router.add_post(path, self._create)
        return app

    async def _create(self, request: web.Request) -> web.Response:
        wanted = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        if request.headers.get("Authorization") != wanted:
            return _error(401, 20003, "Authenticate")
        if request.content_type != "application/x-www-form-urlencoded":
            return _error(415, 20415, "Unsupported media type")
        form = {name: str(value) for name, value in (await request.post()).items()}
        problem = _wrong(form)
        if problem is not None:
            return _error(400, *problem)
        sid = f"SM{len(self.texts):032x}"
        self.texts.append(form)
        asyncio.get_running_loop().create_task(self._report(sid, form))
        now = format_datetime(datetime.now(UTC))
        resource: dict[str, Any] = {
            "account_sid": ACCOUNT, "api_version": "2010-04-01", "body": form["Body"],
            "date_created": now, "date_sent": None, "date_updated": now,
            "direction": "outbound-api", "error_code": None, "error_message": None,
            "from": form["From"], "messaging_service_sid": None, "num_media": "0",
            "num_segments": "1", "price": None, "price_unit": None, "sid": sid,
            "status": "queued", "subresource_uris": {}, "to": form["To"],
            "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}.json",
        }  # fmt: skip
        return web.json_response(resource, status=201)

    async def _report(self, sid: str, form: dict[str, str]) -> None:
        """Tell how it goes, signed by Twilio's own library."""
        signer = RequestValidator(TOKEN)
        url = form["StatusCallback"]
        async with aiohttp.ClientSession() as session:
            for status in ("sent", "delivered"):
                said = {
                    "AccountSid": ACCOUNT, "ApiVersion": "2010-04-01", "From": form["From"],
                    "MessageSid": sid, "MessageStatus": status, "SmsSid": sid,
                    "SmsStatus": status, "To": form["To"], "RawDlrDoneDate": "2601011200",
                }  # fmt: skip
                sign = {"X-Twilio-Signature": signer.compute_signature(url, said)}
                async with session.post(url, data=said, headers=sign) as answer:
                    self.answers.append(answer.status)


def _wrong(form: dict[str, str]) -> tuple[int, str] | None:
    callback = urlsplit(form.get("StatusCallback", ""))
    checks = (
        (set(form) <= PARAMETERS, 20001, "Unknown parameters"),
        (re.fullmatch(r"\+[1-9]\d{6,14}", form.get("To", "")), 21211, "Invalid To"),
        (re.fullmatch(r"\+[1-9]\d{6,14}", form.get("From", "")), 21212, "Invalid From"),
        (0 < len(form.get("Body", "")) <= 1600, 21617, "Body is missing or too long"),
        (callback.scheme in {"http", "https"} and callback.netloc, 21609, "Invalid callback"),
        (re.fullmatch(r"[1-9]\d{0,4}", form.get("ValidityPeriod", "1")), 21620, "Invalid validity"),
        (int(form.get("ValidityPeriod", "1")) <= 36_000, 21620, "Validity is too long"),
    )
    return next(((code, text) for fine, code, text in checks if not fine), None)


def _error(status: int, code: int, message: str) -> web.Response:
    more = f"https://www.twilio.com/docs/errors/{code}"
    body = {"code": code, "message": message, "more_info": more, "status": status}
    return web.json_response(body, status=status)


class PushOffice:
    """A push service (RFC 8030) and its one browser (RFC 8291), which reads with http_ece."""

    def __init__(self) -> None:
        self.url = ""
        self.read: list[tuple[dict[str, str], bytes]] = []
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._auth = os.urandom(16)

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/wpush/v2/{name}", self._push)
        return app

    def subscription(self, name: str = "abc") -> dict[str, Any]:
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        keys = {"p256dh": _b64(point), "auth": _b64(self._auth)}
        return {"endpoint": f"{self.url}/wpush/v2/{name}", "keys": keys}

    async def _push(self, request: web.Request) -> web.Response:
        if request.match_info["name"] == "gone":
            return web.json_response({"code": 410, "errno": 106}, status=410)
        scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
        parts = dict(part.strip().split("=", 1) for part in rest.split(",") if "=" in part)
        if scheme.lower() != "vapid" or "t" not in parts or "k" not in parts:
            return web.Response(status=401)
        claims = jwt.decode(parts["t"], parts["k"])  # type: ignore[no-untyped-call]
        if not claims or claims["aud"] != self.url or not claims["sub"].startswith("mailto:"):
            return web.Response(status=403)
        if request.headers.get("Content-Encoding") != "aes128gcm" or "TTL" not in request.headers:
            return web.Response(status=400)
        plain = http_ece.decrypt(  # type: ignore[no-untyped-call]
            await request.read(), private_key=self._key, auth_secret=self._auth
        )
        self.read.append((dict(request.headers), bytes(plain)))
        return web.Response(status=201, headers={"Location": f"{self.url}/m/1", "TTL": "60"})


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@contextmanager
def served(app: web.Application) -> Iterator[str]:
    """The application on a free port, in a thread of its own; gives its URL."""
    loop = asyncio.new_event_loop()
    where: list[int] = []

    async def start() -> web.AppRunner:
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        where.append(runner.addresses[0][1])
        return runner

    runner = loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{where[0]}"
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
