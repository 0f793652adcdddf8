"""Posts signed webhooks as fast as they are taken: status callbacks, as a gateway after a break does,
and what phones text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from rig.caller import Calls, Failed, call_all, request
from rig.service import Rig
from sandbox.texts import signature

AT_ONCE = 64


def flood(rig: Rig, attempts: Sequence[int], *, times: int = 2) -> Calls:
    """Report each attempt as delivered, so many times. Raises Failed for one that is not taken."""
    calls = [_call(rig, attempt) for attempt in attempts for _ in range(times)]
    done = call_all(rig.environment["NOTIFY_PUBLIC_URL"], calls, connections=AT_ONCE)
    if set(done.statuses) != {204}:
        raise Failed(f"not every report was taken: {dict(done.statuses)}")
    return done


@dataclass(frozen=True, slots=True)
class Texted:
    """What a phone texts to one of our numbers; `sid` is the gateway's id of it."""

    sender: str
    to: str
    body: str
    sid: str


def texts(rig: Rig, every: Sequence[Texted]) -> Calls:
    """Post each once. Raises Failed for one that is not taken."""
    url = rig.environment["NOTIFY_PUBLIC_URL"]
    done = call_all(url, [text_call(rig, one) for one in every], connections=AT_ONCE)
    if set(done.statuses) != {200}:
        raise Failed(f"not every text was taken: {dict(done.statuses)}")
    return done


def text_call(rig: Rig, text: Texted) -> bytes:
    """The request by which the gateway brings a text."""
    form = {
        "AccountSid": rig.environment["NOTIFY_TWILIO_ACCOUNT_SID"], "Body": text.body,
        "From": text.sender, "MessageSid": text.sid, "NumMedia": "0", "SmsSid": text.sid,
        "SmsStatus": "received", "To": text.to,
    }  # fmt: skip
    return _signed(rig, f"{rig.environment['NOTIFY_PUBLIC_URL']}/hooks/twilio/inbound", form)


def _call(rig: Rig, attempt: int) -> bytes:
    account = rig.environment["NOTIFY_TWILIO_ACCOUNT_SID"]
    mark = rig.keyring.mark("twilio", attempt)
    url = f"{rig.environment['NOTIFY_PUBLIC_URL']}/hooks/twilio/status?attempt={mark}"
    sid = f"SM{attempt:032x}"
    form = {
        "AccountSid": account, "MessageSid": sid, "MessageStatus": "delivered", "SmsSid": sid,
        "SmsStatus": "delivered",
    }  # fmt: skip
    return _signed(rig, url, form)


def _signed(rig: Rig, url: str, form: Mapping[str, str]) -> bytes:
    token = rig.environment["NOTIFY_TWILIO_AUTH_TOKEN"]
    return request(
        "POST", url, body=urlencode(form).encode(), X_Twilio_Signature=signature(url, form, token),
        Content_Type="application/x-www-form-urlencoded",
    )  # fmt: skip
