"""Sends web push messages: encrypted for one browser, posted to its push service (RFC 8030)."""

import asyncio
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from pywebpush import WebPusher, WebPushException
from typing_extensions import override
from yarl import URL

from channels.base import AddressGone, Failure, OutcomeUnknown, Rejected, Sent, TryAgain
from channels.messages import Push
from channels.push_hosts import NoPublicAddress, PushHosts, Refused, decode_keys, origin
from channels.push_services import Service, Services
from channels.vapid import Refusals, VapidSigner, make_vapid_key, public_key

__all__ = ["MAX_PAYLOAD", "PushChannel", "make_vapid_key", "public_key"]

MAX_PAYLOAD = 2_700
"""Bytes. Browsers take nearly 4 kB, but messages bridged over FCM end at 2,744."""

MAX_TTL = 28 * 86_400
"""Seconds. FCM keeps nothing longer than four weeks."""

_DAY = 86_400.0
_MAX_BODY = 4_096
_BODY_SECONDS = 1.0
_MAX_ID = 512
_LATER = frozenset({406, 429, 503})  # it is about the service, not about the message


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    retry_after: str | None
    location: str | None


class PushChannel:
    """The push services of all browsers, reached with one VAPID key.

    `timeout` is in seconds for a whole request; half of it may go to connecting. The session
    is opened by the first `send` and is ours to `close`.
    """

    sender = "push"

    def __init__(
        self,
        *,
        vapid_private_key: str,
        subject: str,
        hosts: PushHosts,
        concurrency: int = 50,
        timeout: float = 15.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.concurrency = concurrency
        self._hosts = hosts
        self._clock = clock
        self._signer = VapidSigner(vapid_private_key, subject=subject, clock=clock)
        self._refusals = Refusals()
        self._services = Services(slots=concurrency)
        # Connecting ends well before the whole: so a time-out tells whether anything was sent.
        self._timeout = aiohttp.ClientTimeout(total=timeout, connect=timeout / 2)
        self._session: aiohttp.ClientSession | None = None

    async def send(self, message: Push) -> Sent:
        """Hand one message to the push service of its browser."""
        if len(message.payload) > MAX_PAYLOAD:
            raise Rejected("too_big")
        if not message.payload:
            raise Rejected("empty")
        try:
            url = self._hosts.accept(message.endpoint)
        except Refused as refused:
            raise Rejected("host_not_allowed", code=refused.reason) from None
        service = self._services.at(origin(url))
        async with service.turn():
            body = _encrypt(message)
            headers = _headers(message, authorization=self._signer.header(origin(url)))
            answer = await self._asked(service, url, body, headers=headers)
        return self._outcome(answer, url)

    async def probe(self) -> None:
        """Nothing to ask: push services know us by each message's signature alone, and the key
        and subject were checked when this channel was made."""

    async def close(self) -> None:
        """Close the connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _asked(
        self, service: Service, url: URL, body: bytes, *, headers: Mapping[str, str]
    ) -> _Answer:
        """Post, and remember what the answer says about the service."""
        try:
            answer = await self._post(url, body, headers=headers)
        except Failure:
            service.failed()
            raise
        if answer.status in _LATER:
            service.rest(retry_after(answer.retry_after, now=self._clock()))
        elif answer.status == 408 or answer.status >= 500:
            service.failed()
        else:
            service.worked()
        return answer

    async def _post(self, url: URL, body: bytes, *, headers: Mapping[str, str]) -> _Answer:
        # Errors of aiohttp may quote the URL, which is the resident's address: none is chained.
        try:
            async with self._open().post(
                url, data=body, headers=headers, allow_redirects=False, timeout=self._timeout
            ) as response:
                await _drain(response)
                return _Answer(
                    response.status,
                    response.headers.get("Retry-After"),
                    response.headers.get("Location"),
                )
        except aiohttp.ClientConnectorError as error:
            private = isinstance(error.os_error, NoPublicAddress)
            code = "private_address" if private else None
            raise TryAgain("unreachable", code=code) from None
        except aiohttp.ConnectionTimeoutError:
            raise TryAgain("unreachable", code="timeout") from None
        except (aiohttp.ClientError, TimeoutError):
            raise OutcomeUnknown("no_answer") from None

    def _outcome(self, answer: _Answer, url: URL) -> Sent:
        code = str(answer.status)
        if 200 <= answer.status < 300:
            self._refusals.accepted(origin(url))
            return Sent(provider_id=_message_path(answer.location), code=code)
        if answer.status in {401, 403}:
            raise self._refusals.judge(origin(url), str(url), code=code)
        after = retry_after(answer.retry_after, now=self._clock())
        raise _failure(answer.status, after=after)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    resolver=_Resolver(self._hosts), limit=self.concurrency
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "citizen-notify"},
                timeout=self._timeout,
                auto_decompress=False,
                trust_env=False,
            )
        return self._session


class _Resolver(AbstractResolver):
    """Gives aiohttp only the addresses it may connect to."""

    def __init__(self, hosts: PushHosts) -> None:
        self._hosts = hosts

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ip_address(address).version == 6 else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in await self._hosts.addresses(host, port)
        ]

    @override
    async def close(self) -> None:
        """Holds nothing."""


def retry_after(value: str | None, *, now: float) -> float | None:
    """Read a Retry-After header, seconds or a date, as seconds from `now`, at most a day.

    `now` is in seconds since the epoch. What cannot be read is no wish.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:16]), _DAY) if len(text) <= 16 else _DAY
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    aware = date if date.tzinfo else date.replace(tzinfo=UTC)
    wait = (aware - datetime.fromtimestamp(now, UTC)).total_seconds()
    return min(max(wait, 0.0), _DAY)


