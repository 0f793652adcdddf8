"""What is read from bounces of no standard, from garbage, and from mails that are no report."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.bounces import LARGEST, Bounce, Unreadable, parse
from channels.receipts import Report
from tests.channels.bounce_mails import fields, report, stored


@pytest.mark.parametrize("name", ["exim", "qmail"])
def test_a_bounce_of_no_standard_is_read(name: str) -> None:
    (found,) = parse(stored(name))

    assert (found.original_recipient, found.report) == ("erika@example.org", Report.FAILED)
    assert (found.gone, found.reason, found.code) == (True, "no_such_address", "5.1.1")


def test_a_bounce_of_no_standard_suppresses_only_if_its_codes_say_so() -> None:
    (full,) = parse(stored("qmail").replace(b"#5.1.1", b"#5.2.2"))
    (mute,) = parse(stored("qmail").replace(b"(#5.1.1)", b""))
    (both,) = parse(stored("qmail").replace(b"(#5.1.1)", b"(#5.1.1) (#5.7.1)"))

    assert (full.report, full.gone, full.reason) == (Report.FAILED, False, "mailbox_full")
    assert (mute.report, mute.gone, mute.reason) == (Report.FAILED, False, "refused")
    assert (both.report, both.gone) == (Report.FAILED, False)


def test_a_bounce_without_words_suppresses_nothing() -> None:
    raw = b"From: x\nX-Failed-Recipients: erika@example.org\nContent-Type: image/png\n\nAAAA\n"

    (found,) = parse(raw)

    assert (found.original_recipient, found.gone) == ("erika@example.org", False)


def test_a_report_whose_recipient_is_no_address_is_read_by_its_ids() -> None:
    (found,) = parse(report(fields().replace("erika@example.org", "erika")))

    assert (found.original_recipient, found.envelope_id) == (None, "att1")


def test_a_warning_of_no_standard_is_a_delay() -> None:
    raw = (
        b"From: postmaster@example.net\nSubject: Warning: could not send message for past 4 hours\n"
        b"Content-Type: text/plain\n\nThe original message was received at Tue\n\n"
        b"   ----- The following addresses had transient non-fatal errors -----\n"
        b"<erika@example.org>\n\n   ----- Transcript of session follows -----\n"
    )

    (found,) = parse(raw)

    assert (found.report, found.gone) == (Report.DELAYED, False)


@pytest.mark.parametrize("name", ["out_of_office", "reply"])
def test_what_people_and_their_robots_write_is_nothing(name: str) -> None:
    assert parse(stored(name)) == []


@pytest.mark.parametrize(
    "head", [b"X-Autoreply: yes", b"Precedence: auto_reply", b"X-Autorespond: weg"]
)
def test_a_robot_is_known_by_other_headers_too(head: bytes) -> None:
    raw = stored("qmail").replace(b"Subject:", head + b"\nSubject:", 1)

    assert parse(raw) == []


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x00\xff\xfe" * 99, id="bytes"),
        pytest.param(b"just words\n", id="no header"),
        pytest.param(b"{}", id="json"),
        pytest.param(b"A: b\n\n" + b"x" * LARGEST, id="too big"),
        pytest.param(report(), id="no recipient"),
        pytest.param(report(kind="message/feedback-report"), id="feedback without a type"),
        pytest.param(
            report(about="!!!", head="Content-Transfer-Encoding: base64"), id="broken base64"
        ),
        pytest.param(
            b"".join(
                b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (i, i)
                for i in range(500)
            ),
            id="nested deeply",
        ),
        pytest.param(
            b'A: b\nContent-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n\nx\n" * 500,
            id="many parts",
        ),
    ],
)
def test_garbage_is_refused(raw: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        parse(raw)

    assert caught.value.__cause__ is None


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_report_is_read_or_refused(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["postfix", "complaint", "exim", "qmail"]))
    raw = bytearray(stored(name))
    for place in data.draw(st.lists(st.integers(0, len(raw) - 1), max_size=8)):
        raw[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(raw)))

    try:
        found = parse(bytes(raw[:cut]))
    except Unreadable:
        return

    assert all(isinstance(bounce, Bounce) for bounce in found)


@pytest.mark.parametrize(
    "filler", [b"\r\n", b"<", b"> ", b"a@b.c ", b"5.1.1 ", b"(", b"--b\n", b"x" * 70 + b"\n"]
)
def test_a_large_mail_takes_no_long_time(filler: bytes) -> None:
    raw = b"From: x\nSubject: failure notice\n\n" + filler * ((LARGEST - 99) // len(filler))
    before = time.process_time()

    parse(raw)

    assert time.process_time() - before < 5


def test_a_bounce_does_not_show_whom_it_is_about() -> None:
    assert "erika" not in repr(parse(stored("postfix")))
