"""What is read from reports that keep to a standard."""

import base64
import quopri

import pytest

from channels.bounces import Bounce, parse
from channels.receipts import Report
from tests.channels.bounce_mails import fields, report, stored


def test_a_whole_report_is_read() -> None:
    assert parse(stored("postfix")) == [
        Bounce(
            original_recipient="erika+sturm@example.org",
            report=Report.FAILED,
            gone=True,
            reason="no_such_address",
            code="550 5.1.1",
            envelope_id="att1",
            message_id="d1@example.com",
        )
    ]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_each_recipient_of_a_report_is_read(line_end: str) -> None:
    raw = report(
        fields("failed", "5.1.1").replace("erika", "a"),
        fields("delayed", "4.4.1").replace("erika", "b"),
        fields("delivered", "2.0.0").replace("erika", "c"),
        fields("relayed", "2.0.0").replace("erika", "d"),
        fields("expanded", "2.0.0").replace("erika", "e"),
        line_end=line_end,
    )

    found = parse(raw)

    assert [(b.original_recipient, b.report, b.gone) for b in found] == [
        ("a@example.org", Report.FAILED, True),
        ("b@example.org", Report.DELAYED, False),
        ("c@example.org", Report.DELIVERED, False),
        ("d@example.org", Report.SENT, False),
        ("e@example.org", Report.SENT, False),
    ]
    assert {b.envelope_id for b in found} == {"att1"}


@pytest.mark.parametrize(
    ("action", "status", "diagnostic", "gone", "reason", "code"),
    [
        pytest.param("failed", "5.1.1", "", True, "no_such_address", "5.1.1", id="no address"),
        pytest.param("failed", "5.1.10", "", True, "no_such_address", "5.1.10", id="null MX"),
        pytest.param("failed", "5.1.6", "", True, "no_such_address", "5.1.6", id="moved"),
        pytest.param(
            "Failed (final)",
            "5.1.1 (bad address)",
            "",
            True,
            "no_such_address",
            "5.1.1",
            id="comments",
        ),
        pytest.param("error", "5.1.1", "", True, "no_such_address", "5.1.1", id="opensmtpd"),
        pytest.param("", "5.1.1", "", True, "no_such_address", "5.1.1", id="no action"),
        pytest.param(
            "failed",
            "5.0.0",
            "smtp; 550 5.1.1 no",
            True,
            "no_such_address",
            "550 5.1.1",
            id="only the diagnostic is telling",
        ),
        pytest.param(
            "failed",
            "5.0.0",
            "smtp; 550-5.1.1 no",
            True,
            "no_such_address",
            "550 5.1.1",
            id="diagnostic of several lines",
        ),
        pytest.param(
            "failed",
            "5.1.1",
            "smtp; 550 5.7.1 blocked",
            False,
            "refused_by_policy",
            "550 5.7.1",
            id="the two disagree",
        ),
        pytest.param(
            "failed",
            "5.7.1",
            "smtp; 550 5.1.1 no",
            False,
            "no_such_address",
            "550 5.1.1",
            id="the two disagree the other way",
        ),
        pytest.param("failed", "5.2.2", "", False, "mailbox_full", "5.2.2", id="full for good"),
        pytest.param("failed", "4.2.2", "", False, "mailbox_full", "4.2.2", id="full"),
        pytest.param("failed", "4.4.7", "", False, "gave_up", "4.4.7", id="too long"),
        pytest.param("failed", "4.1.1", "", False, "gave_up", "4.1.1", id="soft"),
        pytest.param("failed", "5.7.26", "", False, "refused_by_policy", "5.7.26", id="policy"),
        pytest.param("failed", "5.1.2", "", False, "no_such_domain", "5.1.2", id="domain"),
        pytest.param("failed", "5.2.1", "", False, "mailbox_disabled", "5.2.1", id="disabled"),
        pytest.param("failed", "5.0.0", "", False, "refused", "5.0.0", id="says nothing"),
        pytest.param("failed", "", "", False, "refused", None, id="no status"),
        pytest.param(
            "failed",
            "5.0.0",
            "smtp; 550 from [5.1.1.1]",
            False,
            "refused",
            "550 5.0.0",
            id="an IP address is no status",
        ),
    ],
)
def test_a_failure_means(
    action: str, status: str, diagnostic: str, gone: bool, reason: str, code: str | None
) -> None:
    (found,) = parse(report(fields(action, status, diagnostic)))

    assert (found.report, found.gone) == (Report.FAILED, gone)
    assert (found.reason, found.code) == (reason, code)