def _encrypt(message: Push) -> bytes:
    """Encrypt for the one browser (RFC 8291, aes128gcm)."""
    try:
        decode_keys(message.p256dh, message.auth)
        pusher = WebPusher(
            {
                "endpoint": message.endpoint,
                "keys": {"p256dh": _padded(message.p256dh), "auth": _padded(message.auth)},
            }
        )
        return bytes(pusher.encode(message.payload)["body"])
    except (ValueError, WebPushException):
        # Refused is a ValueError, and so is a point that is not on the curve.
        raise AddressGone("bad_keys") from None


def _padded(text: str) -> str:
    bare = text.rstrip("=")
    return bare + "=" * (-len(bare) % 4)


def _headers(message: Push, *, authorization: str) -> dict[str, str]:
    headers = {
        "Authorization": authorization,
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(min(max(message.ttl, 0), MAX_TTL)),
        "Urgency": message.urgency,
    }
    if message.topic is not None:
        headers["Topic"] = message.topic
    return headers


async def _drain(response: aiohttp.ClientResponse) -> None:
    """Read a short answer to its end, so that the connection can be used again.

    The status is known by now: what goes wrong here changes nothing, and a long or slow
    answer costs its connection.
    """
    with suppress(aiohttp.ClientError, TimeoutError):
        async with asyncio.timeout(_BODY_SECONDS):
            left = _MAX_BODY
            while left > 0 and (chunk := await response.content.read(left)):
                left -= len(chunk)


def _failure(status: int, *, after: float | None) -> Failure:
    """Name what a refusal means for the delivery."""
    code = str(status)
    if status in {404, 410}:
        return AddressGone("subscription_gone", code=code)
    # 406 is how Microsoft's push service throttles.
    if status in {406, 429}:
        return TryAgain("throttled", code=code, after=after)
    if status == 408 or status >= 500:
        return TryAgain("provider_error", code=code, after=after)
    if status == 413:
        return Rejected("too_big", code=code)
    return Rejected("redirected" if status < 400 else "refused", code=code)


def _message_path(location: str | None) -> str | None:
    """Give the path the push service named the message by, if it is fit to be kept."""
    if not location or len(location) > MAX_PAYLOAD or not location.isascii():
        return None
    try:
        path = urlsplit(location).path
    except ValueError:
        return None
    return path if path and path.isprintable() and len(path) <= _MAX_ID else None
