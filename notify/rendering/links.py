"""Public addresses of a broadcast: the long one for mails, a short one where letters cost."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

_SHORT = 22  # base64 of 16 bytes without its padding


def page_url(public_url: str, broadcast_id: UUID) -> str:
    return f"{public_url}/b/{broadcast_id}"


def short_url(public_url: str, broadcast_id: UUID) -> str:
    return f"{public_url}/b/{shorten(broadcast_id)}"


def answer_url(public_url: str, token: str) -> str:
    """Where one reader answers what a broadcast asks."""
    return f"{public_url}/answer/{token}"


def shorten(broadcast_id: UUID) -> str:
    """The id as 22 URL-safe characters (RFC 4648, section 5)."""
    return urlsafe_b64encode(broadcast_id.bytes).decode().rstrip("=")


def read(reference: str) -> UUID | None:
    """The id behind either form, or None. Each id has exactly one short form."""
    try:
        if len(reference) != _SHORT:
            return UUID(reference)
        found = UUID(bytes=urlsafe_b64decode(reference.encode("ascii") + b"=="))
    except ValueError:
        return None
    return found if shorten(found) == reference else None
