"""Proof and meaning of what Twilio posts back."""

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from channels.receipts import Receipt, Report
from channels.twilio_codes import CODES, Kind
from channels.twilio_receipts import parse, verify

URL = "https://town.example/hooks/twilio/status?a=0198&m=x%2Fy'z"
TOKEN = "auth-token-of-the-tests"
SID = "SM" + "c" * 32
POSTED = "MessageSid=SM1&MessageStatus=sent&To=%2B4915112345678&Empty=&Media=b&Media=a&Body=%C3%BC"
PAIRS = parse_qsl(POSTED, keep_blank_values=True)
SIGNED = RequestValidator(TOKEN).compute_signature(URL, MultiDict(PAIRS))


def test_what_twilio_signed_is_believed() -> None:
    assert verify(url=URL, params=PAIRS, signature=SIGNED, auth_token=TOKEN)


@pytest.mark.parametrize(
    ("url", "params", "signature", "token"),
    [
        pytest.param(URL, PAIRS, None, TOKEN, id="no signature"),
        pytest.param(URL, PAIRS, "", TOKEN, id="empty signature"),
        pytest.param(URL, PAIRS, SIGNED[:-1], TOKEN, id="short signature"),
        pytest.param(URL, PAIRS, SIGNED.swapcase(), TOKEN, id="wrong signature"),
        pytest.param(URL, PAIRS, SIGNED, "another", id="another token"),
        pytest.param(URL, PAIRS, SIGNED, "", id="no token set"),
        pytest.param(URL + "1", PAIRS, SIGNED, TOKEN, id="another address"),
        pytest.param(URL, PAIRS[:-1], SIGNED, TOKEN, id="a field taken away"),
        pytest.param(URL, list(dict(PAIRS).items()), SIGNED, TOKEN, id="a duplicate taken away"),
        pytest.param(URL, [*PAIRS, ("ErrorCode", "30005")], SIGNED, TOKEN, id="a field added"),
        pytest.param("https://[", PAIRS, SIGNED, TOKEN, id="no address"),
        pytest.param("https://t:x/", PAIRS, SIGNED, TOKEN, id="no port"),
        pytest.param(URL, [("a", "\ud800")], SIGNED, TOKEN, id="no text"),
    ],
)
def test_anything_else_is_not(
    url: str, params: list[tuple[str, str]], signature: str | None, token: str
) -> None:
    assert not verify(url=url, params=params, signature=signature, auth_token=token)


@given(st.text(), st.lists(st.tuples(st.text(), st.text())), st.text())
def test_verifying_never_raises(url: str, params: list[tuple[str, str]], signature: str) -> None:
    assert not verify(url=url, params=params, signature=signature, auth_token=TOKEN)


@pytest.mark.parametrize(
    ("status", "report", "reason"),
    [
        pytest.param("accepted", Report.SENT, None, id="accepted"),
        pytest.param("scheduled", Report.SENT, None, id="scheduled"),
        pytest.param("queued", Report.SENT, None, id="queued"),
        pytest.param("sending", Report.SENT, None, id="sending"),
        pytest.param("sent", Report.SENT, None, id="sent"),
        pytest.param("partially_delivered", Report.SENT, "partially_delivered", id="partially"),
        pytest.param("delivered", Report.DELIVERED, None, id="delivered"),
        pytest.param("read", Report.DELIVERED, None, id="read"),
        pytest.param("undelivered", Report.FAILED, "undelivered", id="undelivered"),
        pytest.param("failed", Report.FAILED, "undelivered", id="failed"),
        pytest.param("canceled", Report.FAILED, "cancelled", id="canceled"),
    ],
)
def test_each_status_has_one_report(status: str, report: Report, reason: str | None) -> None:
    told = parse([("MessageSid", SID), ("MessageStatus", status)])

    assert told == Receipt(
        provider="twilio",
        key=f"{SID}:{status}:",
        report=report,
        provider_id=SID,
        reason=reason,
    )


@pytest.mark.parametrize("code", CODES)
def test_a_failure_carries_its_reason_and_whether_the_number_is_gone(code: int) -> None:
    told = parse([("SmsSid", SID), ("SmsStatus", "undelivered"), ("ErrorCode", str(code))])

    assert told.key == f"{SID}:undelivered:{code}"
    assert (told.reason, told.code) == (CODES[code].reason, str(code))
    assert told.gone is (CODES[code].kind is Kind.GONE)


@pytest.mark.parametrize(
    ("code", "gone"),
    [
        pytest.param("21610", True, id="opted out"),
        pytest.param("30003", False, id="handset off"),
        pytest.param("30004", False, id="blocked"),
        pytest.param("30005", True, id="unknown number"),
        pytest.param("30006", True, id="landline"),
        pytest.param("30007", False, id="filtered"),
        pytest.param("30008", False, id="unexplained"),
        pytest.param("39999", False, id="unheard of"),
    ],
)
def test_only_a_fact_about_the_number_suppresses_it(code: str, gone: bool) -> None:
    told = parse([("MessageSid", SID), ("MessageStatus", "failed"), ("ErrorCode", code)])

    assert told.gone is gone


def test_a_code_beside_a_success_suppresses_nothing() -> None:
    told = parse([("MessageSid", SID), ("MessageStatus", "delivered"), ("ErrorCode", "30005")])

    assert (told.report, told.reason, told.gone) == (Report.DELIVERED, None, False)


@pytest.mark.parametrize("nothing", ["", "0"])
def test_no_error_is_no_code(nothing: str) -> None:
    told = parse([("MessageSid", SID), ("MessageStatus", "sent"), ("ErrorCode", nothing)])

    assert told.code is None


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        pytest.param({"MessageSid": ""}, "MessageSid", id="no sid"),
        pytest.param({"MessageSid": "SM secret"}, "MessageSid", id="odd sid"),
        pytest.param({"MessageSid": "S" * 65}, "MessageSid", id="long sid"),
        pytest.param({"MessageStatus": ""}, "MessageStatus", id="no status"),
        pytest.param({"MessageStatus": "secret"}, "MessageStatus", id="unknown status"),
        pytest.param({"MessageStatus": "received"}, "MessageStatus", id="inbound status"),
        pytest.param({"ErrorCode": "secret"}, "ErrorCode", id="odd code"),
        pytest.param({"ErrorCode": "1" * 5000}, "ErrorCode", id="long code"),
    ],
)
def test_what_cannot_be_read_is_named_without_its_value(
    changed: dict[str, str], field: str
) -> None:
    fields = {"MessageSid": SID, "MessageStatus": "failed", "ErrorCode": "30003"} | changed

    with pytest.raises(ValueError, match=field) as raised:
        parse(list(fields.items()))

    assert "secret" not in str(raised.value)
