"""Mails from a form, each with its reader's own link: what arrives is what the slow way builds."""

from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import escape

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from channels.base import Rejected
from channels.bodies import body
from channels.email import EmailChannel
from channels.messages import Email
from channels.mime import build, plain, plain_line, plain_name
from tests.channels.smtp_double import a_form, an_email

DATE = datetime(2026, 2, 3, 4, 5, 6, 789, tzinfo=UTC)
GAP = "leave-0123456789abcdef"
URL = "https://stadt.example/leave/eyJyIjoi.x-y?b=1&c='2'"


def _slow(email: Email) -> EmailMessage:
    """The same mail by the stdlib alone, built for this reader from the start."""
    form, url = email.form, email.own or ""
    mail = EmailMessage(policy=policy.SMTP)
    mail["To"] = email.to
    mail["Message-ID"] = f"<{email.message_id}>"
    mail["List-Unsubscribe"] = f"<{url}>"
    mail["Date"] = DATE.replace(microsecond=0)
    mail.make_alternative()
    for subtype, text in (
        ("plain", form.text.replace(GAP, url)),
        ("html", form.html.replace(GAP, escape(url))),
    ):
        part = EmailMessage(policy=policy.SMTP)
        data = plain(text).replace("\n", "\r\n").encode()
        part.set_content(data, "text", subtype, cte="base64", params={"charset": "utf-8"})
        mail.attach(part)
    return _read(mail.as_bytes())


def _read(raw: bytes) -> EmailMessage:
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def _contents(mail: EmailMessage) -> list[str]:
    return [part.get_content() for part in mail.iter_parts()]


@pytest.mark.parametrize("end", [" ", "\t"])
@pytest.mark.parametrize("before", range(70, 80))
def test_a_space_at_the_end_of_a_full_line_stays_within_it(before: int, end: str) -> None:
    full = "x" * before + end + "\n"
    email = an_email(form=a_form(text=full + "and on", html=full, gap=GAP), unsubscribe_url=URL)
    raw = build(email, date=DATE)

    _check_the_wire(raw)
    assert _contents(_read(raw)) == _contents(_slow(email))


def _check_the_wire(raw: bytes) -> None:
    assert raw.isascii()
    assert b"\r\n." not in raw
    assert not set(raw.replace(b"\r\n", b"")) & {10, 13}
    assert raw.count(b"--=_citizen-notify") == 3
    head, _, parts = raw.partition(b"\r\n\r\n")
    assert max(map(len, head.split(b"\r\n"))) <= 998
    assert max(map(len, parts.split(b"\r\n"))) <= 76


def _texts(*alphabets: str) -> st.SearchStrategy[str]:
    """Texts with gaps, also at the edges and where a line is just full."""
    odd = ["\r", "\n", "\r\n", ".", "..", "\n.", "\r\n.\r\n", " ", "\t", "=", "===", "=\n", "--=_x"]
    near = [GAP[:-1], GAP[1:], GAP.upper(), "leave-", "&amp;", "\0", "\x85", "\u2028", "\ud800"]
    return st.lists(
        st.one_of(
            st.just(GAP),
            st.sampled_from([*odd, *near]),
            st.integers(53, 80).map(lambda n: "x" * n),
            st.integers(1, 60).map(lambda n: alphabets[0] * n),
            *(st.text(alphabet, max_size=30) for alphabet in alphabets),
            st.text(max_size=10),
        ),
        max_size=16,
    ).map("".join)


