"""Decides which push services may be contacted, and at which addresses.

The endpoint of a subscription is a URL that anybody may hand in. It is held against an
allow-list when the subscription is taken in, again at every send, and the addresses its name
leads to are checked at the moment of connecting, so that a name that changes where it points
gains nothing. URLs are read with yarl, which is what aiohttp connects by: one reading only.
"""

import asyncio
import base64
import binascii
import re
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from cryptography.hazmat.primitives.asymmetric import ec
from yarl import URL

MAX_ENDPOINT = 2_048
"""Characters of an endpoint; the longest seen from the big push services are below 700."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Name and port in, IP addresses as text out; raises OSError where there are none."""

_URL_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
_HOST_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z](?:[a-z0-9-]*[a-z0-9])?")
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*={0,2}")
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_SIX_TO_FOUR = IPv6Network("2002::/16")
_NAT64 = IPv6Network("64:ff9b::/96")


class Refused(ValueError):
    """A subscription that is not taken in.

    `reason` is one word for the person who handed it in; neither it nor the message holds any
    part of the subscription.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"push subscription refused: {reason}")
        self.reason = reason


class NoPublicAddress(OSError):
    """An allowed name leads to private addresses only."""


class PushHosts:
    """The allow-list: which endpoints we send to, and where their names may lead.

    An entry is a name (`fcm.googleapis.com`), a name with anything below it
    (`*.push.services.mozilla.com`), or a whole origin (`http://127.0.0.1:8123`). Names mean
    https on port 443 at a public address. An origin is taken literally and may be private.
    Raises ValueError for an entry that is none of these.
    """

    def __init__(self, entries: Iterable[str], *, resolve: Resolve | None = None) -> None:
        self._resolve = resolve or _resolve
        names: set[str] = set()
        suffixes: set[str] = set()
        literal: set[URL] = set()
        for entry in entries:
            if "://" in entry:
                literal.add(_literal_entry(entry))
            elif entry.startswith("*."):
                suffixes.add("." + _name_entry(entry, entry.removeprefix("*.")))
            else:
                names.add(_name_entry(entry, entry))
        self._names = frozenset(names)
        self._suffixes = tuple(sorted(suffixes))
        self._literal = frozenset(origin(url) for url in literal)
        self._literal_places = frozenset((url.raw_host, url.port) for url in literal)

    def check(self, endpoint: str) -> None:
        """Raise Refused unless the endpoint may be contacted; looks nothing up."""
        self.accept(endpoint)

    def accept(self, endpoint: str) -> URL:
        """Give the endpoint as the URL to post to, byte for byte. Raises Refused."""
        url = _read(endpoint)
        if origin(url) in self._literal:
            return url
        host = url.raw_host or ""
        if url.scheme != "https":
            raise Refused("not_https")
        if _is_address(host):
            raise Refused("ip_literal")
        if url.port != 443:
            raise Refused("wrong_port")
        if not self._allows(host):
            raise Refused("host_not_allowed")
        return url

    async def addresses(self, host: str, port: int) -> list[str]:
        """Look a host up and keep what may be connected to.

        Raises NoPublicAddress if nothing is left, OSError if the name leads nowhere.
        """
        found = list(await self._resolve(host, port))
        if (host, port) not in self._literal_places:
            found = [address for address in found if is_public(address)]
            if not found:
                raise NoPublicAddress("no public address")
        return found

    def _allows(self, host: str) -> bool:
        if not _HOST_NAME.fullmatch(host):
            return False
        return host in self._names or host.endswith(self._suffixes)


def origin(url: URL) -> str:
    """Name the scheme, host and port of a URL, the port only where it is not the usual one."""
    host = url.raw_host or ""
    host = f"[{host}]" if ":" in host else host
    port = "" if url.is_default_port() else f":{url.port}"
    return f"{url.scheme}://{host}{port}"


def is_public(address: str) -> bool:
    """Tell whether an IP address lies in the public internet.

    IPv4 inside IPv6 (mapped, NAT64) counts as what it leads to; 6to4 and everything outside
    the global unicast block is not public.
    """
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        inner = _inner_ipv4(ip)
        if inner is None:
            return ip.is_global and ip in _GLOBAL_UNICAST and ip not in _SIX_TO_FOUR
        ip = inner
    return ip.is_global and not ip.is_multicast


def check_keys(p256dh: str, auth: str) -> None:
    """Raise Refused unless a browser's keys can be encrypted to (RFC 8291 §2).

    Both are base64url, with or without padding: 65 bytes of an uncompressed point that lies
    on P-256, and a secret of 16 bytes.
    """
    point, _ = decode_keys(p256dh, auth)
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        raise Refused("bad_p256dh") from None


def decode_keys(p256dh: str, auth: str) -> tuple[bytes, bytes]:
    """Decode a browser's keys and check their form, not that the point is on the curve."""
    point = _base64url(p256dh)
    if point is None or len(point) != 65 or point[0] != 4:
        raise Refused("bad_p256dh")
    secret = _base64url(auth)
    if secret is None or len(secret) != 16:
        raise Refused("bad_auth")
    return point, secret


def _base64url(text: str) -> bytes | None:
    if len(text) > 256 or not _BASE64URL.fullmatch(text):
        return None
    bare = text.rstrip("=")
    try:
        return base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
    except binascii.Error:
        return None


def _read(endpoint: str) -> URL:
    if len(endpoint) > MAX_ENDPOINT:
        raise Refused("too_long")
    if not _URL_CHARACTERS.fullmatch(endpoint):
        raise Refused("bad_characters")
    if "#" in endpoint:
        raise Refused("fragment")
    scheme, separator, rest = endpoint.partition("://")
    place, _, path = rest.partition("/")
    if "@" in place:
        raise Refused("userinfo")
    if not separator or not place:
        raise Refused("not_a_url")
    if not path or "?" in place:
        raise Refused("no_path")
    url = _url(f"{scheme}://{place.lower()}/{path}")
    if url is None:
        raise Refused("not_a_url")
    return url


def _url(text: str) -> URL | None:
    with suppress(ValueError):
        url = URL(text, encoded=True)
        origin(url)  # yarl reads the port only when asked for it
        return url
    return None


def _literal_entry(entry: str) -> URL:
    url = _url(entry.lower()) or URL()
    bare = f"{url.scheme}://{url.raw_authority}"
    named = url.raw_host and "@" not in bare
    if not named or url.scheme not in {"http", "https"} or entry.lower().rstrip("/") != bare:
        raise ValueError(
            f"{entry!r} is no push service; write scheme, host and port like http://127.0.0.1:8123"
        )
    return url


def _name_entry(entry: str, name: str) -> str:
    lowered = name.lower()
    if not _HOST_NAME.fullmatch(lowered):
        raise ValueError(
            f"{entry!r} is no push service; write a name like fcm.googleapis.com, "
            "*.push.services.mozilla.com, or scheme, host and port like http://127.0.0.1:8123"
        )
    return lowered


def _is_address(host: str) -> bool:
    # A last label of digits, or one that starts with 0x, makes a browser and the C library
    # read the whole name as an IPv4 address: 2130706433 and 127.1 are 127.0.0.1.
    if ":" in host:
        return True
    last = host.rstrip(".").rpartition(".")[2]
    return last.isdigit() or last.startswith("0x")


def _inner_ipv4(ip: IPv6Address) -> IPv4Address | None:
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped


async def _resolve(host: str, port: int) -> Sequence[str]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
