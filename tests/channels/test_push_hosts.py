"""Which endpoints, addresses and keys are taken in."""

from collections.abc import Sequence

import pytest

from channels.push_hosts import (
    MAX_ENDPOINT,
    NoPublicAddress,
    PushHosts,
    Refused,
    check_keys,
    is_public,
    origin,
)
from tests.channels.push_double import Browser

HOSTS = PushHosts(
    ["fcm.googleapis.com", "*.push.services.mozilla.com", "http://127.0.0.1:8123", "http://[::1]:9"]
)
FCM = "https://fcm.googleapis.com"


@pytest.mark.parametrize(
    "endpoint",
    [
        pytest.param(f"{FCM}/fcm/send/abc:APA91b-_", id="name"),
        pytest.param(f"{FCM}:443/fcm/send/abc", id="usual port written out"),
        pytest.param("https://FCM.GoogleAPIs.com/abc", id="capitals"),
        pytest.param("https://updates.push.services.mozilla.com/wpush/v2/x", id="below"),
        pytest.param("https://a.b.push.services.mozilla.com/x", id="two below"),
        pytest.param("http://127.0.0.1:8123/x", id="origin"),
        pytest.param("http://[::1]:9/x", id="IPv6 origin"),
        pytest.param(FCM + "/" + "x" * (MAX_ENDPOINT - len(FCM) - 1), id="longest"),
    ],
)
def test_an_endpoint_of_a_push_service_is_taken(endpoint: str) -> None:
    HOSTS.check(endpoint)


@pytest.mark.parametrize(
    ("endpoint", "reason"),
    [
        pytest.param("http://fcm.googleapis.com/x", "not_https", id="plain"),
        pytest.param("ftp://fcm.googleapis.com/x", "not_https", id="other scheme"),
        pytest.param(f"{FCM}:8443/x", "wrong_port", id="other port"),
        pytest.param(f"{FCM}:99999/x", "not_a_url", id="no port at all"),
        pytest.param("https://u:p@fcm.googleapis.com/x", "userinfo", id="user"),
        pytest.param("https://fcm.googleapis.com@evil.org/x", "userinfo", id="host as user"),
        pytest.param("https://@fcm.googleapis.com/x", "userinfo", id="empty user"),
        pytest.param(f"{FCM}/x#y", "fragment", id="fragment"),
        pytest.param(FCM, "no_path", id="no path"),
        pytest.param(f"{FCM}/", "no_path", id="empty path"),
        pytest.param(f"{FCM}?x", "no_path", id="query only"),
        pytest.param(f"{FCM}/" + "x" * MAX_ENDPOINT, "too_long", id="too long"),
        pytest.param(f"{FCM}/x\r\nX-Evil: 1", "bad_characters", id="line break"),
        pytest.param(f"{FCM}/x y", "bad_characters", id="space"),
        pytest.param("https://evil.org\\@fcm.googleapis.com/x", "bad_characters", id="backslash"),
        pytest.param("https://fcm.googleapis。com/x", "bad_characters", id="wide full stop"),
        pytest.param("", "bad_characters", id="nothing"),
        pytest.param("fcm.googleapis.com/x", "not_a_url", id="no scheme"),
        pytest.param("https:///x", "not_a_url", id="no host"),
        pytest.param("https://[::1/x", "not_a_url", id="broken IPv6"),
        pytest.param("https://10.0.0.1/x", "ip_literal", id="address"),
        pytest.param("https://[::ffff:10.0.0.1]/x", "ip_literal", id="mapped address"),
        pytest.param("https://2130706433/x", "ip_literal", id="address as one number"),
        pytest.param("https://127.0x1/x", "ip_literal", id="address in hexadecimal"),
        pytest.param("https://127.0.0.1:8123/x", "ip_literal", id="origin with other scheme"),
        pytest.param("http://127.0.0.1:8124/x", "not_https", id="origin with other port"),
        pytest.param("https://localhost/x", "host_not_allowed", id="localhost"),
        pytest.param("https://example.org/x", "host_not_allowed", id="other host"),
        pytest.param("https://fcm.googleapis.com.evil.org/x", "host_not_allowed", id="as prefix"),
        pytest.param("https://a.fcm.googleapis.com/x", "host_not_allowed", id="below a name"),
        pytest.param("https://fcm.googleapis.com./x", "host_not_allowed", id="trailing dot"),
        pytest.param(
            "https://evilpush.services.mozilla.com/x", "host_not_allowed", id="ends alike"
        ),
        pytest.param("https://push.services.mozilla.com/x", "host_not_allowed", id="bare suffix"),
        pytest.param("https://.push.services.mozilla.com/x", "host_not_allowed", id="empty label"),
        pytest.param("https://%2e.push.services.mozilla.com/x", "host_not_allowed", id="escape"),
    ],
)
def test_any_other_endpoint_is_refused_with_a_reason(endpoint: str, reason: str) -> None:
    with pytest.raises(Refused) as caught:
        HOSTS.check(endpoint)

    assert caught.value.reason == reason
    assert not endpoint or endpoint not in str(caught.value)


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "*",
        "*.com",
        "a.*.org",
        "localhost",
        "127.0.0.1:8123",
        "fcm.googleapis.com:443",
        "fcm.googleapis.com/send",
        "http://127.0.0.1:8123/path",
        "http://u@127.0.0.1:8123",
        "http://",
        "ftp://127.0.0.1",
        "http://127.0.0.1:port",
    ],
)
def test_an_entry_that_is_no_push_service_is_named(entry: str) -> None:
    with pytest.raises(ValueError, match="is no push service") as caught:
        PushHosts([entry])

    assert repr(entry) in str(caught.value)


