"""The table of SMTP replies."""

import pytest

from channels.base import AddressGone, Failure, Rejected, SenderDown, SenderStopped, TryAgain
from channels.replies import Phase, queue_id, refusal

RCPT, MAIL, BODY = Phase.RCPT, Phase.MAIL, Phase.BODY


@pytest.mark.parametrize(
    ("phase", "reply", "failure", "reason"),
    [
        # Every phase
        (Phase.RCPT, "421 4.7.0 not this one", TryAgain, "relay_busy"),
        (Phase.DATA, "421 4.3.2 shutting down", SenderDown, "relay_busy"),
        (Phase.GREETING, "450 later", SenderDown, "relay_busy"),
        (Phase.GREETING, "554 no service for you", SenderDown, "refused_connection"),
        (Phase.GREETING, "250 odd", SenderDown, "garbled_answer"),
        (Phase.TLS, "454 4.7.0 not available", SenderDown, "tls_failed"),
        (Phase.AUTH, "454 4.7.0 backend down", SenderDown, "relay_busy"),
        (Phase.AUTH, "535 5.7.8 wrong", SenderStopped, "credentials_refused"),
        (Phase.AUTH, "334 more", SenderDown, "garbled_answer"),
        (RCPT, "530 5.7.0 log in first", SenderStopped, "credentials_refused"),
        # MAIL
        (MAIL, "451 4.7.1 too fast", SenderDown, "throttled"),
        (MAIL, "452 4.3.1 disk full", SenderDown, "throttled"),
        (MAIL, "452 disk full", SenderDown, "relay_busy"),
        (MAIL, "450 4.1.8 try later", TryAgain, "try_later"),
        (MAIL, "552 5.3.4 too large", Rejected, "too_big"),
        (MAIL, "552 too large", Rejected, "too_big"),
        (MAIL, "550 5.7.1 not your address", SenderStopped, "sender_refused"),
        (MAIL, "553 5.1.8 domain not found", SenderStopped, "sender_refused"),
        (MAIL, "550 no", SenderStopped, "sender_refused"),
        (MAIL, "501 5.5.4 syntax", Rejected, "not_understood"),
        (MAIL, "555 what is that", Rejected, "not_understood"),
        # RCPT, for now
        (RCPT, "450 4.2.0 greylisted", TryAgain, "greylisted"),
        (RCPT, "451 4.7.1 greylisted", TryAgain, "greylisted"),
        (RCPT, "450 later", TryAgain, "greylisted"),
        (RCPT, "452 4.2.2 full", TryAgain, "mailbox_full"),
        (RCPT, "452 full", TryAgain, "mailbox_full"),
        (RCPT, "450 4.1.2 domain not found", TryAgain, "try_later"),
        (RCPT, "451 4.3.0 trouble", TryAgain, "relay_busy"),
        (RCPT, "471 4.7.0 slow down", TryAgain, "throttled"),
        # RCPT, gone
        (RCPT, "550 5.1.1 no", AddressGone, "no_such_address"),
        (RCPT, "553 5.1.3 bad syntax", AddressGone, "no_such_address"),
        (RCPT, "551 5.1.6 moved", AddressGone, "no_such_address"),
        (RCPT, "556 5.1.10 null MX", AddressGone, "no_such_address"),
        (RCPT, "550 #5.1.1 no", AddressGone, "no_such_address"),
        (RCPT, "550 User unknown", AddressGone, "no_such_address"),
        (RCPT, "550 No such user here", AddressGone, "no_such_address"),
        (RCPT, "553 the mailbox does not exist", AddressGone, "no_such_address"),
        # RCPT, refused but good
        (RCPT, "550 no", Rejected, "refused"),
        (RCPT, "550 5.1.0 rejected", Rejected, "refused"),
        (RCPT, "550 5.1.2 no such domain", Rejected, "no_such_domain"),
        (RCPT, "550 5.2.1 disabled", Rejected, "mailbox_disabled"),
        (RCPT, "552 5.2.2 full", Rejected, "mailbox_full"),
        (RCPT, "552 full", Rejected, "mailbox_full"),
        (RCPT, "550 5.4.1 access denied", Rejected, "unreachable"),
        (RCPT, "550 5.7.1 user unknown to our policy", Rejected, "refused_by_policy"),
        (RCPT, "554 5.7.1 blocked", Rejected, "refused_by_policy"),
        (RCPT, "550 4.1.1 classes disagree", Rejected, "refused"),
        (RCPT, "501 syntax", Rejected, "not_understood"),
        (RCPT, "553 5.6.7 not ASCII", Rejected, "needs_smtputf8"),
        (RCPT, "250 odd", TryAgain, "garbled_answer"),
        # RCPT, about us
        (RCPT, "554 5.7.1 Relay access denied", TryAgain, "relaying_denied"),
        (RCPT, "550 relaying denied", TryAgain, "relaying_denied"),
        (RCPT, "550 5.1.1 relay says no such user", AddressGone, "no_such_address"),
        # DATA and the answer to the body
        (Phase.DATA, "354 odd", TryAgain, "garbled_answer"),
        (BODY, "452 4.3.1 disk full", TryAgain, "relay_busy"),
        (BODY, "451 4.7.1 greylisted", TryAgain, "greylisted"),
        (BODY, "552 5.3.4 too large", Rejected, "too_big"),
        (BODY, "552 too large", Rejected, "too_big"),
        (BODY, "552 5.2.2 full", Rejected, "mailbox_full"),
        (BODY, "554 no", Rejected, "refused_content"),
        (BODY, "550 5.6.0 bad MIME", Rejected, "refused_content"),
        (BODY, "554 5.7.1 spam", Rejected, "refused_by_policy"),
        (BODY, "550 5.1.1 no such user", AddressGone, "no_such_address"),
        (BODY, "550 user unknown", Rejected, "refused_content"),
    ],
)
def test_a_reply_means(phase: Phase, reply: str, failure: type[Failure], reason: str) -> None:
    code, _, text = reply.partition(" ")

    found = refusal(phase, int(code), text)

    assert (type(found), found.reason) == (failure, reason)
    assert (found.code or "").startswith(code)


def test_the_code_holds_the_enhanced_status_and_none_of_the_text() -> None:
    assert refusal(RCPT, 550, "5.1.1 <erika@example.org>: unknown").code == "550 5.1.1"
    assert refusal(RCPT, 550, "<erika@example.org>: unknown").code == "550"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2.0.0 Ok: queued as 4YxQ1z2abc", "4YxQ1z2abc", id="postfix"),
        pytest.param("OK id=1rAbCd-000001-2X", "1rAbCd-000001-2X", id="exim"),
        pytest.param("2.0.0 48A1b2c3 Message accepted for delivery", "48A1b2c3", id="sendmail"),
        pytest.param("Ok 0102018f-aaaa-000000", "0102018f-aaaa-000000", id="service"),
        pytest.param("OK", None, id="nothing"),
        pytest.param("Great success", None, id="words"),
        pytest.param("queued as " + "x" * 81, None, id="too long"),
        pytest.param("queued as <erika@example.org>", None, id="an address"),
    ],
)
def test_the_queue_id_is_found(text: str, expected: str | None) -> None:
    assert queue_id(text) == expected