_URLS = st.one_of(
    st.just(URL),
    st.text("ab.=&'\"?/-_~%", min_size=1, max_size=230).map("https://stadt.example/".__add__),
)


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "alphabets",
    [
        pytest.param(("e", "abcdefgh .,=\n"), id="ASCII"),
        pytest.param(("ü", "abcdeäöüß .\n"), id="German"),
        pytest.param(("م", "مرحبا بكم\u200f\n"), id="Arabic"),
        pytest.param(("🌪", "🌪️⚠️👩‍👩‍👧 \n"), id="emoji"),
        pytest.param((".", ".=\r\n \t"), id="dots and line ends"),
    ],
)
def test_what_is_filled_in_reads_like_a_mail_built_for_the_reader(
    alphabets: tuple[str, ...],
) -> None:
    texts = _texts(*alphabets)

    @settings(max_examples=400, deadline=None, database=None)
    @given(text=texts, html=texts, subject=texts, name=st.text(max_size=8), url=_URLS)
    @example(text=GAP, html=GAP * 3, subject="", name="", url=URL)
    @example(text="ü" + GAP, html=GAP + "ü", subject="ü" * 99, name="x", url=URL)
    @example(text="x" * 75 + GAP, html="x" * 76 + GAP + "x" * 75, subject="x", name="", url=URL)
    @example(text="a " + GAP + " b", html="\n" + GAP + "\n", subject="x", name="", url=URL)
    def check(text: str, html: str, subject: str, name: str, url: str) -> None:
        form = a_form(text=text, html=html, subject=subject, from_name=name, gap=GAP)
        email = an_email(form=form, unsubscribe_url=url)

        raw = build(email, date=DATE)

        _check_the_wire(raw)
        ours, slow = _read(raw), _slow(email)
        assert _contents(ours) == _contents(slow)
        for header in ("To", "Message-ID", "Date"):
            assert ours.get_all(header) == slow.get_all(header)
        # The stdlib folds it where it is long, and finds a space there again.
        assert ours["List-Unsubscribe"] == slow["List-Unsubscribe"].strip() == f"<{url}>"
        assert ours.get_all("Subject") == [plain_line(subject)]
        assert ours["From"].addresses[0].display_name == plain_name(name)
        assert len(ours.keys()) == len(set(ours.keys())) == 13

    check()


@pytest.mark.timeout(60)
@settings(max_examples=400, deadline=None, database=None)
@given(
    st.lists(st.text("aü.م=\n ", max_size=120), min_size=1, max_size=5),
    st.text("ab.=&", min_size=1, max_size=200),
)
def test_gaps_are_filled_wherever_they_are(segments: list[str], link: str) -> None:
    encoded = body(segments)

    filled = encoded.filled(link)

    coding = f"Content-Transfer-Encoding: {encoded.coding}\r\n\r\n".encode()
    content = message_from_bytes(coding + filled).get_payload(decode=True)
    assert isinstance(content, bytes)
    assert content.replace(b"\r\n", b"\n").decode() == link.join(segments)
    assert encoded.filled(link) == filled


def test_each_reader_gets_the_own_link_only() -> None:
    form = a_form(text=f"Abmelden: {GAP}", html=f'<a href="{GAP}">Abmelden</a>', gap=GAP)
    links = [f"https://stadt.example/leave/{name}" for name in ("alice", "bob")]

    mails = [_read(build(an_email(form=form, unsubscribe_url=link), date=DATE)) for link in links]

    assert [_contents(mail) for mail in mails] == [
        [f"Abmelden: {link}", f'<a href="{link}">Abmelden</a>'] for link in links
    ]
    assert [mail["List-Unsubscribe"] for mail in mails] == [f"<{link}>" for link in links]


@pytest.mark.parametrize("url", [None, "", "https://a b", "https://a\r\nBcc: x@y.example"])
async def test_a_gap_is_filled_with_a_link_or_the_mail_stays_here(url: str | None) -> None:
    channel = EmailChannel("smtp://127.0.0.1:9?tls=none")

    with pytest.raises(Rejected, match="unsendable"):
        await channel.send(an_email(text=f"Abmelden: {GAP}", gap=GAP, unsubscribe_url=url))


@pytest.mark.parametrize("make", [str.lower, str.upper])
def test_text_that_only_looks_like_the_gap_stays(make: Callable[[str], str]) -> None:
    form = a_form(text=make("Leave-") + GAP[6:-1] + f" {GAP}", gap=GAP)

    mail = _read(build(an_email(form=form, unsubscribe_url=URL), date=DATE))

    assert _contents(mail)[0] == make("Leave-") + GAP[6:-1] + f" {URL}"
