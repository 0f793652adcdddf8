"""Where a request comes from, as coarse as bounds need it: /24 of IPv4, /48 of IPv6."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final

from fastapi import Request

from notify.log import get
from notify.settings import Settings

log = get(__name__)

UNKNOWN: Final = "unknown"

_LONGEST: Final = 2_000  # characters of X-Forwarded-For that are read
_Address = IPv4Address | IPv6Address


def network(request: Request, settings: Settings) -> str:
    """The network of whoever connects. X-Forwarded-For is believed only as far as each of those
    who wrote it, from the last on, is one of TRUSTED_PROXIES."""
    at = _address(request.client.host) if request.client else None
    lines = request.headers.getlist("x-forwarded-for")
    told = ",".join(lines)[-_LONGEST:].split(",")
    if is_proxy_unnamed(settings) or (
        lines and at and not _is_trusted(at, settings.trusted_proxies)
    ):
        warn_once()
    while at is not None and told and _is_trusted(at, settings.trusted_proxies):
        before = _address(told.pop())
        if before is None:
            break
        at = before
    return _network(at) if at else UNKNOWN


def is_proxy_unnamed(settings: Settings) -> bool:
    """Whether a proxy must be in front, for it speaks https and we do not, and none is named."""
    return settings.public_url.startswith("https:") and not settings.trusted_proxies


@lru_cache(maxsize=1)
def warn_once() -> None:
    """Tell the operator that a town behind a proxy that is not named counts as one network."""
    log.warning("network.proxy_unnamed", see="NOTIFY_TRUSTED_PROXIES")


def _is_trusted(at: _Address, proxies: Sequence[str]) -> bool:
    return any(at in net for net in _networks(tuple(proxies)))


@lru_cache(maxsize=8)
def _networks(proxies: tuple[str, ...]) -> list[IPv4Network | IPv6Network]:
    return [ip_network(proxy, strict=False) for proxy in proxies]


def _address(text: str) -> _Address | None:
    """An address as proxies write it, with a port or without."""
    tidy = text.strip()
    if tidy.startswith("["):
        tidy = tidy[1:].partition("]")[0]
    elif tidy.count(":") == 1:
        tidy = tidy.partition(":")[0]
    try:
        at = ip_address(tidy)
    except ValueError:
        return None
    return (at.ipv4_mapped or at) if isinstance(at, IPv6Address) else at


def _network(at: _Address) -> str:
    return str(ip_network((at, 24 if at.version == 4 else 48), strict=False))
