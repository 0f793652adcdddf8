"""What the gateway refuses at once, with Twilio's own error codes."""

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 &_+-]{1,11}")
_SERVICE = re.compile(r"MG[0-9a-f]{32}")
_URL = re.compile(r"https?://[^/\s]+\S*")


class Refused(Exception):
    """Answered instead of the message: Twilio's code, and the HTTP status it comes with."""

    def __init__(self, code: int, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


@dataclass(frozen=True, slots=True)
class Outgoing:
    """The parameters of a text, checked."""

    to: str
    body: str
    sender: str | None
    service: str | None
    callback: str | None
    validity: int | None


def check(
    form: dict[str, str],
    *,
    numbers: AbstractSet[str],
    opted_out: AbstractSet[tuple[str, str]],
) -> Outgoing:
    """Check what was posted; raises Refused for the first thing that is wrong."""
    to, body = form.get("To", ""), form.get("Body", "")
    sender, service = form.get("From"), form.get("MessagingServiceSid")
    if not to:
        raise Refused(21604, "A 'To' phone number is required.")
    if not _NUMBER.fullmatch(to):
        raise Refused(21211, "Invalid 'To' Phone Number")
    if not body:
        raise Refused(21602, "Message body is required.")
    if len(body) > 1600:
        raise Refused(21617, "The concatenated message body exceeds the 1600 character limit")
    _check_sender(sender, service, numbers)
    if (to, sender or service or "") in opted_out:
        raise Refused(21610, "Attempt to send to unsubscribed recipient")
    callback = form.get("StatusCallback")
    if callback is not None and not _URL.fullmatch(callback):
        raise Refused(21609, "Invalid 'StatusCallback' URL")
    validity = _validity(form.get("ValidityPeriod"))
    return Outgoing(to, body, sender, service, callback, validity)


def _check_sender(sender: str | None, service: str | None, numbers: AbstractSet[str]) -> None:
    if service is not None:
        if not _SERVICE.fullmatch(service):
            raise Refused(21701, "The Messaging Service does not exist")
        return
    if not sender:
        raise Refused(21603, "A 'From' phone number is required.")
    if not (_NUMBER.fullmatch(sender) or _NAME.fullmatch(sender)):
        raise Refused(21212, "Invalid 'From' Phone Number")
    if numbers and sender not in numbers:
        raise Refused(21606, "The 'From' phone number is not valid for your account")


def _validity(given: str | None) -> int | None:
    if given is None:
        return None
    if not given.isdigit() or not 1 <= int(given) <= 36_000:
        raise Refused(90007, "ValidityPeriod must be between 1 and 36000 seconds")
    return int(given)