@pytest.mark.parametrize(
    ("entry", "endpoint", "wanted"),
    [
        pytest.param("https://Push.Town/", "https://push.town/x", "https://push.town", id="name"),
        pytest.param("http://push:8123", "http://push:8123/x", "http://push:8123", id="port"),
        pytest.param("https://push:443", "https://push/x", "https://push", id="usual port"),
        pytest.param("http://[::1]:9", "http://[::1]:9/x", "http://[::1]:9", id="IPv6"),
    ],
)
def test_an_origin_is_taken_literally(entry: str, endpoint: str, wanted: str) -> None:
    url = PushHosts([entry]).accept(endpoint)

    assert (str(url), origin(url)) == (endpoint, wanted)


@pytest.mark.parametrize("address", ["198.41.0.4", "2001:500:2::c", "64:ff9b::c629:4"])
def test_an_address_in_the_public_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("127.0.0.1", id="loopback"),
        pytest.param("10.1.2.3", id="private"),
        pytest.param("100.64.0.1", id="carrier NAT"),
        pytest.param("169.254.169.254", id="link-local"),
        pytest.param("0.0.0.0", id="unspecified"),
        pytest.param("224.0.0.1", id="multicast"),
        pytest.param("255.255.255.255", id="broadcast"),
        pytest.param("::1", id="IPv6 loopback"),
        pytest.param("::", id="IPv6 unspecified"),
        pytest.param("fe80::1%lo", id="IPv6 link-local"),
        pytest.param("fd00::1", id="IPv6 private"),
        pytest.param("fec0::1", id="IPv6 site-local"),
        pytest.param("ff0e::1", id="IPv6 multicast"),
        pytest.param("::ffff:10.0.0.1", id="mapped"),
        pytest.param("::127.0.0.1", id="IPv4-compatible"),
        pytest.param("64:ff9b::7f00:1", id="NAT64 of loopback"),
        pytest.param("64:ff9b:1::c629:4", id="local NAT64"),
        pytest.param("2002:7f00:1::", id="6to4"),
        pytest.param("2001::1", id="Teredo"),
        pytest.param("somewhere", id="no address"),
    ],
)
def test_any_other_address_is_not_public(address: str) -> None:
    assert not is_public(address)


async def test_a_name_keeps_its_public_addresses_and_an_origin_keeps_all() -> None:
    async def both(_: str, __: int) -> Sequence[str]:
        return ["10.0.0.1", "198.41.0.4"]

    hosts = PushHosts(["push.example.org", "http://push:8123"], resolve=both)

    assert await hosts.addresses("push.example.org", 443) == ["198.41.0.4"]
    assert await hosts.addresses("push", 8123) == ["10.0.0.1", "198.41.0.4"]
    assert await hosts.addresses("push", 80) == ["198.41.0.4"]


async def test_a_name_looked_up_for_real_is_held_to_the_same_rule() -> None:
    with pytest.raises(NoPublicAddress):
        await PushHosts([]).addresses("localhost", 443)

    assert "127.0.0.1" in await PushHosts(["http://localhost:80"]).addresses("localhost", 80)


@pytest.mark.parametrize("padding", ["", "="])
def test_a_browsers_keys_are_taken_with_and_without_padding(padding: str) -> None:
    browser = Browser()

    check_keys(browser.p256dh + padding, browser.auth + padding * 2)


@pytest.mark.parametrize(
    ("p256dh", "auth", "reason"),
    [
        pytest.param("", None, "bad_p256dh", id="no point"),
        pytest.param("A" * 87, None, "bad_p256dh", id="not an uncompressed point"),
        pytest.param("BA" + "A" * 84 + "E", None, "bad_p256dh", id="off the curve"),
        pytest.param("B+" + "A" * 85, None, "bad_p256dh", id="other alphabet"),
        pytest.param("B" * 88, None, "bad_p256dh", id="one byte more"),
        pytest.param("B" * 85, None, "bad_p256dh", id="impossible length"),
        pytest.param("B" * 10_000, None, "bad_p256dh", id="endless"),
        pytest.param(None, "", "bad_auth", id="no secret"),
        pytest.param(None, "A" * 20, "bad_auth", id="15 bytes"),
        pytest.param(None, "A" * 23, "bad_auth", id="17 bytes"),
        pytest.param(None, "ÄÖ", "bad_auth", id="umlauts"),
    ],
)
def test_keys_that_cannot_be_encrypted_to_are_refused(
    p256dh: str | None, auth: str | None, reason: str
) -> None:
    browser = Browser()

    with pytest.raises(Refused) as caught:
        check_keys(
            browser.p256dh if p256dh is None else p256dh, browser.auth if auth is None else auth
        )

    assert caught.value.reason == reason
