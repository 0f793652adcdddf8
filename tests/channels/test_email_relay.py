"""Mail relay URLs: what they mean, and what is said of bad ones."""

import pytest

from channels.relay import Relay, Tls, relay


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param(
            "smtp://user:pass@mail.example.org:2587",
            Relay("mail.example.org", 2587, Tls.STARTTLS, "user", "pass"),
            id="whole",
        ),
        pytest.param("smtp://mail", Relay("mail", 587, Tls.STARTTLS), id="submission port"),
        pytest.param("smtps://mail/", Relay("mail", 465, Tls.IMPLICIT), id="TLS port"),
        pytest.param("smtp://mail?tls=none", Relay("mail", 25, Tls.NONE), id="plain"),
        pytest.param(
            "smtps://mail?rate=0.5", Relay("mail", 465, Tls.IMPLICIT, rate=0.5), id="rate"
        ),
        pytest.param(
            "smtp://a%40b.example:p%2F%3A%40%23@mail",
            Relay("mail", 587, Tls.STARTTLS, "a@b.example", "p/:@#"),
            id="percent",
        ),
        pytest.param("smtp://[::1]:25?tls=none", Relay("::1", 25, Tls.NONE), id="IPv6"),
        pytest.param(
            "smtp://straße.example",
            Relay("xn--strae-oqa.example", 587, Tls.STARTTLS),
            id="IDNA",
        ),
    ],
)
def test_a_url_is_read(url: str, expected: Relay) -> None:
    found = relay(url)

    assert found == expected
    assert (found.password or "-none-") not in repr(found)


@pytest.mark.parametrize(
    ("url", "sender"),
    [
        ("smtp://user:pass@mail", "smtp://mail:587"),
        ("smtps://mail", "smtps://mail:465"),
        ("smtp://[::1]:25?tls=none", "smtp://[::1]:25"),
    ],
)
def test_a_relay_is_named_without_credentials(url: str, sender: str) -> None:
    assert relay(url).sender == sender


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        pytest.param("mail.example.org", "smtp://", id="no scheme"),
        pytest.param("http://user:geheim@mail", "smtp://", id="other scheme"),
        pytest.param("smtp://", "names no host", id="no host"),
        pytest.param("smtp://user:geheim@", "names no host", id="credentials only"),
        pytest.param("smtp://user:geheim@ma il", "names no host", id="blank in host"),
        pytest.param("smtp://user:geheim@[::1", "no mail relay URL", id="half an IPv6"),
        pytest.param("smtp://user:geheim@mail:0", "1 to 65535", id="port 0"),
        pytest.param("smtp://user:geheim@mail:99999", "1 to 65535", id="port too high"),
        pytest.param("smtp://user:ge/heim@mail", "%2F", id="slash in password"),
        pytest.param("smtp://user:ge#heim@mail", "%23", id="hash in password"),
        pytest.param("smtp://user:ge?heim@mail", "?tls=none", id="question mark in password"),
        pytest.param("smtp://user:1?heim@mail", "?tls=none", id="digits, question mark"),
        pytest.param("smtp://user@mail", "no password", id="no password"),
        pytest.param("smtp://:geheim@mail", "no user", id="no user"),
        pytest.param("smtp://user:geheim@mail?tls=off", "none", id="unknown tls"),
        pytest.param("smtps://user:geheim@mail?tls=none", "smtp://", id="contradiction"),
        pytest.param("smtp://user:geheim@mail?speed=1", "?rate=50", id="unknown option"),
        pytest.param("smtp://user:geheim@mail?rate=fast", "?rate=50", id="rate no number"),
        pytest.param("smtp://user:geheim@mail?rate=-1", "?rate=50", id="rate negative"),
        pytest.param("smtp://user:geheim@mail?rate=inf", "?rate=50", id="rate infinite"),
        pytest.param("smtp://user:geheim@ä..example", "no valid name", id="host no name"),
    ],
)
def test_a_bad_url_is_answered_with_what_to_write(url: str, advice: str) -> None:
    with pytest.raises(ValueError, match=r"relay URL|smtp") as caught:
        relay(url)

    assert advice in str(caught.value)
    assert "heim" not in str(caught.value)
    assert caught.value.__cause__ is None
