"""Reads the URL of a mail relay into the facts a connection needs."""

from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import idna

EXAMPLE = "smtp://user:password@mail.example.org:587"


class Tls(StrEnum):
    """How a connection to a relay is protected; never "if the server happens to offer it"."""

    STARTTLS = "starttls"
    IMPLICIT = "implicit"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Relay:
    """Where mails are handed over. `rate` is in mails per second, None for no limit."""

    host: str
    port: int
    tls: Tls
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    rate: float | None = None

    @property
    def sender(self) -> str:
        """The relay's name in tables, logs and metrics: no credentials in it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        scheme = "smtps" if self.tls is Tls.IMPLICIT else "smtp"
        return f"{scheme}://{host}:{self.port}"


def relay(url: str) -> Relay:
    """Reads `smtp://user:pass@host:587` (STARTTLS required), `smtps://` (TLS from the start,
    465), `?tls=none` (plain permitted, 25) and `?rate=50`.

    ValueError says what to write and never repeats the URL, which may hold a password.
    """
    parts = _split(url)
    username, password = _credentials(parts)
    query = _query(parts)
    tls = _tls(parts.scheme, query.get("tls"))
    default_port = {Tls.STARTTLS: 587, Tls.IMPLICIT: 465, Tls.NONE: 25}[tls]
    return Relay(
        host=_host(parts),
        port=_port(parts) or default_port,
        tls=tls,
        username=username,
        password=password,
        rate=_rate(query.get("rate")),
    )


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        raise ValueError(f"this is no mail relay URL; write it like {EXAMPLE}") from None
    if parts.scheme not in {"smtp", "smtps"}:
        raise ValueError(f"a mail relay URL starts with smtp:// or smtps://, like {EXAMPLE}")
    if parts.path not in {"", "/"} or parts.fragment:
        raise ValueError(
            "a mail relay URL ends after host and port; write /, # and ? in a user name or "
            "password as %2F, %23 and %3F"
        )
    return parts


def _host(parts: SplitResult) -> str:
    host = parts.hostname
    if not host or any(char.isspace() for char in host):
        raise ValueError(f"the mail relay URL names no host; write it like {EXAMPLE}")
    if host.isascii():
        return host
    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError:
        raise ValueError("the host in the mail relay URL is no valid name") from None


def _port(parts: SplitResult) -> int | None:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError(
            "the port in the mail relay URL is a number from 1 to 65535; write :, / and @ in a "
            "user name or password as %3A, %2F and %40"
        )
    return port


def _credentials(parts: SplitResult) -> tuple[str | None, str | None]:
    if not parts.username:
        if parts.password:
            raise ValueError(f"the mail relay URL has a password but no user; like {EXAMPLE}")
        return None, None
    if parts.password is None:
        raise ValueError(f"the mail relay URL has a user but no password; like {EXAMPLE}")
    return unquote(parts.username), unquote(parts.password)


def _query(parts: SplitResult) -> dict[str, str]:
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    if query.keys() - {"tls", "rate"}:
        raise ValueError("a mail relay URL takes only ?tls=none and ?rate=50 after the port")
    return query


def _tls(scheme: str, wish: str | None) -> Tls:
    if wish not in {None, "none"}:
        raise ValueError("?tls= in a mail relay URL can only be none; leave it out for TLS")
    if scheme == "smtps":
        if wish == "none":
            raise ValueError("smtps:// is TLS; for a plain connection write smtp://…?tls=none")
        return Tls.IMPLICIT
    return Tls.NONE if wish == "none" else Tls.STARTTLS


def _rate(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate < float("inf"):
        raise ValueError("?rate= in a mail relay URL is mails per second, like ?rate=50")
    return rate