@pytest.mark.parametrize(
    ("action", "status"), [("delayed", "4.4.1"), ("delayed", "5.1.1"), ("", "4.2.2")]
)
def test_a_delay_suppresses_nothing(action: str, status: str) -> None:
    (found,) = parse(report(fields(action, status)))

    assert (found.report, found.gone, found.reason) == (Report.DELAYED, False, None)


@pytest.mark.parametrize(
    "original",
    [
        pytest.param(
            "Content-Type: message/rfc822\n\nMessage-ID: <d1@example.com>\n\nText", id="whole mail"
        ),
        pytest.param(
            "Content-Type: text/rfc822-headers\n\nMessage-ID: <d1@example.com>\n", id="head"
        ),
        pytest.param(
            "Content-Type: message/global-headers\n\nMessage-ID: <d1@example.com>\n", id="global"
        ),
        pytest.param(
            "Content-Type: text/rfc822-headers\nContent-Transfer-Encoding: base64\n\n"
            + base64.b64encode(b"Message-ID: <d1@example.com>\n").decode(),
            id="head in base64",
        ),
    ],
)
def test_our_message_id_is_found_in_what_came_back(original: str) -> None:
    (found,) = parse(report(fields(), original=original))

    assert found.message_id == "d1@example.com"


def test_a_report_without_the_original_names_no_message_id() -> None:
    (found,) = parse(report(fields(), about="Reporting-MTA: dns; mx.example.net"))

    assert (found.message_id, found.envelope_id) == (None, None)


@pytest.mark.parametrize("kind", ["message/delivery-status", "message/global-delivery-status"])
@pytest.mark.parametrize("coding", ["7bit", "base64", "quoted-printable"])
def test_a_report_is_read_in_every_coding(kind: str, coding: str) -> None:
    text = f"Reporting-MTA: dns; x\nOriginal-Envelope-Id: att1\n\n{fields()}\n"
    coded = {
        "7bit": text,
        "base64": base64.encodebytes(text.encode()).decode(),
        "quoted-printable": quopri.encodestring(text.encode()).decode(),
    }[coding]

    (found,) = parse(report(kind=kind, about=coded, head=f"Content-Transfer-Encoding: {coding}"))

    assert (found.gone, found.envelope_id) == (True, "att1")
    assert found.original_recipient == "erika@example.org"


def test_a_report_inside_another_multipart_is_read() -> None:
    inner = report(fields()).decode("latin-1").partition("MIME-Version: 1.0\n")[2]
    raw = f'From: x\nContent-Type: multipart/mixed; boundary="o"\n\n--o\n{inner}\n--o--\n'

    (found,) = parse(raw.encode("latin-1"))

    assert found.gone


def test_a_report_that_somebody_only_forwards_is_nothing() -> None:
    raw = b"From: x\nContent-Type: message/rfc822\n\n" + report(fields())

    assert parse(raw) == []


def test_a_complaint_is_read() -> None:
    assert parse(stored("complaint")) == [
        Bounce(
            original_recipient="erika@example.org",
            report=Report.COMPLAINED,
            gone=True,
            reason="marked_as_spam",
            code="abuse",
            envelope_id="att1",
            message_id="d1@example.com",
        )
    ]


def test_a_complaint_that_hides_the_recipient_is_read() -> None:
    raw = stored("complaint").replace(b"Original-Rcpt-To: <erika@example.org>\n", b"")

    (found,) = parse(raw)

    assert (found.original_recipient, found.report) == (None, Report.COMPLAINED)


@pytest.mark.parametrize("kind", ["not-spam", "auth-failure", "virus", "other"])
def test_feedback_that_is_no_complaint_is_nothing(kind: str) -> None:
    assert parse(stored("complaint").replace(b": abuse", b": " + kind.encode())) == []


def test_opting_out_by_feedback_is_a_complaint() -> None:
    (found,) = parse(stored("complaint").replace(b": abuse", b": opt-out"))

    assert (found.report, found.gone, found.reason) == (Report.COMPLAINED, True, "opted_out")
