"""From which network a request comes, and whom to believe about it."""

import pytest
from fastapi import Request
from structlog.testing import capture_logs

from notify.settings import Settings
from notify.web.network import UNKNOWN, network, warn_once

PROXIES = ("10.0.0.0/8", "fd00::1")


def _seen(
    peer: str | None,
    *told: str,
    proxies: tuple[str, ...] = PROXIES,
    url: str = "http://localhost",
) -> str:
    headers = [(b"x-forwarded-for", line.encode("latin-1")) for line in told]
    client = (peer, 4711) if peer else None
    scope = {"type": "http", "headers": headers, "client": client}
    return network(Request(scope), Settings(trusted_proxies=proxies, public_url=url))


@pytest.mark.parametrize(
    ("peer", "told", "seen"),
    [
        pytest.param("192.0.2.77", [], "192.0.2.0/24", id="IPv4"),
        pytest.param("2001:db8:1:2::3", [], "2001:db8:1::/48", id="IPv6"),
        pytest.param("::ffff:192.0.2.77", [], "192.0.2.0/24", id="IPv4 in IPv6"),
        pytest.param(None, [], UNKNOWN, id="a socket file"),
        pytest.param("192.0.2.77", ["203.0.113.9"], "192.0.2.0/24", id="a stranger tells"),
        pytest.param("10.1.2.3", ["203.0.113.9"], "203.0.113.0/24", id="our proxy tells"),
        pytest.param("10.1.2.3", ["1.1.1.1, 203.0.113.9"], "203.0.113.0/24", id="forged before"),
        pytest.param("10.1.2.3", ["203.0.113.9, 10.9.9.9"], "203.0.113.0/24", id="two proxies"),
        pytest.param("10.1.2.3", ["203.0.113.9", "fd00::1"], "203.0.113.0/24", id="two headers"),
        pytest.param("10.1.2.3", [], "10.1.2.0/24", id="a proxy that says nothing"),
        pytest.param("10.1.2.3", ["nobody"], "10.1.2.0/24", id="what is no address"),
        pytest.param("10.1.2.3", ["203.0.113.9:5000"], "203.0.113.0/24", id="with a port"),
        pytest.param("fd00::1", ["[2001:db8::1]:5000"], "2001:db8::/48", id="IPv6 with a port"),
        pytest.param("10.1.2.3", ["10.0.0.1"], "10.0.0.0/24", id="proxies all the way"),
    ],
)  # fmt: skip
def test_the_network_of_a_request(peer: str | None, told: list[str], seen: str) -> None:
    assert _seen(peer, *told) == seen


@pytest.mark.parametrize(
    ("url", "told", "proxies", "warns"),
    [
        pytest.param("https://example.org", [], (), True, id="https by nobody"),
        pytest.param("https://example.org", ["203.0.113.9"], PROXIES, False, id="named"),
        pytest.param("http://localhost", ["203.0.113.9"], ("192.0.2.1",), True, id="another named"),
        pytest.param("http://localhost", ["203.0.113.9"], (), True, id="none named"),
        pytest.param("http://localhost", [], (), False, id="no proxy"),
    ],
)
def test_a_proxy_that_is_not_named_is_told_of_once(
    url: str, told: list[str], proxies: tuple[str, ...], warns: bool
) -> None:
    warn_once.cache_clear()

    with capture_logs() as logs:
        for _ in range(3):
            _seen("10.1.2.3", *told, proxies=proxies, url=url)

    assert [one["event"] for one in logs] == ["network.proxy_unnamed"] * warns


def test_nobody_is_believed_unless_named() -> None:
    assert _seen("10.1.2.3", "203.0.113.9", proxies=()) == "10.1.2.0/24"


def test_a_proxy_that_is_no_address_is_named() -> None:
    with pytest.raises(ValueError, match="write one like"):
        Settings(trusted_proxies=("proxy.example",))


def test_a_country_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match="two letters"):
        Settings(sms_countries=("Germany",))
