"""Mails as a receiver reads them: built, sent to a real server, parsed by the stdlib."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from channels.email import EmailChannel
from channels.messages import Email
from channels.mime import build, plain, plain_line, plain_name, wire_address
from tests.channels.smtp_double import HOST, Inbox, an_email, real

DATE = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)


def _read(raw: bytes) -> EmailMessage:
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def _built(**changes: object) -> EmailMessage:
    return _read(build(an_email(**changes), date=DATE))


def _content(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    content = part.get_content()
    assert isinstance(content, str)
    return content.replace("\r\n", "\n")


@dataclass
class Line:
    """A channel to a real server, for tests that cannot be coroutines."""

    runner: asyncio.Runner
    channel: EmailChannel
    inbox: Inbox

    def carry(self, email: Email) -> EmailMessage:
        self.runner.run(self.channel.send(email))
        return _read(self.inbox.envelopes.pop().original_content or b"")


@pytest.fixture(scope="module")
def line() -> Iterator[Line]:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        inbox = runner.run(stack.enter_async_context(real(data_size_limit=None)))
        channel = EmailChannel(f"smtp://{HOST}:{inbox.port}?tls=none")
        yield Line(runner, channel, inbox)
        runner.run(channel.close())
        runner.run(stack.aclose())


_TEXT = st.text(max_size=300)
_TRICKY = st.lists(
    st.one_of(
        st.sampled_from(
            ["\r", "\n", "\r\n", ".", "..", "\r\n.\r\n", "\n.\n", " ", "\t", "=", "=?utf-8?q?x?="]
        ),
        st.sampled_from(["ä", "ß", "🌪️", "؟نعم", "\u202e", "\0", "\x0b", "\u2028", "--=_x", "ud"]),
        st.text(max_size=20),
    ),
    max_size=30,
).map("".join)


@settings(max_examples=60, deadline=None)
@given(
    subject=_TRICKY | _TEXT, text=_TRICKY | _TEXT, html=_TRICKY | _TEXT, name=st.text(max_size=8)
)
@example(subject="", text="", html="", name="")
@example(subject="ä" * 2000, text="x" * 5000, html="ü" * 5000, name="Ö")
@example(subject="x" * 2000, text=".\n" * 300, html="\r" * 300, name="x")
@example(subject="a  b", text="\ud800", html="From x\n", name='"Stadt" \\ <a@b>, x')
def test_what_a_real_server_receives_reads_like_what_was_given(
    line: Line, subject: str, text: str, html: str, name: str
) -> None:
    email = an_email(subject=subject, text=text, html=html, from_name=name)

    mail = line.carry(email)

    assert _content(mail, "plain") == plain(text)
    assert _content(mail, "html") == plain(html)
    assert mail.get_all("Subject") == [plain_line(subject)]
    assert mail["From"].addresses[0].addr_spec == "stadt@example.com"
    assert mail["From"].addresses[0].display_name == plain_name(name)


@pytest.mark.parametrize(
    ("given_text", "arrives"),
    [
        pytest.param("a\r\nb\rc\nd", "a\nb\nc\nd", id="line ends"),
        pytest.param("a\0b\x0bc\x7fd\x85e", "abcde", id="control characters"),
        pytest.param("a\tb \n", "a\tb \n", id="tab, space at the end"),
        pytest.param("x\ud800y", "x\ufffdy", id="lone surrogate"),
        pytest.param("x" * 3000, "x" * 3000, id="long line"),
        pytest.param(".\n..\n.x", ".\n..\n.x", id="dots"),
        pytest.param("", "", id="nothing"),
        pytest.param("مرحبا 🌪️", "مرحبا 🌪️", id="right to left, emoji"),
    ],
)
def test_a_text_arrives_normalised(line: Line, given_text: str, arrives: str) -> None:
    mail = line.carry(an_email(text=given_text, html=given_text))

    assert _content(mail, "plain") == arrives
    assert _content(mail, "html") == arrives


@pytest.mark.parametrize(
    "subject", ["Sturm", "Grüße " * 300, "x" * 3000, "=?utf-8?q?no?=", "🌪️" * 90]
)
def test_no_line_is_longer_than_a_server_takes_and_all_end_in_crlf(subject: str) -> None:
    raw = build(an_email(subject=subject, from_name=subject, text=subject, html="ä" * 9), date=DATE)

    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert raw.replace(b"\r\n", b"").find(b"\n") == -1
    assert raw.replace(b"\r\n", b"").find(b"\r") == -1
    assert raw.isascii()
    assert _read(raw)["Subject"] == subject.strip()


@pytest.mark.parametrize("field", ["subject", "from_name"])
def test_a_line_end_in_a_subject_or_name_makes_no_header(field: str) -> None:
    mail = _built(**{field: "Sturm\nBcc: all@example.org\r\n\r\n<b>x</b>"})

    assert "Bcc" not in mail
    assert _content(mail, "plain") == "Bleiben Sie im Haus."
    assert "Sturm Bcc: all@example.org" in str(mail["Subject" if field == "subject" else "From"])


def test_a_long_display_name_arrives_whole() -> None:
    raw = build(an_email(from_name="Öffentlicher Dienst " * 9), date=DATE)

    # The newer parser of the stdlib leaves spaces between the encoded words of a name.
    found = message_from_bytes(raw, policy=policy.compat32)["From"]
    name = "Öffentlicher Dienst " * 9
    assert str(make_header(decode_header(found))) == f"{name.strip()} <stadt@example.com>"


@pytest.mark.parametrize("bad", ["\r\nX: y", "\n", "\r", "\0", " ", "\x7f", "ä", "<", ">"])
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("to", "erika{}@"),
        ("from_address", "stadt@exa{}mple.com@"),
        ("reply_to", "{}@"),
        ("message_id", "d{}1@example.com"),
        ("in_reply_to", "d{}1@example.com"),
        ("unsubscribe_url", "https://example.com/{}leave"),
        ("language", "d{}e"),
    ],
)
def test_an_address_url_or_id_that_is_none_is_refused(field: str, value: str, bad: str) -> None:
    with pytest.raises(ValueError, match=r"cannot stand|e-mail address") as caught:
        _built(**{field: value.format(bad)})

    assert "erika" not in str(caught.value)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "mailto:a@example.org", "", "https://"])
def test_only_web_addresses_are_for_leaving(url: str) -> None:
    if url:
        with pytest.raises(ValueError, match="unsubscribe_url"):
            _built(unsubscribe_url=url)
    else:
        assert "List-Unsubscribe" not in _built(unsubscribe_url=url)


def test_leaving_takes_one_click_and_the_url_stays_in_one_piece() -> None:
    url = "https://stadt.example/u/" + "a" * 300 + "?x=1,2;3"

    raw = build(an_email(unsubscribe_url=url), date=DATE)

    assert f"\r\nList-Unsubscribe: <{url}>\r\n".encode() in raw
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw


def test_the_headers_of_a_plain_mail() -> None:
    mail = _built(reply_to="rathaus@müller.example", to="o'neil+x@example.org")

    assert mail["Date"].datetime == DATE
    assert mail["To"] == "o'neil+x@example.org"
    assert mail["Reply-To"] == "rathaus@xn--mller-kva.example"
    assert mail["Message-ID"] == "<d1@example.com>"
    assert mail["Content-Language"] == "de"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Precedence"] == "bulk"
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert not {"Importance", "X-Priority", "In-Reply-To", "References"} & set(mail.keys())
    assert mail.defects == []


def test_an_urgent_follow_up_says_so() -> None:
    mail = _built(urgent=True, in_reply_to="d0@example.com", language="de-x-simple")

    assert (mail["Importance"], mail["X-Priority"]) == ("high", "1")
    assert "Precedence" not in mail
    assert mail["In-Reply-To"] == mail["References"] == "<d0@example.com>"
    assert mail["Content-Language"] == "de-x-simple"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("a@straße.example", "a@xn--strae-oqa.example"),
        ("a@MÜLLER.example", "a@xn--mller-kva.example"),
        ("jürgen@example.org", "jürgen@example.org"),
        ('"a b"@example.org', '"a b"@example.org'),
    ],
)
def test_an_address_goes_over_the_wire_as(address: str, expected: str) -> None:
    assert wire_address(address) == expected


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "@example.org",
        "a@",
        "a b@example.org",
        "a..b@example.org",
        ".a@example.org",
        "a@exa mple.org",
        "a@example..org",
        "a@b@example.org",
        "<a@example.org>",
        "Erika <a@example.org>",
        "a@example.org,b@example.org",
        '"a\r\nb"@example.org',
        "a\u2028b@example.org",
        "a@\ud800.example",
        "a\ud800@example.org",
        "a@-\u00ad.example",
        "x" * 250 + "@example.org",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="e-mail address"):
        wire_address(address)
