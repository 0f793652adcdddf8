"""Proves and reads what Twilio reports about a message (status callbacks, message records)."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from multidict import MultiDict
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from channels.receipts import Receipt, Report
from channels.twilio_codes import CODES, Kind

PROVIDER: Final = "twilio"

# https://www.twilio.com/docs/messaging/api/message-resource#message-status-values
_REPORTS: Final[Mapping[str, Report]] = {
    "accepted": Report.SENT,
    "scheduled": Report.SENT,
    "queued": Report.SENT,
    "sending": Report.SENT,
    "sent": Report.SENT,
    # Some of the segments arrived: neither delivered nor failed, and a later report may say.
    "partially_delivered": Report.SENT,
    "delivered": Report.DELIVERED,
    "read": Report.DELIVERED,
    "undelivered": Report.FAILED,
    "failed": Report.FAILED,
    "canceled": Report.FAILED,
}

_SID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CODE: Final = re.compile(r"[0-9]{1,6}")


def verify(
    *,
    url: str,
    params: Iterable[tuple[str, str]],
    signature: str | None,
    auth_token: str,
) -> bool:
    """Whether Twilio signed this request; never raises.

    `url` is the public address as it was given to Twilio, query included and not rebuilt;
    `params` are the pairs of the posted form, duplicates and blanks kept.
    https://www.twilio.com/docs/usage/security#validating-requests
    """
    if not signature or not auth_token:
        return False
    try:
        return bool(RequestValidator(auth_token).validate(url, MultiDict(params), signature))
    except (ValueError, TypeError):  # no URL at all, or no text
        return False


def parse(params: Iterable[tuple[str, str]]) -> Receipt:
    """Reads a status callback; whose attempt it is about stands in the URL, not in here.

    Raises ValueError naming the field that cannot be read, without its value.
    """
    fields = MultiDict(params)
    return receipt(
        provider_id=fields.get("MessageSid") or fields.get("SmsSid") or "",
        status=fields.get("MessageStatus") or fields.get("SmsStatus") or "",
        code=fields.get("ErrorCode"),
    )


def receipt(
    *, provider_id: str, status: str, code: str | None, at: datetime | None = None
) -> Receipt:
    """Turns Twilio's status and error code into a receipt.

    Raises ValueError naming the field that cannot be read, without its value.
    """
    if not _SID.fullmatch(provider_id):
        raise ValueError("MessageSid is missing or malformed")
    report = _REPORTS.get(status)
    if report is None:
        raise ValueError("MessageStatus is missing or unknown")
    raw = code if code and code != "0" else None
    if raw is not None and not _CODE.fullmatch(raw):
        raise ValueError("ErrorCode is malformed")
    reason, gone = _reason(status, report, raw)
    return Receipt(
        provider=PROVIDER,
        key=f"{provider_id}:{status}:{raw or ''}",
        report=report,
        provider_id=provider_id,
        reason=reason,
        code=raw,
        gone=gone,
        at=at,
    )


def _reason(status: str, report: Report, code: str | None) -> tuple[str | None, bool]:
    if status == "canceled":
        return "cancelled", False
    if report is not Report.FAILED:
        return ("partially_delivered", False) if status == "partially_delivered" else (None, False)
    meaning = CODES.get(int(code)) if code else None
    if meaning is None:
        return "undelivered", False
    return meaning.reason, meaning.kind is Kind.GONE
