"""Posts signed status callbacks as fast as they are taken, as a gateway after a break does."""

from collections.abc import Sequence
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


def _call(rig: Rig, attempt: int) -> bytes:
    account = rig.environment["NOTIFY_TWILIO_ACCOUNT_SID"]
    token = rig.environment["NOTIFY_TWILIO_AUTH_TOKEN"]
    mark = rig.keyring.mark("twilio", attempt)
    url = f"{rig.environment['NOTIFY_PUBLIC_URL']}/hooks/twilio/status?attempt={mark}"
    sid = f"SM{attempt:032x}"
    form = {
        "AccountSid": account, "MessageSid": sid, "MessageStatus": "delivered", "SmsSid": sid,
        "SmsStatus": "delivered",
    }  # fmt: skip
    return request(
        "POST", url, body=urlencode(form).encode(), X_Twilio_Signature=signature(url, form, token),
        Content_Type="application/x-www-form-urlencoded",
    )  # fmt: skip
